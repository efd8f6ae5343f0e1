//! A login that waits for its code, kept in a file between two calls of a program.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use carto_auth_core::{Endpoints, Error, Login, OneLine, PENDING_LOGIN_LIFE};

use crate::clock::now;
use crate::home::carto_home;
use crate::private_file::{self, Found};
use crate::profile::Profile;
use crate::store::StoreError;

/// Where the one pending login of a profile is kept: `~/.carto-auth/login_pending.json`, mode 0600.
#[derive(Clone, Debug)]
pub struct PendingLogin(PathBuf);

impl PendingLogin {
    /// That of a profile; `None` when this user has no home folder.
    #[must_use]
    pub fn of(profile: &Profile) -> Option<Self> {
        Some(Self(carto_home()?.join(profile.file_name("login_pending"))))
    }

    /// Keeps a login, in place of the last one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, login: &Login) -> Result<(), Error> {
        self.sweep(|claimed| claimed.is_orphan() || claimed.is_older_than(PENDING_LOGIN_LIFE));
        let folder = private_file::folder_of(&self.0);
        let written = private_file::create_folder(folder).and_then(|()| {
            private_file::write(
                &self.0,
                ".login_pending.",
                login.export(now()).expose().as_bytes(),
            )
        });
        written.map_err(|error| StoreError::new(format!("cannot write {}", self.shown()), error).into())
    }

    /// Takes the login up, so that nobody else can, even if a process that had done so was killed over it. `None` when
    /// there is none that can be finished, which is logged if there is more to say.
    #[must_use]
    pub fn claim(&self, endpoints: Endpoints) -> Option<(Login, Claim)> {
        let mut claimed = self.0.clone().into_os_string();
        claimed.push(format!(".{}", std::process::id()));
        let claim = Claim {
            claimed: PathBuf::from(claimed),
            pending: self.0.clone(),
        };
        // Whoever renames it has it.
        let is_ours = |from: &Path| fs::rename(from, &claim.claimed).is_ok();
        let orphans = || self.claimed().into_iter().filter(Claimed::is_orphan);
        if !is_ours(&claim.pending) && !orphans().any(|orphan| is_ours(&orphan.path)) {
            return None;
        }
        let bytes = match private_file::read(&claim.claimed) {
            Found::Nothing => return None,
            Found::Bytes(bytes) => bytes,
            Found::Unusable(why) => {
                log::warn!("{} is not used: {why}", self.shown());
                return None;
            }
        };
        let login = Login::import(&bytes, endpoints, now())
            .inspect_err(|problem| log::warn!("{} {problem}", self.shown()))
            .ok()?;
        Some((login, claim))
    }

    /// Forgets the login, and those that a killed process had claimed.
    pub fn forget(&self) {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                log::warn!("cannot remove {}: {error}", self.shown());
            }
            _ => {}
        }
        self.sweep(|_| true);
    }

    fn sweep(&self, is_meant: impl Fn(&Claimed) -> bool) {
        for claimed in self.claimed().into_iter().filter(is_meant) {
            let _ = fs::remove_file(claimed.path);
        }
    }

    /// The logins of this profile that somebody has taken up.
    fn claimed(&self) -> Vec<Claimed> {
        let name = self.0.file_name().unwrap_or_default().to_string_lossy();
        let of = |path: PathBuf| {
            let id = path
                .file_name()?
                .to_str()?
                .strip_prefix(&*name)?
                .strip_prefix('.')?;
            let process = id.parse().ok()?;
            Some(Claimed { path, process })
        };
        let entries = private_file::entries_of(private_file::folder_of(&self.0));
        entries.into_iter().filter_map(of).collect()
    }

    fn shown(&self) -> String {
        OneLine(&self.0.to_string_lossy()).to_string()
    }
}

/// A file that a process has renamed to have the login in it for itself.
struct Claimed {
    path: PathBuf,
    process: u32,
}

impl Claimed {
    /// True when its process is gone. One of another machine or container, which cannot be seen from here, may lose the
    /// file over this, but has read it already. What bears our own number is not ours: this claims one login only.
    fn is_orphan(&self) -> bool {
        self.process == std::process::id() || is_gone(self.process)
    }

    fn is_older_than(&self, limit: Duration) -> bool {
        let modified = fs::symlink_metadata(&self.path).and_then(|metadata| metadata.modified());
        modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age >= limit))
    }
}

#[cfg(unix)]
fn is_gone(process: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    process.is_none_or(|process| test_kill_process(process) == Err(rustix::io::Errno::SRCH))
}

/// Nobody can be asked: such a login ends with its time.
#[cfg(not(unix))]
fn is_gone(_process: u32) -> bool {
    false
}

/// A pending login that was taken up. It is forgotten when this is dropped: its code can be spent once.
#[derive(Debug)]
pub struct Claim {
    claimed: PathBuf,
    pending: PathBuf,
}

impl Claim {
    /// Leaves the login pending: its code was not spent. A newer one that waits meanwhile stays.
    pub fn restore(self) {
        match fs::hard_link(&self.claimed, &self.pending) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                log::warn!("the login cannot be left pending: {error}");
            }
            _ => {}
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.claimed);
    }
}

//! A login that waits for its code, kept in a file between two calls of a program.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
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
        self.sweep(PENDING_LOGIN_LIFE);
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

    /// Takes the login up, so that nobody else can; `None` when there is none that can be finished, which is logged if
    /// there is more to say.
    #[must_use]
    pub fn claim(&self, endpoints: Endpoints) -> Option<(Login, Claim)> {
        let mut claimed = self.0.clone().into_os_string();
        claimed.push(format!(".{}", std::process::id()));
        let claim = Claim {
            claimed: PathBuf::from(claimed),
            pending: self.0.clone(),
        };
        // Whoever renames it has it.
        fs::rename(&claim.pending, &claim.claimed).ok()?;
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
        self.sweep(Duration::ZERO);
    }

    /// Removes claimed logins that nobody can finish any more.
    fn sweep(&self, older_than: Duration) {
        let name = self
            .0
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let entries = fs::read_dir(private_file::folder_of(&self.0));
        for entry in entries.into_iter().flatten().flatten() {
            let is_claim = entry
                .file_name()
                .to_string_lossy()
                .starts_with(&format!("{name}."));
            let age = entry.metadata().and_then(|metadata| metadata.modified());
            let is_old = age.is_ok_and(|time| time.elapsed().is_ok_and(|age| age >= older_than));
            if is_claim && is_old {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn shown(&self) -> String {
        OneLine(&self.0.to_string_lossy()).to_string()
    }
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

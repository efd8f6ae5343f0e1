//! A login that waits for its code, kept in a file between two calls of a program.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use carto_auth_core::{Endpoints, Error, Login, OneLine, PendingLoginError, Secret};

use crate::clock::now;
use crate::home::carto_home;
use crate::private_file::{self, Found, Modes, Prepared};
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
        let folder = private_file::folder_of(&self.0);
        let written = private_file::create_folder(folder).and_then(|()| {
            let text = login.export(now());
            private_file::prepare(&self.0, &self.prefix(), text.expose().as_bytes())?.put()
        });
        written.map_err(|error| StoreError::new(format!("cannot write {}", self.shown()), error).into())
    }

    /// Takes the login up, so that nobody else can. It is pending no more, whatever becomes of this process: its code is sent
    /// once. `None` when there is none that can be finished, which is logged if there is more to say.
    #[must_use]
    pub fn claim(&self, endpoints: Endpoints) -> Option<(Login, Claim)> {
        if !self.0.exists() {
            return None;
        }
        let folder = private_file::folder_of(&self.0);
        let taken = tempfile::Builder::new()
            .prefix(&self.prefix())
            .suffix(".tmp")
            .tempfile_in(folder)
            .inspect_err(|error| log::warn!("cannot take up {}: {}", self.shown(), error.kind()))
            .ok()?
            .into_temp_path();
        // Whoever renames it has it.
        fs::rename(&self.0, &taken).ok()?;
        let bytes = match private_file::read(&taken, Modes::Tighten) {
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
        let text = Secret::new(String::from_utf8(bytes).ok()?);
        let pending = self.clone();
        Some((login, Claim { text, pending }))
    }

    /// Whether a login waits here. It is left as it is.
    #[must_use]
    pub fn look(&self, endpoints: Endpoints) -> PendingState {
        let bytes = match private_file::read(&self.0, Modes::Leave) {
            Found::Nothing => return PendingState::Nothing,
            Found::Bytes(bytes) => bytes,
            Found::Unusable(why) => return PendingState::Unusable(why),
        };
        match Login::import(&bytes, endpoints, now()) {
            Ok(_) => PendingState::Waits,
            Err(problem) => PendingState::Invalid(problem),
        }
    }

    /// Where it is kept.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Forgets the login.
    pub fn forget(&self) {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                log::warn!("cannot remove {}: {error}", self.shown());
            }
            _ => {}
        }
        self.sweep();
    }

    /// Removes what a process that was killed over a pending login left of it.
    fn sweep(&self) {
        let prefix = self.prefix();
        let is_left = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with(&prefix)
        };
        let entries = private_file::entries_of(private_file::folder_of(&self.0));
        for left in entries.into_iter().filter(is_left) {
            let _ = fs::remove_file(left);
        }
    }

    /// How the name of a temporary file begins.
    fn prefix(&self) -> String {
        let name = self.0.file_name().unwrap_or_default();
        format!(".{}.", name.to_string_lossy())
    }

    fn shown(&self) -> String {
        OneLine(&self.0.to_string_lossy()).to_string()
    }
}

/// What is in the place of a pending login.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PendingState {
    /// Nothing.
    Nothing,
    /// A login that can be finished.
    Waits,
    /// A file that is not read, and why.
    Unusable(String),
    /// A file that holds no login that can be finished here.
    Invalid(PendingLoginError),
}

/// A pending login that was taken up.
#[derive(Debug)]
pub struct Claim {
    text: Secret,
    pending: PendingLogin,
}

impl Claim {
    /// Leaves the login pending after all: its code was not spent. A newer one that waits meanwhile stays.
    pub fn restore(self) {
        let PendingLogin(path) = &self.pending;
        let prepared = private_file::prepare(path, &self.pending.prefix(), self.text.expose().as_bytes());
        if let Err(error) = prepared.and_then(Prepared::put_where_nothing_is) {
            log::warn!("the login cannot be left pending: {error}");
        }
    }
}

//! Tokens in files, beside the Python package. `docs/cache-format.md` describes them.

use std::borrow::Cow;
use std::env;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use carto_auth_core::{Identity, Secret, TokenRecord};
use log::Level;

use crate::clock::now;
use crate::file_lock::{self, Lock};
use crate::home::{HOME_VARIABLE, carto_home, expand_tilde};
use crate::private_file::{self, Modes, Prepared, Room};
use crate::profile::Profile;
use crate::reading::{NotUsed, Reading, newest, or_logged, read_record, shown};
use crate::store::{Forget, Hold, LockedTokens, NoStore, StoreError, TokenStore};
use crate::time_zone::local_offsets;

/// Keeps tokens in two files: one of the identity's own, and one that is shared with the Python package.
///
/// ```
/// use carto_auth_native::FileStore;
///
/// let store = FileStore::at("~/.cache/acme/carto.json");
/// ```
#[derive(Clone, Debug)]
pub struct FileStore {
    shared: PathBuf,
    /// The folder is `~/.carto-auth`, whose mode is ours to set.
    own_folder: bool,
    modes: Modes,
}

impl FileStore {
    /// At the Python package's default place for machines, `~/.carto-auth/token_m2m.json`. `None` when this user
    /// has no home folder.
    #[must_use]
    pub fn machine_default() -> Option<Self> {
        Self::in_home("token_m2m.json")
    }

    /// At the Python package's default place for people, `~/.carto-auth/token_oauth.json`. `None` when this user
    /// has no home folder.
    #[must_use]
    pub fn person_default() -> Option<Self> {
        Self::in_home("token_oauth.json")
    }

    /// Where the logins of another profile are kept, `~/.carto-auth/token_oauth@PROFILE.json`. `None` when this
    /// user has no home folder.
    #[must_use]
    pub fn person_profile(profile: &Profile) -> Option<Self> {
        Self::in_home(&profile.file_name("token_oauth"))
    }

    fn in_home(name: &str) -> Option<Self> {
        let is_named = env::var_os(HOME_VARIABLE).is_some_and(|folder| !folder.is_empty());
        Some(Self {
            shared: carto_home()?.join(name),
            own_folder: !is_named,
            modes: Modes::Tighten,
        })
    }

    /// The store itself, or none at all (with a warning) for a user without a home folder.
    #[must_use]
    pub fn or_nothing(store: Option<Self>) -> Box<dyn TokenStore> {
        match store {
            Some(store) => Box::new(store),
            None => {
                log::warn!("there is no home folder to keep the token in; set {HOME_VARIABLE}");
                Box::new(NoStore)
            }
        }
    }

    /// At a place of the caller's. A leading `~/` is expanded, a missing folder is made.
    #[must_use]
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self {
            shared: expand_tilde(path.as_ref()),
            own_folder: false,
            modes: Modes::Tighten,
        }
    }

    /// Leaves the modes of files as they are when it reads them: for looking only. Writing sets them all the same.
    #[must_use]
    pub fn leaving_modes(mut self) -> Self {
        self.modes = Modes::Leave;
        self
    }

    /// The file that is shared with the Python package.
    #[must_use]
    pub fn shared_file(&self) -> &Path {
        &self.shared
    }

    /// The file of one identity alone.
    #[must_use]
    pub fn own_file(&self, identity: &Identity) -> PathBuf {
        self.beside(identity, "json")
    }

    fn beside(&self, identity: &Identity, extension: &str) -> PathBuf {
        let mut name = self.shared.file_stem().unwrap_or_default().to_owned();
        name.push(format!(".{}.{extension}", identity.key()));
        self.shared.with_file_name(name)
    }

    pub(crate) fn lock_file(&self, identity: &Identity) -> PathBuf {
        self.beside(identity, "lock")
    }

    fn temporary_prefix(&self, identity: &Identity) -> String {
        let stem = self.shared.file_stem().unwrap_or_default().to_string_lossy();
        format!(".{stem}.{}.", identity.key())
    }

    /// What a write under way, or a killed process, has in the folder.
    fn temporary_files(&self, identity: &Identity) -> Vec<PathBuf> {
        let prefix = self.temporary_prefix(identity);
        let is_one = |path: &PathBuf| name_of(path).starts_with(&prefix);
        let mut entries = private_file::entries_of(private_file::folder_of(&self.shared));
        entries.retain(is_one);
        entries
    }

    pub(crate) fn read(&self, path: &Path) -> Reading {
        read_record(path, self.modes)
    }

    /// The newest token of this identity in either file. For a machine the shared one is not looked at when the own one
    /// has `enough` life. What is wrong with a file is logged at `level`, but it is nobody's concern what is wrong with the
    /// shared one, which Python may be writing, when the own one is good.
    fn best(&self, identity: &Identity, enough: Duration, level: Level) -> Option<TokenRecord> {
        let ours = |record: &TokenRecord| identity.owns(record);
        let read_own = || or_logged(self.read(&self.own_file(identity)), level).filter(ours);
        // A person may have logged in anew with Python, as somebody else. The own file is written first, so read last: the
        // other way round a refresh token could be missed.
        let (shared, own) = if identity.is_person() {
            let shared = self.read(&self.shared);
            (shared, read_own())
        } else {
            let own = read_own();
            if own.as_ref().is_some_and(|own| own.expires_at() > now() + enough) {
                return own;
            }
            (self.read(&self.shared), own)
        };
        let has_good = own.as_ref().is_some_and(|own| own.expires_at() > now());
        let level = if has_good { Level::Debug } else { level };
        newest(or_logged(shared, level).filter(ours), own)
    }

    /// True when the shared file may be replaced: it is absent or makes no sense, or the token in it is this
    /// identity's (`former` is one that was, should Python have dropped our keys beside it) or has certainly ended. One that is not to be trusted may be a live file of Python's under a loose umask,
    /// and one that is cut off is being written by it.
    fn may_replace_shared(&self, identity: &Identity, former: Option<&Secret>) -> bool {
        match self.read(&self.shared) {
            Ok(None) => true,
            Ok(Some(record)) => {
                let is_ours = identity.owns(&record) || former == Some(record.access_token());
                is_ours || record.has_certainly_ended(now())
            }
            Err(NotUsed { is_rubbish, .. }) => is_rubbish,
        }
    }
}

/// Without the lock, a token in the own file that lives longer than this needs no look at the shared file.
const PLENTY: Duration = Duration::from_secs(600);

impl TokenStore for FileStore {
    fn load(&self, identity: &Identity) -> Option<TokenRecord> {
        self.best(identity, PLENTY, Level::Warn)
    }

    fn holds_nothing(&self, identity: &Identity) -> bool {
        let is_missing = |path: &Path| fs::symlink_metadata(path).is_err_and(|error| is_absence(&error));
        is_missing(&self.own_file(identity)) && is_missing(&self.shared)
    }

    fn has_leftovers(&self, identity: &Identity) -> bool {
        !self.temporary_files(identity).is_empty()
    }

    fn lock(&self, identity: &Identity, patience: Duration) -> Result<Box<dyn LockedTokens>, StoreError> {
        let folder = private_file::folder_of(&self.shared);
        private_file::create_folder(folder)
            .map_err(|error| StoreError::new(format!("cannot make the folder {}", shown(folder)), error))?;
        if self.own_folder {
            private_file::tighten_folder(folder);
        }
        let path = self.lock_file(identity);
        let lock = file_lock::acquire(&path, patience);
        match &lock {
            // Whoever does not wait has expected that.
            Lock::Busy if !patience.is_zero() => log::warn!(
                "another process holds {} for {} s; going on without it",
                shown(&path),
                patience.as_secs()
            ),
            Lock::Unsupported(error) => {
                log::warn!("cannot lock {}: {error}; going on without it", shown(&path));
            }
            Lock::Held(_) | Lock::Busy => {}
        }
        Ok(Box::new(LockedFiles {
            store: self.clone(),
            identity: identity.clone(),
            lock,
            room: None,
        }))
    }
}

struct LockedFiles {
    store: FileStore,
    identity: Identity,
    lock: Lock,
    room: Option<Room>,
}

impl LockedTokens for LockedFiles {
    fn load(&mut self) -> Option<TokenRecord> {
        self.store.best(&self.identity, Duration::MAX, Level::Debug)
    }

    fn hold(&self) -> Hold {
        match self.lock {
            Lock::Held(_) => Hold::Exclusive,
            Lock::Busy => Hold::Contended,
            Lock::Unsupported(_) => Hold::Unlocked,
        }
    }

    fn make_room(&mut self) -> Result<(), StoreError> {
        self.sweep();
        let path = self.store.own_file(&self.identity);
        let room = private_file::make_room(&path, &self.store.temporary_prefix(&self.identity));
        self.room = Some(room.map_err(|error| cannot_write(&path, error))?);
        Ok(())
    }

    fn save(&mut self, record: &TokenRecord) -> Result<(), StoreError> {
        let room = self.room.take();
        if room.is_none() {
            self.sweep();
        }
        let former = self.own_token();
        self.write(&self.store.own_file(&self.identity), record, room)?;
        // Python would read a file without an API base URL as one to log in again for.
        if record.api_base_url().is_some()
            && self.store.may_replace_shared(&self.identity, former.as_ref())
            && let Err(error) = self.share(record, former.as_ref())
        {
            log::warn!("{error}; the Python package does not see the token");
        }
        Ok(())
    }

    fn forget(&mut self, what: Forget<'_>) -> Result<Vec<PathBuf>, StoreError> {
        // Half a token file is a token all the same.
        self.sweep();
        let own = self.store.own_file(&self.identity);
        let shared = self.store.shared.clone();
        let former = self.own_token();
        let (mut removed, mut failed) = (Vec::new(), None);
        // One that stays is no reason to keep the other.
        for path in [own, shared] {
            match self.forget_in(&path, what, former.as_ref()) {
                Ok(true) => removed.push(path),
                Ok(false) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(removed), Err)
    }
}

impl LockedFiles {
    fn own_token(&self) -> Option<Secret> {
        let own = self.store.read(&self.store.own_file(&self.identity)).ok()??;
        Some(own.access_token().clone())
    }

    /// Removes one file if it holds what is meant, and says whether it did.
    fn forget_in(&self, path: &Path, what: Forget<'_>, former: Option<&Secret>) -> Result<bool, StoreError> {
        let is_own = *path != *self.store.shared;
        // Whose a file is that cannot be read nobody knows, so it stays; whoever logs out must hear that.
        let level = match what {
            Forget::Everything if !is_own => Level::Warn,
            _ => Level::Debug,
        };
        let record = or_logged(self.store.read(path), level);
        let is_meant = match (what, &record) {
            // Its name says whose it is, whatever it holds.
            (Forget::Everything, _) if is_own => true,
            (Forget::Everything, Some(record)) => {
                self.identity.owns(record) || former == Some(record.access_token())
            }
            (Forget::Token(token), Some(record)) => record.access_token() == token.secret(),
            (_, None) => false,
        };
        if let (Forget::Token(_), Some(record), true) = (what, &record, is_meant)
            && record.refresh_token().is_some()
        {
            return self.write(path, &record.ended(), None).map(|()| false);
        }
        match is_meant.then(|| fs::remove_file(path)) {
            Some(Ok(())) => Ok(true),
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => {
                Err(StoreError::new(format!("cannot remove {}", shown(path)), error))
            }
            _ => Ok(false),
        }
    }

    fn write(&self, path: &Path, record: &TokenRecord, room: Option<Room>) -> Result<(), StoreError> {
        let put = self.prepare(path, record, room).and_then(Prepared::put);
        put.map_err(|error| cannot_write(path, error))
    }

    /// Puts a record where Python finds it, unless Python has put another one there meanwhile: it knows no lock.
    fn share(&self, record: &TokenRecord, former: Option<&Secret>) -> Result<(), StoreError> {
        let path = &self.store.shared;
        let prepared = self.prepare(path, &record.without_refresh_token(), None);
        let put = prepared.and_then(
            |prepared| match self.store.may_replace_shared(&self.identity, former) {
                true => prepared.put(),
                false => Ok(()),
            },
        );
        put.map_err(|error| cannot_write(path, error))
    }

    fn prepare<'a>(
        &self,
        path: &'a Path,
        record: &TokenRecord,
        room: Option<Room>,
    ) -> io::Result<Prepared<'a>> {
        let text = record.encode(&local_offsets());
        let bytes = text.expose().as_bytes();
        match room {
            Some(room) => room.prepare(path, bytes),
            None => private_file::prepare(path, &self.store.temporary_prefix(&self.identity), bytes),
        }
    }

    /// Removes temporary files that a killed process left behind. Only the holder of the lock may: then nobody
    /// else is writing.
    fn sweep(&self) {
        if self.hold() == Hold::Exclusive {
            for path in self.store.temporary_files(&self.identity) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn name_of(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn cannot_write(path: &Path, error: io::Error) -> StoreError {
    StoreError::new(format!("cannot write {}", shown(path)), error)
}

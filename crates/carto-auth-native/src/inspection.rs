//! What lies in the place of a token, for people who look for what is wrong. Nothing is changed.

use std::fs;
use std::path::{Path, PathBuf};

use carto_auth_core::Identity;

use crate::file_lock::{self, LockProblem};
use crate::file_store::FileStore;
use crate::private_file::folder_of;

/// The place of an identity's token, as it is found.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// The folder.
    pub folder: PathBuf,
    /// Its mode, as far as it is there and has one.
    pub folder_mode: Option<u32>,
    /// Whether files can be put there; the folder itself, where it is missing.
    pub is_writable: bool,
    /// Whether the disk has less room than 32 KiB, which the files of one identity may need.
    pub is_full: bool,
    /// The lock file, where it is there and is no regular file or cannot be opened. Whether another process holds it, or its
    /// file system has locks at all, is not tried.
    pub unusable_lock: Option<(PathBuf, LockProblem)>,
    /// The files that are there: the identity's own, and the one that is shared with the Python package.
    pub files: Vec<InspectedFile>,
}

/// A token file, as it is found.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct InspectedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its mode, or that of what a link leads to, where the system has modes.
    pub mode: Option<u32>,
    /// What is in it.
    pub holds: FileContents,
}

/// What is in a token file.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FileContents {
    /// A token of the identity.
    Ours,
    /// A token of another one.
    AnotherLogin,
    /// Nothing that is used, and why, beginning with the path.
    NotUsed(String),
}

impl FileStore {
    /// Looks at the place of an identity's token by the rules that the store itself reads by, and changes nothing there.
    #[must_use]
    pub fn inspect(&self, identity: &Identity) -> Inspection {
        let store = self.clone().leaving_modes();
        let inspected = |path: PathBuf| {
            let holds = match store.read(&path) {
                Ok(None) => return None,
                Ok(Some(record)) if identity.owns(&record) => FileContents::Ours,
                Ok(Some(_)) => FileContents::AnotherLogin,
                Err(not_used) => FileContents::NotUsed(not_used.why),
            };
            let mode = mode_of(&path);
            Some(InspectedFile { path, mode, holds })
        };
        let folder = folder_of(self.shared_file());
        let lock = self.lock_file(identity);
        let problem = file_lock::problem_of(&lock);
        Inspection {
            folder: folder.to_owned(),
            folder_mode: mode_of(folder),
            is_writable: nearest(folder).is_some_and(may_write),
            is_full: nearest(folder).is_some_and(|folder| room(folder).is_some_and(|bytes| bytes < ROOM)),
            unusable_lock: problem.map(|problem| (lock, problem)),
            files: [self.own_file(identity), self.shared_file().to_owned()]
                .into_iter()
                .filter_map(inspected)
                .collect(),
        }
    }
}

/// Two token files and the one that is being written, in bytes.
const ROOM: u64 = 32 << 10;

/// The folder, or the nearest one above it that is there.
fn nearest(folder: &Path) -> Option<&Path> {
    let mut above = folder.ancestors();
    // A dead link is in the way, too.
    let is_there = |path: &Path| path.exists() || path.is_symlink();
    let nearest = above.find(|path| path.as_os_str().is_empty() || is_there(path));
    let nearest = nearest.filter(|path| !path.as_os_str().is_empty());
    Some(nearest.unwrap_or(Path::new("."))).filter(|path| path.is_dir())
}

/// How many bytes this user may add, where the system tells.
#[cfg(unix)]
fn room(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    // Some network file systems tell of no blocks at all.
    (disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn room(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(unix)]
fn may_write(folder: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn may_write(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| !metadata.permissions().readonly())
}

#[cfg(unix)]
fn mode_of(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    Some(fs::metadata(path).ok()?.mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode_of(_path: &Path) -> Option<u32> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use carto_auth_core::Endpoints;

    use super::*;

    #[test]
    fn what_is_found_is_told_and_left_as_it_is() {
        let parent = tempfile::tempdir().unwrap();
        let identity = Identity::person(&Endpoints::carto());
        let store = FileStore::at(parent.path().join("a/b/token.json"));
        let nothing = store.inspect(&identity);
        assert_eq!((nothing.folder_mode, nothing.is_writable), (None, true));
        assert!(nothing.files.is_empty() && !parent.path().join("a").exists());

        let dead = parent.path().join("dead");
        std::os::unix::fs::symlink("gone", &dead).unwrap();
        assert!(
            !FileStore::at(dead.join("b/token.json"))
                .inspect(&identity)
                .is_writable
        );
        fs::create_dir_all(parent.path().join("a/b")).unwrap();
        fs::set_permissions(parent.path().join("a/b"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(store.shared_file(), "[]").unwrap();
        fs::set_permissions(store.shared_file(), fs::Permissions::from_mode(0o644)).unwrap();
        let found = store.inspect(&identity);
        assert_eq!(found.folder_mode, Some(0o755));
        let [file] = &found.files[..] else {
            panic!("{found:?}")
        };
        assert_eq!(file.mode, Some(0o644));
        let why = format!("{} is not used: it holds", store.shared_file().display());
        assert!(
            matches!(&file.holds, FileContents::NotUsed(text) if text.starts_with(&why)),
            "{file:?}"
        );
        assert_eq!(store.inspect(&identity), found);

        assert_eq!(found.unusable_lock, None);
        let lock = store.lock_file(&identity);
        fs::create_dir(&lock).unwrap();
        let expected = Some((lock, LockProblem::NotRegular));
        assert_eq!(store.inspect(&identity).unusable_lock, expected);
    }
}

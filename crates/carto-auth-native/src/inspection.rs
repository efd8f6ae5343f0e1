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
    /// Why nothing can be kept there, if nothing can. A folder that is missing is made where it can be.
    pub folder_problem: Option<FolderProblem>,
    /// The lock file, where it is there and is no regular file or cannot be opened. Whether another process holds it, or its
    /// file system has locks at all, is not tried.
    pub unusable_lock: Option<(PathBuf, LockProblem)>,
    /// The files that are there: the identity's own, and the one that is shared with the Python package.
    pub files: Vec<InspectedFile>,
}

/// Why no token can be kept in a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FolderProblem {
    /// Something else than a folder, in its place or in that of one above it.
    NotAFolder(PathBuf),
    /// A link that leads nowhere, in its place or in that of one above it.
    DeadLink(PathBuf),
    /// The disk has less room than 32 KiB, which the files of one identity may need.
    Full,
    /// This user may not write there.
    NotWritable,
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
            folder_problem: problem_of(folder),
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

/// By the folder, or the nearest thing above it that is there.
fn problem_of(folder: &Path) -> Option<FolderProblem> {
    let is_there = |path: &&Path| path.exists() || path.is_symlink();
    let nearest = folder.ancestors().find(is_there).unwrap_or(Path::new("."));
    if !nearest.exists() {
        return Some(FolderProblem::DeadLink(nearest.to_owned()));
    }
    if !nearest.is_dir() {
        return Some(FolderProblem::NotAFolder(nearest.to_owned()));
    }
    // A file system that is read-only tells of no room, too.
    if !may_write(nearest) {
        return Some(FolderProblem::NotWritable);
    }
    room(nearest)
        .is_some_and(|bytes| bytes < ROOM)
        .then_some(FolderProblem::Full)
}

/// How many bytes this user may add, where the system tells.
#[cfg(unix)]
fn room(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    // Some of the blocks are kept for root.
    let free = match rustix::process::geteuid().is_root() {
        true => disk.f_bfree,
        false => disk.f_bavail,
    };
    // Some network file systems tell of no blocks at all.
    (disk.f_blocks > 0).then(|| free.saturating_mul(disk.f_frsize))
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
        assert_eq!((nothing.folder_mode, nothing.folder_problem), (None, None));
        assert!(nothing.files.is_empty() && !parent.path().join("a").exists());

        let (dead, file) = (parent.path().join("dead"), parent.path().join("file"));
        std::os::unix::fs::symlink("gone", &dead).unwrap();
        fs::write(&file, "").unwrap();
        let problem = |path: PathBuf| FileStore::at(path).inspect(&identity).folder_problem;
        for path in [dead.join("token.json"), dead.join("b/token.json")] {
            assert_eq!(problem(path), Some(FolderProblem::DeadLink(dead.clone())));
        }
        for path in [file.join("token.json"), file.join("b/token.json")] {
            assert_eq!(problem(path), Some(FolderProblem::NotAFolder(file.clone())));
        }
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

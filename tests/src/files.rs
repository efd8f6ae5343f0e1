//! Files as others leave them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

/// Writes a file that nobody seems to have touched for a minute: whoever wrote it is not about to go on.
///
/// # Errors
/// When it cannot be written.
pub fn write_long_ago(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    fs::write(&path, bytes)?;
    let file = File::options().write(true).open(path)?;
    file.set_modified(SystemTime::now() - Duration::from_secs(60))
}

/// The token files of a folder, in the order of their names; none where there is no folder.
#[must_use]
pub fn token_files(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

/// Changes what a token file says.
///
/// # Errors
/// When it holds no JSON, or cannot be read or written.
pub fn change_record(path: impl AsRef<Path>, change: impl FnOnce(&mut Value)) -> io::Result<()> {
    let mut record = serde_json::from_slice(&fs::read(&path)?)?;
    change(&mut record);
    fs::write(path, record.to_string())
}

/// Lets the token in a token file have ended long ago.
///
/// # Errors
/// As [`change_record`].
pub fn end_token(path: impl AsRef<Path>) -> io::Result<()> {
    change_record(path, |record| record["expires_at"] = 1_000_000_000.into())
}

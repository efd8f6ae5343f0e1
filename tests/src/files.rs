//! Files as others leave them.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Writes a file that nobody seems to have touched for a minute: whoever wrote it is not about to go on.
///
/// # Errors
/// When it cannot be written.
pub fn write_long_ago(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    fs::write(&path, bytes)?;
    let file = File::options().write(true).open(path)?;
    file.set_modified(SystemTime::now() - Duration::from_secs(60))
}

//! A clock of the test's own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// A clock that the programs started with it go by, through libfaketime. Their monotonic clock is the machine's.
#[derive(Debug)]
pub struct Clock {
    file: PathBuf,
    library: String,
}

impl Clock {
    /// A clock that is right, kept in a file of this folder.
    ///
    /// # Errors
    /// When libfaketime is not installed.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let library = library()?;
        let clock = Self {
            file: folder.join("clock"),
            library,
        };
        clock.set_ahead(0)?;
        Ok(clock)
    }

    /// Lets a program go by this clock.
    pub fn govern<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1")
    }

    /// Sets it so many seconds ahead of the machine's; negative is behind.
    ///
    /// # Errors
    /// When its file cannot be written.
    pub fn set_ahead(&self, seconds: i64) -> io::Result<()> {
        fs::write(&self.file, format!("{seconds:+}\n"))
    }

    /// Sets it to a Unix time, and gives by how much that is ahead of the machine's.
    ///
    /// # Errors
    /// When its file cannot be written.
    pub fn set(&self, unix_seconds: i64) -> io::Result<i64> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = since.map_or(0, |since| since.as_secs().cast_signed());
        self.set_ahead(unix_seconds - now)?;
        Ok(unix_seconds - now)
    }
}

/// What a program has to load first.
fn library() -> io::Result<String> {
    static LIBRARY: OnceLock<String> = OnceLock::new();
    if let Some(library) = LIBRARY.get() {
        return Ok(library.clone());
    }
    // It fails now and then where several run at once: what they share is named by numbers of processes.
    for _ in 0..10 {
        let mut command = Command::new("faketime");
        let output = command
            .args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"])
            .output()?;
        let library = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !library.is_empty() {
            return Ok(LIBRARY.get_or_init(|| library).clone());
        }
    }
    Err(io::Error::other("faketime sets no LD_PRELOAD"))
}

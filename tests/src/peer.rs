//! Programs beside us that answer one line with another, and go by a clock of the test's own.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::SystemTime;

use crate::python::python_with_carto_auth;

/// What an answer starts with: a program may print other things, too.
pub const ANSWER: &str = "answer: ";

/// The real Python package as a peer, with the sandbox at this address for CARTO; `peer.py` has its commands.
///
/// # Errors
/// As [`python_with_carto_auth`].
pub fn python_peer(sandbox: &str) -> io::Result<Command> {
    let mut command = Command::new(python_with_carto_auth()?);
    command
        .args(["-W", "ignore", "-c", include_str!("peer.py")])
        .env("SANDBOX", sandbox);
    Ok(command)
}

/// A running program. It is killed when dropped.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a program.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let stdout = BufReader::new(stdout);
        Ok(Self { child, stdin, stdout })
    }

    /// Sends words, separated by tabs, and waits for the answer.
    ///
    /// # Errors
    /// When the program has ended.
    pub fn ask(&mut self, words: &[&str]) -> io::Result<String> {
        writeln!(self.stdin, "{}", words.join("\t"))?;
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line)? == 0 {
                return Err(io::Error::other(format!("the peer ended at {words:?}")));
            }
            if let Some((_, answer)) = line.trim_end().split_once(ANSWER) {
                return Ok(answer.to_owned());
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
        let output = Command::new("faketime")
            .args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"])
            .output()?;
        let library = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if library.is_empty() {
            return Err(io::Error::other("faketime sets no LD_PRELOAD"));
        }
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

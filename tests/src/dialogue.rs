//! A program that is talked with.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// A program whose lines are read, and that is answered, while it runs. It ends when it is dropped.
#[derive(Debug)]
pub struct Dialogue {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

/// What the answer to [`Dialogue::ask`] begins with: a program may print other things, too.
pub const ANSWER: &str = "answer: ";

/// How long a program may take for a line.
const PATIENCE: Duration = Duration::from_secs(30);

impl Dialogue {
    /// Starts a program; what it prints and what it complains of are read as one.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()?;
        // The command would hold the pipe open.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            input: child.stdin.take(),
            child,
            lines,
        })
    }

    /// Waits for the next line.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn line(&self) -> String {
        let line = self.lines.recv_timeout(PATIENCE);
        assert!(line.is_ok(), "there is no other line");
        line.unwrap_or_default()
    }

    /// The rest of the next line, which must begin so.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn rest_of(&self, beginning: &str) -> String {
        let line = self.line();
        let rest = line.strip_prefix(beginning);
        assert!(rest.is_some(), "expected {beginning:?}, found {line:?}");
        rest.unwrap_or_default().to_owned()
    }

    /// Answers with a line.
    ///
    /// # Errors
    /// When nobody reads it any more.
    pub fn answer(&mut self, line: &str) -> io::Result<()> {
        match &mut self.input {
            Some(input) => writeln!(input, "{line}"),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Says words, separated by tabs, and waits for the answer.
    ///
    /// # Errors
    /// When nobody reads them any more.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn ask(&mut self, words: &[&str]) -> io::Result<String> {
        self.answer(&words.join("\t"))?;
        loop {
            if let Some((_, answer)) = self.line().split_once(ANSWER) {
                return Ok(answer.to_owned());
            }
        }
    }

    /// Says no more; reading on, the program finds the end.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// All that the program prints until it ends.
    #[must_use]
    pub fn finish(mut self) -> Vec<String> {
        self.end_input();
        self.lines.iter().collect()
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        // One that has ended needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

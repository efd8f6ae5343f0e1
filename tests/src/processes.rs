//! Programs, run to their end.

use std::env;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

/// What a program left behind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Its exit code, or `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

/// Runs a program with this standard input.
///
/// # Errors
/// When it cannot be started.
pub fn run(command: &mut Command, stdin: &str) -> io::Result<Outcome> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that does not read its input is free to do so.
        let _ = pipe.write_all(stdin.as_bytes());
    }
    let output = child.wait_with_output()?;
    Ok(Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Runs one test of the suite that asks in a process of its own, with these variables and without those that name
/// a proxy; true when it ran and passed.
///
/// # Errors
/// When the suite cannot be started.
pub fn passes_alone(test: &str, variables: &[(&str, &str)]) -> io::Result<bool> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["--exact", test]);
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    let outcome = run(command.envs(variables.iter().copied()), "")?;
    Ok(outcome.code == Some(0) && outcome.stdout.contains("1 passed"))
}

//! Programs, run to their end.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};
#[cfg(unix)]
use std::{sync::mpsc, thread, time::Duration};

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

/// A program with nothing of this machine's environment, but where the counts of `cargo llvm-cov` go, and what Windows'
/// sockets cannot do without.
pub fn bare(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    let kept = ["LLVM_PROFILE_FILE", "SystemRoot"];
    command.envs(kept.iter().filter_map(|name| Some((name, env::var_os(name)?))));
    command
}

/// A command with another one in front of it, which runs it, and is found by `PATH`.
#[must_use]
pub fn behind(front: &[&str], command: &Command) -> Command {
    let (program, arguments) = front.split_first().unwrap_or((&"env", &[]));
    let mut whole = bare(program);
    whole
        .args(arguments)
        .arg(command.get_program())
        .args(command.get_args())
        .envs(env::var_os("PATH").map(|path| ("PATH", path)));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => whole.env(name, value),
            None => whole.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        whole.current_dir(folder);
    }
    whole
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
    child.wait_with_output().map(Outcome::from)
}

/// Runs a program without input, in a process group of its own that is killed when it takes longer than `limit`: then
/// there is no outcome.
///
/// # Errors
/// When it cannot be started.
#[cfg(unix)]
pub fn run_within(command: &mut Command, limit: Duration) -> io::Result<Option<Outcome>> {
    use std::os::unix::process::CommandExt as _;
    let child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let id = child.id();
    let (sender, ended) = mpsc::channel();
    let waiting = thread::spawn(move || sender.send(child.wait_with_output()));
    let output = ended.recv_timeout(limit);
    if output.is_err()
        && let Some(group) = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw)
    {
        // Nobody has waited for it yet, so the number is still its own.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = waiting.join();
    output.ok().transpose().map(|output| output.map(Outcome::from))
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
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

//! `strace`, which records the calls of a process and makes one of them fail.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use carto_auth_tests::{Outcome, behind, run_within};

/// A command takes milliseconds; what takes so long hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// A system call on the token folder.
pub(crate) struct Call {
    pub(crate) name: String,
    /// Which of its name in its thread, from 1.
    nth: usize,
    pub(crate) line: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} number {}: {}", self.name, self.nth, self.line)
    }
}

/// What is done to a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Blow {
    /// It fails.
    Error(&'static str),
    /// The process is killed as it makes the call.
    Kill,
}

/// Why no call can be made to fail on this machine, if that is so.
pub(crate) fn obstacle() -> Option<&'static str> {
    static OBSTACLE: OnceLock<Option<String>> = OnceLock::new();
    let look = || {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("strace");
        command
            .arg("-f")
            .arg("-o")
            .arg(folder.path().join("log"))
            .arg("true");
        match run_within(&mut command, LIMIT) {
            Err(error) => Some(format!("strace does not start: {error}")),
            Ok(Some(outcome)) if outcome.code == Some(0) => None,
            Ok(outcome) => Some(format!("strace may not trace: {outcome:?}")),
        }
    };
    OBSTACLE.get_or_init(look).as_deref()
}

/// Runs a command and lists its calls on a folder.
pub(crate) fn record(command: &Command, folder: &Path) -> (Outcome, Vec<Call>) {
    let (outcome, log) = traced(command, &[]);
    (outcome, calls(&log, folder))
}

/// Runs a command with one of its calls failing. What strace noted says that it was that call.
pub(crate) fn strike(command: &Command, folder: &Path, call: &Call, blow: Blow) -> Outcome {
    let Call { name, nth, .. } = call;
    let what = match blow {
        Blow::Error(errno) => format!("error={errno}"),
        Blow::Kill => "signal=KILL".to_owned(),
    };
    let (trace, inject) = (
        format!("trace={name}"),
        format!("inject={name}:{what}:when={nth}"),
    );
    let (outcome, log) = traced(command, &["-e", &trace, "-e", &inject]);
    let struck = calls(&log, folder);
    let is_there = match blow {
        Blow::Error(_) => struck
            .iter()
            .any(|call| call.nth == *nth && call.line.contains("(INJECTED)")),
        Blow::Kill => struck.last().is_some_and(|call| call.nth == *nth),
    };
    assert!(is_there, "another call was struck than {call} ({blow:?}):\n{log}");
    outcome
}

/// A command whose calls are noted in this log, and fail as these options say.
pub(crate) fn under_strace(command: &Command, log: &Path, options: &[&str]) -> Command {
    // -y shows the path of each descriptor; -s 0 keeps contents, which may name the folder, out. Without --seccomp-bpf, with
    // which a signal comes after the call instead of before it.
    let front = ["strace", "-f", "-y", "-qq", "-s", "0", "-e", "signal=none", "-o"];
    let front = [&front[..], &[log.to_str().unwrap()], options].concat();
    behind(&front, command)
}

pub(crate) fn traced(command: &Command, options: &[&str]) -> (Outcome, String) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut strace = under_strace(command, &log, options);
    let outcome = run_within(&mut strace, LIMIT).unwrap();
    let outcome = outcome.unwrap_or_else(|| panic!("it hangs: {options:?} {:?}", command.get_args()));
    (outcome, fs::read_to_string(log).unwrap())
}

/// The calls of a log that name something in the folder: `PID name(arguments) = result`.
fn calls(log: &str, folder: &Path) -> Vec<Call> {
    let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let Some((process, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        let Some((name, _)) = call.split_once('(') else {
            continue;
        };
        // `<... read resumed>` belongs to a line above.
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            continue;
        }
        let nth = counts.entry((process, name)).or_default();
        *nth += 1;
        // The standard library asks in debug builds whether what it closes is open.
        let is_debug = call.contains("F_GETFD");
        if call.contains(folder.to_str().unwrap()) && !is_debug {
            calls.push(Call {
                name: name.to_owned(),
                nth: *nth,
                line: call.to_owned(),
            });
        }
    }
    calls
}

#[test]
fn calls_are_counted_by_thread_and_name() {
    let log = "7 read(3</h/f>, \"\"..., 9) = 9\n8 read(4</h/c/f>,  <unfinished ...>\n7 close(3</h/f>) = 0\n\
               8 <... read resumed>\"\", 9) = 0\n7 fcntl(3</h/c>, F_GETFD) = 1\n7 read(3</h/c/g>, \"\"..., 9) = 9\n";
    let found = calls(log, Path::new("/h/c"));
    let found: Vec<_> = found.iter().map(|call| (call.name.as_str(), call.nth)).collect();
    assert_eq!(found, [("read", 1), ("read", 2)]);
}

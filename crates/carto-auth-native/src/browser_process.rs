//! The person's browser as a process of its own, on systems where programs are found by name.
//!
//! Not the crate `webbrowser`, which opens it elsewhere: that one hands our whole environment on, secrets included, and
//! logs the command with the address, of which the state is a part.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::credentials::CLIENT_SECRET;

/// Variables that hold a secret of ours: the one that is read, and those that `carto-auth env` sets.
const SECRETS: [&str; 4] = [
    CLIENT_SECRET,
    "CARTO_ACCESS_TOKEN",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
];

/// What opens a browser where `BROWSER` names none, the desktop's choice first; the last one is for WSL.
const OPENERS: [&[&str]; 4] = [
    &["xdg-open"],
    &["gio", "open"],
    &["x-www-browser"],
    &["rundll32.exe", "url.dll,FileProtocolHandler"],
];

/// An opener that fails later than this had a browser open.
const SOON: Duration = Duration::from_secs(3);

/// A browser that is being opened.
pub(crate) struct Opening {
    started: Option<Child>,
    others: std::vec::IntoIter<Vec<String>>,
}

impl Opening {
    /// Starts the first of the browsers that `BROWSER` lists, or else the desktop's. It has begun its own program when this
    /// returns: until then it holds a copy of the callback's port, and a login that ends would not free it.
    pub(crate) fn start(url: &str) -> Self {
        let mut others = commands(url).into_iter();
        Self {
            started: next(&mut others),
            others,
        }
    }

    /// Waits until it has ended, and tries the next one where it finds no browser.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        while let Some(child) = self.started.take() {
            if has_opened(child) {
                return Ok(());
            }
            self.started = next(&mut self.others);
        }
        Err(io::ErrorKind::NotFound.to_string())
    }
}

fn next(commands: &mut impl Iterator<Item = Vec<String>>) -> Option<Child> {
    commands.find_map(|words| start(&words)?.ok())
}

/// The program that would be started first, as far as one is there.
pub(crate) fn first() -> Option<PathBuf> {
    let path = env::var_os("PATH");
    commands("")
        .iter()
        .find_map(|words| found(words.first()?, path.as_deref()))
}

/// The commands that open an address, in the order in which they are tried.
fn commands(url: &str) -> Vec<Vec<String>> {
    let listed = env::var("BROWSER").unwrap_or_default();
    let mut commands: Vec<_> = listed.split(':').map(|words| command_of(words, url)).collect();
    commands.extend(OPENERS.map(|opener| opener.iter().chain(&[url]).map(ToString::to_string).collect()));
    commands
}

/// False for one that finds no browser: it says so by its exit code, and soon. How one ends that has run for a while says
/// nothing: a person may have closed it, long after the login.
fn has_opened(mut child: Child) -> bool {
    let start = Instant::now();
    let ended = child.wait();
    ended.is_ok_and(|status| status.success()) || start.elapsed() > SOON
}

fn start(words: &[String]) -> Option<io::Result<Child>> {
    let (program, arguments) = words.split_first()?;
    let mut command = Command::new(found(program, env::var_os("PATH").as_deref())?);
    for name in SECRETS {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C is for us and not for the browser, and none of them may take the terminal over.
        .process_group(0);
    Some(command.spawn())
}

/// The program's path, where it can be run.
fn found(program: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        let metadata = path.metadata();
        metadata.is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return Some(Path::new(program).to_owned()).filter(is_program);
    }
    env::split_paths(path?)
        .map(|folder| folder.join(program))
        .find(is_program)
}

/// The words of a command in `BROWSER`: `%s` is the address, which comes last where there is none, `%c` a colon, `%%` a
/// percent sign.
fn command_of(command: &str, url: &str) -> Vec<String> {
    let mut is_there = false;
    let mut words: Vec<String> = command
        .split_ascii_whitespace()
        .map(|word| {
            // One pass: what stands in the address is not read again.
            let mut parts = word.split('%');
            let mut text = parts.next().unwrap_or_default().to_owned();
            while let Some(part) = parts.next() {
                match part.chars().next() {
                    Some('s') => {
                        is_there = true;
                        text += url;
                        text += &part[1..];
                    }
                    Some('c') => {
                        text.push(':');
                        text += &part[1..];
                    }
                    Some(_) => {
                        text.push('%');
                        text += part;
                    }
                    None => {
                        text.push('%');
                        text += parts.next().unwrap_or_default();
                    }
                }
            }
            text
        })
        .collect();
    if !words.is_empty() && !is_there {
        words.push(url.to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_comes_where_browser_wants_it_and_once() {
        for (browser, expected) in [
            ("firefox", &["firefox", "u%s"][..]),
            (
                "firefox --new-window %s -x",
                &["firefox", "--new-window", "u%s", "-x"],
            ),
            ("a --url=%s%%", &["a", "--url=u%s%"]),
            ("a x%cy %q %%s", &["a", "x:y", "%q", "%s", "u%s"]),
            ("a 100%", &["a", "100%", "u%s"]),
            (" ", &[]),
        ] {
            assert_eq!(command_of(browser, "u%s"), expected, "{browser:?}");
        }
    }

    #[test]
    fn a_program_is_found_by_its_path_or_in_path_alone() {
        let shell = PathBuf::from("/bin/sh");
        assert_eq!(found("/bin/sh", None), Some(shell.clone()));
        assert_eq!(found("sh", Some(OsStr::new("/nonexistent:/bin"))), Some(shell));
        assert_eq!(found("sh", Some(OsStr::new(""))), None);
        assert_eq!(found("sh", None), None);
        assert_eq!(found("/etc/passwd", None), None, "no program");
        assert_eq!(found("/", None), None);
    }
}

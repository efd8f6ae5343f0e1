//! What a token from the cache asks of the system.

use crate::scene::Scene;
use crate::strace::{obstacle, traced};
use crate::tally;

/// Calls that take a socket, another thread or process, a lock, or change a file.
const FORBIDDEN: [&str; 26] = [
    "socket",
    "connect",
    "bind",
    "sendto",
    "sendmsg",
    "clone",
    "clone3",
    "fork",
    "vfork",
    "flock",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "link",
    "linkat",
    "fsync",
    "fdatasync",
    "ftruncate",
    "chmod",
    "fchmod",
    "fchmodat",
    "utimensat",
];

#[test]
fn a_token_from_the_cache_is_one_file_read_and_one_line_written() {
    if let Some(why) = obstacle() {
        return tally::skip("the calls of a token from the cache", why);
    }
    let stage = Scene::Good.set();
    let (outcome, log) = traced(&stage.command(), &[]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(Some(outcome.stdout.trim_end()), stage.token.as_deref());
    let calls: Vec<(&str, &str)> = log
        .lines()
        .filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('))
        .collect();
    assert!(calls.len() > 20, "{log}");
    for (name, arguments) in &calls {
        let takes_lock = *name == "fcntl" && arguments.contains("F_SETLK");
        assert!(!takes_lock && !FORBIDDEN.contains(name), "{name}({arguments}");
    }
    let folder = stage.folder();
    let opened: Vec<&str> = calls
        .iter()
        .filter(|(name, arguments)| *name == "openat" && arguments.contains(folder.to_str().unwrap()))
        .map(|(_, arguments)| *arguments)
        .collect();
    assert!(opened.len() == 1 && opened[0].contains("O_RDONLY"), "{opened:?}");
    let written = calls.iter().filter(|(name, _)| name.contains("write"));
    let written: Vec<&str> = written.map(|(_, arguments)| *arguments).collect();
    assert!(written.len() == 1 && written[0].starts_with('1'), "{written:?}");
    let zones = calls
        .iter()
        .filter(|(_, arguments)| arguments.contains("zoneinfo") || arguments.contains("localtime"));
    assert_eq!(zones.count(), 0, "{log}");
}

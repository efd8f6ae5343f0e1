//! What a token from the cache asks of the system.

use std::path::Path;
use std::process::Command;

use crate::scene::{Scene, log_in};
use crate::strace::{obstacle, traced};
use crate::tally;
use crate::world::World;

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
fn a_machines_token_from_the_cache_is_one_file_read_and_one_line_written() {
    let stage = Scene::Good.set();
    reads_and_writes_a_line(
        &stage.command(),
        &stage.folder(),
        1,
        stage.token.as_deref().unwrap(),
    );
}

#[test]
fn a_persons_token_from_the_cache_is_two_files_read_and_one_line_written() {
    let world = World::new();
    let token = log_in(&world);
    reads_and_writes_a_line(&world.command(&["token"]), &world.path(".carto-auth"), 2, &token);
}

fn reads_and_writes_a_line(command: &Command, folder: &Path, files: usize, token: &str) {
    if let Some(why) = obstacle() {
        return tally::skip("the calls of a token from the cache", why);
    }
    let (outcome, log) = traced(command, &[]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(outcome.stdout.trim_end(), token);
    let calls: Vec<(&str, &str)> = log
        .lines()
        .filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('))
        .collect();
    assert!(calls.len() > 20, "{log}");
    for (name, arguments) in &calls {
        let takes_lock = *name == "fcntl" && arguments.contains("F_SETLK");
        assert!(!takes_lock && !FORBIDDEN.contains(name), "{name}({arguments}");
    }
    let opened: Vec<&str> = calls
        .iter()
        .filter(|(name, arguments)| *name == "openat" && arguments.contains(folder.to_str().unwrap()))
        .map(|(_, arguments)| *arguments)
        .collect();
    assert_eq!(opened.len(), files, "{opened:?}");
    assert!(opened.iter().all(|how| how.contains("O_RDONLY")), "{opened:?}");
    let written = calls.iter().filter(|(name, _)| name.contains("write"));
    let written: Vec<&str> = written.map(|(_, arguments)| *arguments).collect();
    assert!(written.len() == 1 && written[0].starts_with('1'), "{written:?}");
    let zones = calls
        .iter()
        .filter(|(_, arguments)| arguments.contains("zoneinfo") || arguments.contains("localtime"));
    assert_eq!(zones.count(), 0, "{log}");
}

//! Many processes at once.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use carto_auth_sandbox::{Endpoint, Fault};
use carto_auth_tests::keep_figures;

use crate::world::World;

impl World {
    fn start_token(&self) -> Child {
        let mut command = self.command(&["token", "--credentials", "ci.json"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Waits until CARTO has been asked so often.
    pub(crate) fn wait_until_asked(&self, count: usize) {
        while self.asked() < count {
            std::thread::yield_now();
        }
    }
}

/// What every process printed: one token, and nothing else.
fn one_token(children: Vec<Child>) -> Vec<u8> {
    let outputs: Vec<_> = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    for output in &outputs {
        assert_eq!(
            (output.status.code(), output.stderr.len()),
            (Some(0), 0),
            "{output:?}"
        );
        assert_eq!(output.stdout, outputs[0].stdout);
    }
    outputs.into_iter().next().unwrap().stdout
}

#[test]
fn two_hundred_processes_with_an_empty_cache_ask_once() {
    let world = World::new();
    world
        .carto
        .fail_always(Endpoint::Token, Fault::delay(Duration::from_millis(50)));
    let start = Instant::now();
    one_token((0..200).map(|_| world.start_token()).collect());
    let took = format!("{:?}", start.elapsed());
    assert_eq!(world.asked(), 1);
    let name = "200 processes at once, empty cache: 1 request at 50 ms; last served after";
    keep_figures("processes", &[(name, &took)]).unwrap();
}

#[test]
fn a_lock_holder_that_is_killed_hands_over_at_once() {
    let world = World::new();
    world
        .carto
        .fail_next(Endpoint::Token, Fault::delay(Duration::from_secs(60)));
    let mut holder = world.start_token();
    world.wait_until_asked(1);
    let waiting: Vec<_> = (0..10).map(|_| world.start_token()).collect();
    holder.kill().unwrap();
    holder.wait().unwrap();
    one_token(waiting);
    assert_eq!(world.asked(), 2);
}

#[test]
fn a_lock_holder_that_is_stopped_holds_others_up_for_ten_seconds_and_no_longer() {
    let world = World::new();
    world
        .carto
        .fail_next(Endpoint::Token, Fault::delay(Duration::from_secs(60)));
    let mut holder = world.start_token();
    world.wait_until_asked(1);
    let signal = |name: &str| {
        let status = Command::new("kill")
            .args([name, &holder.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    };
    signal("-STOP");
    let start = Instant::now();
    let waiting = world.start_token().wait_with_output().unwrap();
    let took = start.elapsed();
    signal("-CONT");
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(waiting.status.code(), Some(0));
    let warning = String::from_utf8_lossy(&waiting.stderr);
    assert!(warning.contains("for 10 s; going on without it"), "{warning}");
    assert!((9..15).contains(&took.as_secs()), "{took:?}");
}

#[test]
fn the_token_folder_and_files_are_for_their_owner_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let program = env!("CARGO_BIN_EXE_carto-auth");
    let mut shell = Command::new("sh");
    shell
        .args([
            "-c",
            &format!("umask 000; exec '{program}' token --credentials ci.json"),
        ])
        .current_dir(world.path(""))
        .env("HOME", world.path(""))
        .env("CARTO_AUTH_URL", world.carto.auth_url());
    assert_eq!(carto_auth_tests::run(&mut shell, "").unwrap().code, Some(0));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.path(".carto-auth")), 0o700);
    assert_eq!(
        world
            .token_files()
            .iter()
            .map(|path| mode(path))
            .collect::<Vec<_>>(),
        [0o600, 0o600]
    );
}

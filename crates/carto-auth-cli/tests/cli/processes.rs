//! Many processes at once.

use std::process::{Child, Stdio};
use std::time::Duration;

use carto_auth_sandbox::{Endpoint, Fault};

use crate::world::World;

#[test]
fn fifty_processes_with_an_empty_cache_ask_once() {
    let world = World::new();
    world
        .carto
        .fail_always(Endpoint::Token, Fault::delay(Duration::from_millis(50)));
    let start = || {
        let mut command = world.command(&["token", "--credentials", "ci.json"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<Child> = (0..50).map(|_| start()).collect();
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
    assert_eq!(world.asked(), 1);
}

#[test]
fn the_token_folder_and_files_are_for_their_owner_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let program = env!("CARGO_BIN_EXE_carto-auth");
    let mut shell = std::process::Command::new("sh");
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

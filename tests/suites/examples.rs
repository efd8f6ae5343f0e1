//! The examples run, and say what they are documented to say.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

use carto_auth_tests::run;

/// Runs an example as its own words say, and gives what it prints.
fn printed(name: &str) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "run",
        "--quiet",
        "--offline",
        "--locked",
        "-p",
        "carto-auth-tests",
        "--example",
        name,
    ]);
    let outcome = run(cargo.current_dir(env!("CARGO_MANIFEST_DIR")), "").unwrap();
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (Some(0), ""),
        "{outcome:?}"
    );
    outcome.stdout
}

#[test]
fn an_embedder_drives_the_core_with_a_transport_of_its_own() {
    let text = printed("own_transport");
    assert!(
        text.starts_with("a token of ") && text.ends_with(" bytes\n"),
        "{text}"
    );
}

#[test]
fn a_web_application_keeps_the_login_in_its_session() {
    assert_eq!(
        printed("web_application"),
        "somebody else's session: this session is not logging in\nlogged in: ana@acme.test\nAPIs at the sandbox\n"
    );
}

#[test]
fn a_window_is_told_what_happens() {
    let text = printed("gui_login");
    assert!(
        text.starts_with("the window shows a link, and a text field\n"),
        "{text}"
    );
    assert!(text.ends_with("logged in: ana@acme.test\n"), "{text}");
}

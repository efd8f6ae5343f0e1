//! The examples run, and say what they are documented to say.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

use carto_auth_tests::run;

/// Runs an example, which cargo builds beside the tests, and gives what it prints. (A cargo that is run in a test builds all
/// anew, for build scripts watch its variables.)
fn printed(name: &str) -> String {
    let tests = std::env::current_exe().unwrap();
    let examples = tests.ancestors().nth(2).unwrap().join("examples");
    let outcome = run(&mut Command::new(examples.join(name)), "").unwrap();
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

//! The scenarios of `tests/suites/transport.rs`, through the command line: what it says must be what the front ends say.

use carto_auth_sandbox::{Endpoint, Fault, Sandbox};
use carto_auth_tests::{
    HOSTILE_REFUSAL, NO_HTTP, Reply, STRANGE_BODIES, Scripted, bare, free_port, http, note, run, scenario,
};
use serde_json::Value;

const GRANTED: &str = r#"{"access_token":"granted","token_type":"Bearer","expires_in":86400}"#;

/// Asks for a token with the scenarios' credentials, and notes what comes.
fn ask(auth_url: &str, more: &[(&str, &str)]) {
    let home = tempfile::tempdir().unwrap();
    let mut command = bare(env!("CARGO_BIN_EXE_carto-auth"));
    command
        .args(["token", "--no-cache", "--json"])
        .env("HOME", home.path())
        .env("CARTO_AUTH_URL", auth_url)
        .env("CARTO_API_BASE_URL", "https://api.example")
        .env("CARTO_CLIENT_ID", "the-id")
        .env("CARTO_CLIENT_SECRET", "the-secret")
        .envs(more.iter().copied());
    let outcome = run(&mut command, "").unwrap();
    if outcome.code == Some(0) {
        return note("granted");
    }
    let error: Value = serde_json::from_str(&outcome.stderr).unwrap();
    note(error["error"]["message"].as_str().unwrap());
}

fn answered(reply: Reply) {
    ask(&Scripted::http(vec![reply]).unwrap().url(), &[]);
}

fn sandbox(secret: &str) -> Sandbox {
    Sandbox::builder().client("the-id", secret).start().unwrap()
}

#[test]
fn a_machine_is_granted_a_token_with_one_request() {
    let _scenario = scenario!();
    let carto = sandbox("the-secret");
    ask(&carto.auth_url(), &[]);
    assert_eq!(carto.count(Endpoint::Token), 1);
}

#[test]
fn a_wrong_secret_and_an_unknown_audience_are_refusals() {
    let _scenario = scenario!();
    ask(&sandbox("another").auth_url(), &[]);
    let carto = sandbox("another");
    let other = [("CARTO_AUTH_AUDIENCE", "x"), ("CARTO_CLIENT_SECRET", "another")];
    ask(&carto.auth_url(), &other);
    assert_eq!(carto.count(Endpoint::Token), 1, "a refusal is final");
}

#[test]
fn a_busy_server_is_asked_again() {
    let _scenario = scenario!();
    let carto = sandbox("the-secret");
    for status in [429, 503] {
        carto.fail_next(
            Endpoint::Token,
            Fault::status(status).with_header("retry-after", "0"),
        );
    }
    ask(&carto.auth_url(), &[]);
    carto.fail_always(
        Endpoint::Token,
        Fault::status(429).with_header("retry-after", "3600"),
    );
    ask(&carto.auth_url(), &[]);
    assert_eq!(carto.count(Endpoint::Token), 4, "an hour is not waited for");
}

#[test]
fn a_connection_that_ends_without_an_answer_is_not_used_again() {
    let _scenario = scenario!();
    let carto = sandbox("the-secret");
    carto.fail_always(Endpoint::Token, Fault::drop_connection());
    ask(&carto.auth_url(), &[]);
    assert_eq!(carto.count(Endpoint::Token), 1);
}

#[test]
fn a_redirect_is_not_followed_and_its_target_gets_no_byte() {
    let _scenario = scenario!();
    let target = Scripted::http(vec![http(200, &[], GRANTED)]).unwrap();
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/oauth/token", target.url());
        answered(http(status, &[("location", &location)], ""));
    }
    assert!(target.requests().is_empty());
}

#[test]
fn a_truncated_body_and_no_http_at_all_are_errors() {
    let _scenario = scenario!();
    let half = format!("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{GRANTED}");
    answered(Reply::Bytes(half.into_bytes()));
    for bytes in NO_HTTP {
        answered(Reply::Bytes(bytes.to_vec()));
    }
}

#[test]
fn a_huge_body_is_read_to_the_limit_and_no_further() {
    let _scenario = scenario!();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 52428800\r\n\r\n";
    answered(Reply::Flood(head.into(), 50 << 20));
}

#[test]
fn a_flood_of_headers_is_an_error() {
    let _scenario = scenario!();
    let headers: String = (0..100_000).map(|n| format!("x-{n}: y\r\n")).collect();
    answered(Reply::Bytes(
        format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes(),
    ));
}

#[test]
fn a_port_where_nothing_listens_is_tried_three_times_and_named() {
    let _scenario = scenario!();
    let port = free_port();
    ask(&format!("http://127.0.0.1:{port}"), &[]);
}

#[test]
fn each_strange_reply_has_its_own_words_and_quotes_nothing() {
    let _scenario = scenario!();
    for body in STRANGE_BODIES {
        answered(http(200, &[("content-type", "application/json")], body));
    }
}

#[test]
fn the_hostile_texts_of_a_refusal_are_shown_on_one_line() {
    let _scenario = scenario!();
    answered(http(400, &[], HOSTILE_REFUSAL));
    let huge = format!(r#"{{"error":"{}"}}"#, "x".repeat(100_000));
    answered(http(400, &[], &huge));
}

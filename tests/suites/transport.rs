//! What every transport must do alike, over real sockets.

use std::time::{Duration, Instant, SystemTime};

use carto_auth_core::{
    Endpoints, Error, ErrorKind, Jitter, M2mCredentials, Remedy, ReplyProblem, Step, TokenGrant, TokenRequest,
};
use carto_auth_sandbox::{Endpoint, Fault, Sandbox};
use carto_auth_tests::{
    HOSTILE_REFUSAL, NO_HTTP, Reply, STRANGE_BODIES, Scripted, free_port, http, note, scenario,
};

use super::transport;

pub(super) const GRANTED: &str = r#"{"access_token":"granted","token_type":"Bearer","expires_in":86400}"#;

pub(super) fn step(auth_url: &str) -> Step<TokenRequest> {
    let machine = M2mCredentials::new("https://api.example", "the-id", "the-secret").unwrap();
    let endpoints = Endpoints::carto().with_auth_url(auth_url).unwrap();
    TokenRequest::client_credentials(&machine, &endpoints, Jitter::new(7), SystemTime::now())
}

pub(super) fn ask(step: Step<TokenRequest>) -> Result<TokenGrant, Error> {
    let outcome = transport::ask(step);
    match &outcome {
        Ok(_) => note("granted"),
        Err(error) => note(error),
    }
    outcome
}

pub(super) fn refused(auth_url: &str) -> Error {
    ask(step(auth_url)).unwrap_err()
}

fn answered(reply: Reply) -> Error {
    refused(&Scripted::http(vec![reply]).unwrap().url())
}

#[test]
fn a_machine_is_granted_a_token_with_one_request() {
    let _scenario = scenario!();
    let carto = Sandbox::builder().client("the-id", "the-secret").start().unwrap();
    let grant = ask(step(&carto.auth_url())).unwrap();
    assert_eq!(grant.access_token.expose().split('.').count(), 3);
    assert_eq!(
        grant
            .expires_at
            .unwrap()
            .since(grant.obtained_at)
            .as_secs()
            .div_ceil(10),
        8640
    );

    let [request] = &carto.requests()[..] else {
        panic!("expected one request")
    };
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/oauth/token")
    );
    let names: Vec<_> = request.form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["grant_type", "audience", "client_id", "client_secret"]);
    assert_eq!(
        request.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(request.headers["accept"], "application/json");
    assert!(request.headers["user-agent"].starts_with("carto-auth-rs/"));
    assert!(
        !request.headers.contains_key("accept-encoding"),
        "compression is not asked for"
    );
}

#[test]
fn a_wrong_secret_and_an_unknown_audience_are_refusals() {
    let _scenario = scenario!();
    let carto = Sandbox::builder().client("the-id", "another").start().unwrap();
    let error = refused(&carto.auth_url());
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::CredentialsRejected, Some(401))
    );
    assert_eq!(error.oauth().unwrap().code.as_deref(), Some("access_denied"));
    assert_eq!(carto.count(Endpoint::Token), 1, "a refusal is final");

    let machine = M2mCredentials::new("https://api.example", "the-id", "another").unwrap();
    let endpoints = Endpoints::carto()
        .with_auth_url(&carto.auth_url())
        .unwrap()
        .with_audience("x");
    let step = TokenRequest::client_credentials(&machine, &endpoints, Jitter::new(7), SystemTime::now());
    let error = ask(step).unwrap_err();
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::CredentialsRejected, Some(403))
    );
}

#[test]
fn a_busy_server_is_asked_again() {
    let _scenario = scenario!();
    let carto = Sandbox::builder().client("the-id", "the-secret").start().unwrap();
    carto.fail_next(
        Endpoint::Token,
        Fault::status(429).with_header("retry-after", "0"),
    );
    carto.fail_next(
        Endpoint::Token,
        Fault::status(503).with_header("retry-after", "0"),
    );
    assert!(ask(step(&carto.auth_url())).is_ok());
    assert_eq!(carto.count(Endpoint::Token), 3);

    carto.fail_always(
        Endpoint::Token,
        Fault::status(429).with_header("retry-after", "3600"),
    );
    let error = refused(&carto.auth_url());
    assert_eq!(
        error.remedy(),
        Remedy::Retry {
            after: Some(Duration::from_secs(3600))
        }
    );
    assert_eq!(carto.count(Endpoint::Token), 4, "an hour is not waited for");
}

#[test]
fn a_connection_that_ends_without_an_answer_is_not_used_again() {
    let _scenario = scenario!();
    let carto = Sandbox::start().unwrap();
    carto.fail_always(Endpoint::Token, Fault::drop_connection());
    let error = refused(&carto.auth_url());
    assert_eq!(
        error.to_string(),
        "cannot reach 127.0.0.1: the connection ended before the answer did"
    );
    assert_eq!(carto.count(Endpoint::Token), 1);
}

#[test]
fn a_redirect_is_not_followed_and_its_target_gets_no_byte() {
    let _scenario = scenario!();
    let target = Scripted::http(vec![http(200, &[], GRANTED)]).unwrap();
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/oauth/token", target.url());
        let error = answered(http(status, &[("location", &location)], ""));
        let Error::Reply(reply) = error else {
            panic!("expected a strange reply, got {error}")
        };
        assert_eq!(
            (reply.problem(), reply.status()),
            (&ReplyProblem::Redirect, status)
        );
    }
    assert!(target.requests().is_empty());
}

#[test]
fn a_truncated_body_and_no_http_at_all_are_errors() {
    let _scenario = scenario!();
    let half = Reply::Bytes(format!("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{GRANTED}").into_bytes());
    let error = answered(half);
    assert_eq!(
        error.to_string(),
        "cannot reach 127.0.0.1: the connection ended before the answer did"
    );
    for bytes in NO_HTTP {
        let error = answered(Reply::Bytes(bytes.to_vec()));
        assert_eq!(error.kind(), ErrorKind::Network, "{bytes:?}: {error}");
    }
}

#[test]
fn an_answer_that_never_comes_or_never_ends_is_given_up_in_time() {
    let _scenario = scenario!();
    for begun in ["", "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"] {
        let server = Scripted::http(vec![Reply::Stall(begun.as_bytes().to_vec())]).unwrap();
        let Step::Send(mut out, next) = step(&server.url()) else {
            panic!("expected a request")
        };
        out.timeout = Duration::from_millis(300);
        let start = Instant::now();
        let error = ask(Step::Send(out, next)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot reach 127.0.0.1: no complete answer in time"
        );
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn a_huge_body_is_read_to_the_limit_and_no_further() {
    let _scenario = scenario!();
    let head =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 52428800\r\n\r\n".to_vec();
    let start = Instant::now();
    let error = answered(Reply::Flood(head, 50 << 20));
    let Error::Reply(reply) = error else {
        panic!("expected a strange reply, got {error}")
    };
    assert_eq!(reply.problem(), &ReplyProblem::TooLarge(1 << 20));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_flood_of_headers_is_an_error() {
    let _scenario = scenario!();
    let headers: String = (0..100_000).map(|n| format!("x-{n}: y\r\n")).collect();
    let error = answered(Reply::Bytes(
        format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes(),
    ));
    assert_eq!(error.kind(), ErrorKind::Network, "{error}");
}

#[test]
fn a_port_where_nothing_listens_is_tried_three_times_and_named() {
    let _scenario = scenario!();
    let port = free_port();
    let error = refused(&format!("http://127.0.0.1:{port}"));
    assert_eq!(error.to_string(), "cannot reach 127.0.0.1: connection refused");
    assert_eq!(error.kind(), ErrorKind::Network);
}

#[test]
fn each_strange_reply_has_its_own_words_and_quotes_nothing() {
    let _scenario = scenario!();
    let words: [&str; STRANGE_BODIES.len()] = [
        "a body that is not JSON: line 1, column 1",
        "a body that is not JSON: it ends in the middle, at line 1, column 23",
        "an array instead of a JSON object",
        "an array instead of a JSON object",
        "JSON without \"access_token\", having id_token",
        "a token type that is not Bearer",
        "a string as \"expires_in\"",
        "a token that had already expired",
        "a token that no header can carry",
    ];
    for (body, words) in STRANGE_BODIES.into_iter().zip(words) {
        let error = answered(http(200, &[("content-type", "application/json")], body));
        let text = error.to_string();
        let whole = format!(
            "127.0.0.1 answered with {words} (HTTP 200, application/json, {} bytes)",
            body.len()
        );
        assert_eq!(text, whole);
        assert!(!format!("{error:?}").contains("canary"));
    }
}

#[test]
fn the_hostile_texts_of_a_refusal_are_shown_on_one_line() {
    let _scenario = scenario!();
    let error = answered(http(400, &[], HOSTILE_REFUSAL));
    assert_eq!(
        error.to_string(),
        r"127.0.0.1 refused: HTTP 400, bad\u{1b}]0;x\u{7} (a\nb\u{202e})"
    );
    let huge = format!(r#"{{"error":"{}"}}"#, "x".repeat(100_000));
    assert!(answered(http(400, &[], &huge)).to_string().chars().count() < 400);
}

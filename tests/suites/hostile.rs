//! Every hostile reply to every question, over every transport: none hangs, none is shown as it is, and what comes of
//! each is the same everywhere.

use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime};

use carto_auth_core::{
    AccessToken, Callback, CartoDwRequest, Discovery, Endpoints, Entropy, Error, Flow, Jitter, LoginRequest,
    M2mCredentials, Redirect, Secret, Step, TokenRequest,
};
use carto_auth_tests::{
    Asked, Hostile, Reply, Scripted, at_once, http, keep_figures, note, scenario, unfit_words,
};

use super::transport;

/// What is secret in a question.
pub(super) const SECRETS: [&str; 2] = ["the-canary-secret", "the-canary-code"];

fn endpoints(asked: Asked, url: &str) -> Endpoints {
    let carto = Endpoints::carto();
    let carto = match asked {
        Asked::Accounts | Asked::Config => carto.with_accounts_url(url),
        _ => carto.with_auth_url(url),
    };
    carto.unwrap()
}

/// Asks the server at this address, and tells what came of it.
pub(super) fn outcome(asked: Asked, url: &str, patience: Option<Duration>) -> Result<String, Error> {
    fn carry_out<F>(mut step: Step<F>, patience: Option<Duration>) -> Result<String, Error>
    where
        F: Flow<Output: Debug>,
    {
        if let (Step::Send(out, _), Some(patience)) = (&mut step, patience) {
            out.timeout = patience;
        }
        transport::ask(step).map(|output| format!("{output:?}"))
    }
    let (now, jitter) = (SystemTime::now(), Jitter::new(7));
    let carto = endpoints(asked, url);
    let [secret, code] = SECRETS;
    match asked {
        Asked::Machine => {
            let machine = M2mCredentials::new("https://api.example", "the-id", secret).unwrap();
            carry_out(
                TokenRequest::client_credentials(&machine, &carto, jitter, now),
                patience,
            )
        }
        Asked::Code => {
            let login = LoginRequest::new(carto, Redirect::CodePage).start(Entropy::new([7; 64]));
            let Callback::Accepted(authorized) = login.pasted(code) else {
                panic!("the code is none")
            };
            carry_out(authorized.exchange(jitter, now), patience)
        }
        Asked::Accounts => carry_out(Discovery::start(&token(), carto, jitter, now), patience),
        Asked::Config => {
            let Step::Send(_, next) = Discovery::start(&token(), carto, jitter, now) else {
                panic!("expected a request")
            };
            let tenant = url.strip_prefix("http://").unwrap();
            let reply = http_response(&Asked::Accounts.good(tenant));
            carry_out(next.resume(Ok(reply), now)?, patience)
        }
        Asked::Warehouse => {
            let base = url.parse().unwrap();
            carry_out(CartoDwRequest::start(&base, &token(), jitter, now)?, patience)
        }
    }
}

fn token() -> AccessToken {
    AccessToken::new(Secret::new(SECRETS[0]), None).unwrap()
}

fn http_response(body: &str) -> ::http::Response<Vec<u8>> {
    ::http::Response::new(body.as_bytes().to_vec())
}

/// Tries the rows, two at once, and notes what came of each.
fn try_all(asked: Asked, rows: &[Hostile]) -> usize {
    let outcomes = at_once(2, rows, |row| try_one(asked, row));
    let mut complaints = Vec::new();
    for (row, outcome) in rows.iter().zip(&outcomes) {
        match outcome {
            Ok(outcome) => note(format_args!("{}: {outcome}", row.name)),
            Err(complaint) => complaints.push(format!("{}: {complaint}", row.name)),
        }
    }
    assert!(complaints.is_empty(), "{}: {complaints:#?}", asked.name());
    outcomes.len()
}

/// What came of a row, or what is wrong with that.
fn try_one(asked: Asked, row: &Hostile) -> Result<String, String> {
    let server = Scripted::http(vec![row.reply.clone()]).unwrap();
    let start = Instant::now();
    let outcome = outcome(asked, &server.url(), None);
    let took = start.elapsed();
    if took > Duration::from_secs(8) {
        return Err(format!("took {took:?}"));
    }
    let sent = server.stop();
    // A socket's buffers hold some megabytes of what is not read.
    if sent > 24 << 20 {
        return Err(format!("{sent} bytes were sent"));
    }
    if outcome.is_ok() != row.is_taken {
        return Err(format!("{outcome:?}"));
    }
    let (words, more) = match outcome {
        Ok(shown) => ("taken".to_owned(), shown),
        Err(error) => (error.to_string(), format!("{} {error:?}", error.hint())),
    };
    match unfit_words(&words) {
        Some(problem) => Err(format!("{words:?} {problem}")),
        None if more.contains("canary") => Err(more),
        None => Ok(words),
    }
}

/// Tries what this transport can read: plain sockets read no chunks.
pub(super) fn try_table(asked: Asked, whole: bool) {
    let tenant = Scripted::http(vec![http(200, &[], &Asked::Config.good(""))]).unwrap();
    let mut rows = asked.hostile(&tenant.url()["http://".len()..]);
    rows.retain(|row| row.needs_http == whole);
    let count = try_all(asked, &rows);
    let over = env!("CARGO_CRATE_NAME");
    let kind = if whole { "of HTTP" } else { "of any kind" };
    let name = format!("{over}: {} {kind}", asked.name());
    keep_figures("hostile_replies", &[(name, count)]).unwrap();
}

#[test]
fn hostile_replies_to_a_machine() {
    let _scenario = scenario!();
    try_table(Asked::Machine, false);
}

#[test]
fn hostile_replies_to_a_code() {
    let _scenario = scenario!();
    try_table(Asked::Code, false);
}

#[test]
fn hostile_replies_about_the_tenant() {
    let _scenario = scenario!();
    try_table(Asked::Accounts, false);
}

#[test]
fn hostile_configurations_of_a_tenant() {
    let _scenario = scenario!();
    try_table(Asked::Config, false);
}

#[test]
fn hostile_replies_about_the_warehouse() {
    let _scenario = scenario!();
    try_table(Asked::Warehouse, false);
}

/// A head or a body that comes byte by byte, or not at all, costs no more than the time that the request may take.
#[test]
fn slow_replies_are_given_up_in_time() {
    let _scenario = scenario!();
    let patience = Duration::from_millis(300);
    let slow: Vec<(Asked, &str, Reply)> = Asked::ALL
        .into_iter()
        .flat_map(|asked| {
            let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(100));
            let body = format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(100));
            let half = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{";
            [
                (asked, "a slow head", Reply::Drip(head.into_bytes())),
                (asked, "a slow body", Reply::Drip(body.into_bytes())),
                (asked, "silence", Reply::Stall(Vec::new())),
                (
                    asked,
                    "half a head",
                    Reply::Stall(b"HTTP/1.1 200 OK\r\nx".to_vec()),
                ),
                (asked, "half a body", Reply::Stall(half.into())),
            ]
        })
        .collect();
    let outcomes = at_once(8, &slow, |(asked, what, reply)| {
        let server = Scripted::http(vec![reply.clone()]).unwrap();
        let start = Instant::now();
        let error = outcome(*asked, &server.url(), Some(patience)).unwrap_err();
        let took = start.elapsed();
        assert!(
            (patience / 2..Duration::from_secs(3)).contains(&took),
            "{asked:?} {what}: {took:?}"
        );
        format!("{} {what}: {error}", asked.name())
    });
    outcomes.iter().for_each(note);
    let name = format!("{}: slow", env!("CARGO_CRATE_NAME"));
    keep_figures("hostile_replies", &[(name, outcomes.len())]).unwrap();
}

/// Every kind of redirect, to another server or back to this one: nobody is asked again, and nobody hears a byte.
#[test]
fn redirects_are_not_followed_by_any_question() {
    let _scenario = scenario!();
    let other = Scripted::http(vec![http(200, &[], "{}")]).unwrap();
    let locations = Reply::locations(other.port());
    let questions: Vec<(Asked, u16, &str)> = Asked::ALL
        .into_iter()
        .flat_map(|asked| [301, 302, 303, 307, 308].map(|status| (asked, status)))
        .flat_map(|(asked, status)| locations.iter().map(move |to| (asked, status, to.as_str())))
        .collect();
    let outcomes = at_once(2, &questions, |(asked, status, location)| {
        let headers = [("location", *location), ("refresh", "0; url=/elsewhere")];
        let server = Scripted::http(vec![http(*status, &headers, "")]).unwrap();
        let error = outcome(*asked, &server.url(), None).unwrap_err();
        assert_eq!(server.requests().len(), 1, "{asked:?} {status} {location}");
        format!("{} {status}: {error}", asked.name())
    });
    outcomes.iter().for_each(note);
    assert_eq!((other.connections(), other.requests().len()), (0, 0));
    let name = format!("{}: redirects", env!("CARGO_CRATE_NAME"));
    keep_figures("hostile_replies", &[(name, outcomes.len())]).unwrap();
}

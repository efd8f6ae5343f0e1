//! Every hostile reply to every question, over every transport: none hangs, none is shown as it is, and what comes of
//! each is the same everywhere.

use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime};

use carto_auth_core::{
    AccessToken, Callback, CartoDwRequest, Discovery, Endpoints, Entropy, Error, Flow, Jitter, LoginRequest,
    M2mCredentials, Redirect, Secret, Step, TokenRequest,
};
use carto_auth_tests::{
    Asked, Asks, Reply, Scripted, at_once, hostile_tests, http, keep_figures, note, scenario, try_redirects,
    unfit_words,
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

/// The transport of the suite.
pub(super) struct Transport {
    tenant: Scripted,
}

impl Transport {
    pub(super) fn new() -> Self {
        let tenant = Scripted::http(vec![http(200, &[], &Asked::Config.good(""))]).unwrap();
        Self { tenant }
    }
}

impl Asks for Transport {
    const NAME: &'static str = env!("CARGO_CRATE_NAME");

    fn tenant(&self) -> &Scripted {
        &self.tenant
    }

    fn ask(&self, asked: Asked, server: &Scripted) -> Result<String, String> {
        let (words, more) = match outcome(asked, &server.url(), None) {
            Ok(shown) => ("taken".to_owned(), shown),
            Err(error) => (error.to_string(), format!("{} {error:?}", error.hint())),
        };
        match unfit_words(&words) {
            Some(problem) => Err(format!("{words:?} {problem}")),
            None if more.contains("canary") => Err(more),
            None => Ok(words),
        }
    }
}

hostile_tests!(Transport::new(), of any kind);

/// A head or a body that comes byte by byte, or not at all, costs no more than the time that the request may take.
#[test]
fn slow_replies_are_given_up_in_time() {
    let _scenario = scenario!();
    let patience = Duration::from_millis(300);
    let slow: Vec<(Asked, &str, Reply)> = Asked::ALL
        .into_iter()
        .flat_map(|asked| {
            let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(500));
            let body = format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(500));
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
        assert!(start.elapsed() >= patience / 2, "{asked:?} {what}");
        // Who waits for longer sees a silent server close, or a dripping one end.
        assert!(
            error.to_string().ends_with(": no complete answer in time"),
            "{asked:?} {what}: {error}"
        );
        let sent = server.stop();
        assert!(sent < 250, "{asked:?} {what}: {sent} bytes took more than 5 s");
        format!("{} {what}: {error}", asked.name())
    });
    outcomes.iter().for_each(note);
    let name = format!("{}: slow", env!("CARGO_CRATE_NAME"));
    keep_figures("hostile_replies", &[(name, outcomes.len())]).unwrap();
}

#[test]
fn redirects_are_not_followed_by_any_question() {
    let _scenario = scenario!();
    try_redirects(&Transport::new());
}

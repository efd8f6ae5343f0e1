use std::time::Duration;

use http::Response;

use super::*;
use crate::error::{ErrorKind, Remedy};
use crate::step::{AwaitResponse, Outgoing};
use crate::transport_error::{Sent, TransportErrorKind};

const T0: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const GRANTED: &str = r#"{"access_token":"t","token_type":"Bearer","expires_in":86400}"#;

type Next = AwaitResponse<TokenRequest>;
type Outcome = Result<Step<TokenRequest>, Error>;

/// Walks a flow: what it asks for is checked, what it is told is given.
struct Scenario {
    now: Timestamp,
    waits: Vec<Duration>,
    sent: u32,
}

impl Scenario {
    fn start() -> (Self, Outgoing, Next) {
        let machine = M2mCredentials::new("https://a.example", "the-id", "s3cr&t=ü").unwrap();
        let mut scenario = Self {
            now: T0,
            waits: Vec::new(),
            sent: 0,
        };
        let step = TokenRequest::client_credentials(&machine, &Endpoints::carto(), Jitter::new(7), T0);
        let (out, next) = scenario.expect_send(step);
        (scenario, out, next)
    }

    fn expect_send(&mut self, step: Step<TokenRequest>) -> (Outgoing, Next) {
        let Step::Send(out, next) = step else {
            panic!("expected a request, got {step:?}")
        };
        self.sent += 1;
        (out, next)
    }

    /// Gives the same reply until the flow ends, `took` after each request.
    fn answer_always(
        &mut self,
        mut next: Next,
        took: Duration,
        reply: impl Fn() -> Reply,
    ) -> Result<TokenGrant, Error> {
        loop {
            self.now = self.now + took;
            match next.resume(reply(), self.now)? {
                Step::Done(grant) => return Ok(grant),
                Step::Send(..) => panic!("a retry without a wait"),
                Step::Sleep(wait, timer) => {
                    self.waits.push(wait);
                    self.now = self.now + wait;
                    next = self.expect_send(timer.resume(self.now)?).1;
                }
            }
        }
    }
}

type Reply = Result<Response<Vec<u8>>, TransportError>;

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(body.as_bytes().to_vec()).unwrap())
}

fn lost(kind: TransportErrorKind, sent: Sent) -> Reply {
    Err(TransportError::new(kind, sent))
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_request_is_that_of_rfc_6749_section_4_4_2_with_the_audience() {
    let (_, out, _next) = Scenario::start();
    assert_eq!(out.request.method(), "POST");
    assert_eq!(out.request.uri(), "https://auth.carto.com/oauth/token");
    assert_eq!(
        out.request.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(
        std::str::from_utf8(out.request.body().as_bytes()).unwrap(),
        "grant_type=client_credentials&audience=carto-cloud-native-api&client_id=the-id&client_secret=s3cr%26t%3D%C3%BC"
    );
    assert_eq!(
        (
            out.connect_timeout.as_secs(),
            out.timeout.as_secs(),
            out.body_limit
        ),
        (10, 30, 1 << 20)
    );
    assert!(!format!("{out:?}").contains("s3cr"), "Debug shows no secret");
}

#[test]
fn a_granted_token_lives_from_when_its_request_was_sent() {
    let (mut scenario, _, next) = Scenario::start();
    let grant = scenario
        .answer_always(next, 5 * SECOND, || reply(200, &[], GRANTED))
        .unwrap();
    assert_eq!(grant.obtained_at, T0);
    assert_eq!(grant.expires_at, Some(T0 + 86_400 * SECOND));
}

#[test]
fn a_failure_that_never_reached_the_server_and_429_502_503_504_are_tried_three_times() {
    let busy = [429, 502, 503, 504].map(|status| move || reply(status, &[], ""));
    for answer in busy {
        let (mut scenario, _, next) = Scenario::start();
        scenario.answer_always(next, SECOND, answer).unwrap_err();
        assert_eq!(scenario.sent, 3);
        let [first, second] = scenario.waits[..] else {
            panic!("two waits")
        };
        assert!((500..=1000).contains(&first.as_millis()), "{first:?}");
        assert!((1000..=2000).contains(&second.as_millis()), "{second:?}");
    }
    for kind in [
        TransportErrorKind::HostNotFound,
        TransportErrorKind::ConnectionRefused,
        TransportErrorKind::ConnectTimeout,
    ] {
        let (mut scenario, _, next) = Scenario::start();
        let error = scenario
            .answer_always(next, SECOND, || lost(kind, Sent::Maybe))
            .unwrap_err();
        assert_eq!((scenario.sent, error.kind()), (3, ErrorKind::Network));
        assert_eq!(error.to_string(), format!("cannot reach auth.carto.com: {kind}"));
    }
}

#[test]
fn every_other_failure_is_final_at_once() {
    let refusal = r#"{"error":"access_denied","error_description":"Unauthorized"}"#;
    let cases: [(Reply, ErrorKind); 9] = [
        (reply(401, &[], refusal), ErrorKind::CredentialsRejected),
        (reply(403, &[], refusal), ErrorKind::CredentialsRejected),
        (reply(401, &[], "<html>"), ErrorKind::CredentialsRejected),
        (reply(500, &[], "<html>"), ErrorKind::BadResponse),
        (reply(404, &[], "<html>"), ErrorKind::BadResponse),
        (reply(200, &[], "<html>"), ErrorKind::BadResponse),
        (
            reply(302, &[("location", "https://evil.example/")], ""),
            ErrorKind::BadResponse,
        ),
        (lost(TransportErrorKind::Timeout, Sent::Maybe), ErrorKind::Network),
        (lost(TransportErrorKind::Certificate, Sent::Maybe), ErrorKind::Tls),
    ];
    for (answer, kind) in cases {
        let (_, _, next) = Scenario::start();
        let outcome: Outcome = next.resume(answer, T0 + SECOND);
        assert_eq!(outcome.unwrap_err().kind(), kind);
    }
}

#[test]
fn retry_after_is_waited_for_up_to_thirty_seconds() {
    let (mut scenario, _, next) = Scenario::start();
    scenario
        .answer_always(next, SECOND, || reply(429, &[("retry-after", "30")], ""))
        .unwrap_err();
    assert_eq!(scenario.waits, [30 * SECOND, 30 * SECOND]);

    let (_, _, next) = Scenario::start();
    let error = next
        .resume(reply(429, &[("retry-after", "31")], ""), T0)
        .unwrap_err();
    assert_eq!(
        error.remedy(),
        Remedy::Retry {
            after: Some(31 * SECOND)
        }
    );
    assert_eq!(error.hint(), "try again in 31 s");
}

#[test]
fn a_flow_never_takes_longer_than_ninety_seconds() {
    let (mut scenario, _, next) = Scenario::start();
    let answer = || reply(503, &[("retry-after", "30")], "");
    scenario.answer_always(next, 30 * SECOND, answer).unwrap_err();
    assert_eq!((scenario.sent, scenario.waits.len()), (2, 1));
    assert!(scenario.now.since(T0) <= 90 * SECOND);
}

#[test]
fn a_wall_clock_that_jumps_ahead_costs_one_exchange_at_most() {
    let (mut scenario, _, next) = Scenario::start();
    let step = next
        .resume(
            lost(TransportErrorKind::ConnectionRefused, Sent::No),
            T0 + 1_000_000 * SECOND,
        )
        .unwrap();
    let Step::Sleep(_, timer) = step else {
        panic!("expected a wait")
    };
    let (out, _next) = scenario.expect_send(timer.resume(T0).unwrap());
    assert_eq!(out.timeout, 30 * SECOND);
}

#[test]
fn a_body_that_reaches_the_limit_is_refused() {
    let (_, out, next) = Scenario::start();
    let error = next
        .resume(reply(200, &[], &" ".repeat(out.body_limit)), T0)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a body beyond the limit of 1048576 bytes"),
        "{error}"
    );
}

#[test]
fn no_failure_shows_the_secret_or_the_token() {
    let hostile = [
        r#"{"access_token":"canary","token_type":"canary"}"#,
        r#"{"access_token":"canary","token_type":"Bearer","expires_in":"canary"}"#,
        r#"{"access_token":"canary canary","token_type":"Bearer"}"#,
        r#"["canary"]"#,
        r#"{"access_token":"canary"#,
        r#"canary"#,
    ];
    for body in hostile {
        let (_, _, next) = Scenario::start();
        let error = next.resume(reply(200, &[], body), T0).unwrap_err();
        assert!(
            !format!("{error} {error:?} {}", error.hint()).contains("canary"),
            "{error:?}"
        );
    }
}

#[test]
fn a_secret_that_the_server_sends_back_is_blotted_out() {
    for status in [400, 401, 500] {
        let (_, _, next) = Scenario::start();
        let body = r#"{"error":"s3cr&t=ü","error_description":"no client has s3cr&t=ü"}"#;
        let error = next
            .resume(reply(status, &[("x-request-id", "r")], body), T0)
            .unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cr"), "{error:?}");
        assert_eq!(
            error.oauth().unwrap().description.as_deref(),
            Some("no client has [secret]")
        );
    }
}

#[test]
fn a_long_secret_that_comes_back_as_a_key_is_blotted_out_before_keys_are_shortened() {
    let secret = "s3cr3t".repeat(20);
    let machine = M2mCredentials::new("https://a.example", "id", secret.as_str()).unwrap();
    let step = TokenRequest::client_credentials(&machine, &Endpoints::carto(), Jitter::new(7), T0);
    let Step::Send(_, next) = step else { panic!() };
    let body = format!(r#"{{"{secret}":1}}"#);
    let error = next.resume(reply(200, &[], &body), T0).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
    assert!(error.to_string().contains("having [secret]"), "{error}");
}

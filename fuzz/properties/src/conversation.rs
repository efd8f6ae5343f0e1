//! A driver that is told what to hear, and watches what it is told to send.

use std::net::IpAddr;
use std::time::Duration;

use carto_auth_core::{Error, Flow, Outgoing, Step, Timestamp, TokenGrant};
use http::header::AUTHORIZATION;

use crate::script::Told;
use crate::secrets::{T0, is_safe_to_show, is_silent};

/// What a flow may do.
pub(crate) struct Rules<'a> {
    /// How many requests it may make.
    pub(crate) most: usize,
    /// True for one that spends something: once bytes may have left, it is over.
    pub(crate) spends: bool,
    /// What it must not tell.
    pub(crate) secrets: &'a [&'a str],
    /// Says whether a request may be made, given the last reply's body, and what goes with it.
    pub(crate) may_ask: &'a dyn Fn(&Outgoing, &[u8]) -> Option<Carries>,
}

/// What a request carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Carries {
    /// Nothing secret.
    Nothing,
    /// The access token, in its header.
    Bearer,
    /// A form with a secret.
    Form,
}

/// Drives flows, one after another, with the replies of one script.
pub(crate) struct Driver<R> {
    replies: R,
    /// The wall clock.
    pub(crate) now: Timestamp,
    /// The wall clock has been set back, or forward beyond what a request may take.
    was_set: bool,
}

impl<R: Iterator<Item = Told>> Driver<R> {
    pub(crate) fn new(replies: R) -> Self {
        Self {
            replies,
            now: T0,
            was_set: false,
        }
    }

    /// Carries a flow out and gives what it ends with; whatever it does on the way is held against the rules.
    pub(crate) fn drive<F: Flow>(
        &mut self,
        mut step: Step<F>,
        rules: &Rules<'_>,
    ) -> Result<F::Output, Error> {
        let (mut asked, mut slept) = (0, 0);
        let mut monotonic = Duration::ZERO;
        let (mut spent, mut last_body) = (false, Vec::new());
        loop {
            is_silent(&format!("{step:?}"), rules.secrets);
            let outcome = match step {
                Step::Done(output) => return Ok(output),
                Step::Sleep(wait, next) => {
                    assert!(wait <= Duration::from_secs(30), "a wait of {wait:?}");
                    slept += 1;
                    assert!(slept < 3 + asked, "one wait after another");
                    self.now = self.now + wait;
                    monotonic += wait;
                    next.resume(self.now)
                }
                Step::Send(out, next) => {
                    asked += 1;
                    assert!(asked <= rules.most, "request {asked} of {}", rules.most);
                    assert!(!spent, "a code or a refresh token is spent twice");
                    watch(&out, &last_body, rules);
                    let told = self.replies.next().unwrap_or_else(Told::nothing);
                    spent = rules.spends && told.may_have_left;
                    last_body = told
                        .reply
                        .as_ref()
                        .map_or_else(|_| Vec::new(), |reply| reply.body().clone());
                    let took = Duration::from_secs(told.seconds.unsigned_abs());
                    self.was_set |= told.seconds < 0 || took > out.timeout;
                    monotonic += took.min(out.timeout);
                    self.now = told.after(self.now);
                    next.resume(told.reply, self.now)
                }
            };
            // A clock that is set hides how long requests took: three of 30 s then go with waits of as much.
            let longest = Duration::from_secs(if self.was_set { 270 } else { 90 });
            assert!(monotonic <= longest, "{monotonic:?}");
            step = outcome.inspect_err(|error| is_safe_to_show(error, rules.secrets))?;
        }
    }
}

fn watch(out: &Outgoing, last_body: &[u8], rules: &Rules<'_>) {
    let request = &out.request;
    let uri = request.uri();
    let carries = (rules.may_ask)(out, last_body);
    assert!(carries.is_some(), "{uri} must not be asked");
    assert_eq!(
        request.headers().contains_key(AUTHORIZATION),
        carries == Some(Carries::Bearer),
        "{uri}: who gets the bearer"
    );
    assert_eq!(
        !request.body().as_bytes().is_empty(),
        carries == Some(Carries::Form),
        "{uri}: who gets a form"
    );
    assert_eq!(
        request.method() == http::Method::POST,
        carries == Some(Carries::Form),
        "{uri}"
    );
    let is_here = uri.host().is_some_and(is_loopback);
    assert!(uri.scheme_str() == Some("https") || is_here, "{uri} is not https");
    assert!(
        uri.authority()
            .is_some_and(|authority| !authority.as_str().contains('@')),
        "{uri}"
    );
    is_silent(&uri.to_string(), rules.secrets);
    for (name, value) in request.headers() {
        assert!(
            name != AUTHORIZATION || value.is_sensitive(),
            "the bearer would be logged"
        );
        if name != AUTHORIZATION {
            is_silent(&String::from_utf8_lossy(value.as_bytes()), rules.secrets);
        }
    }
    assert!(out.connect_timeout <= Duration::from_secs(10) && out.timeout <= Duration::from_secs(30));
    assert!(out.body_limit <= 1 << 20, "{}", out.body_limit);
}

/// True for a host that leads no further than this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What a granted token must be, whoever granted it.
pub(crate) fn is_a_good_grant(grant: &TokenGrant, sent_at: Timestamp, now: Timestamp) {
    let token = grant.access_token.expose();
    assert!(
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()),
        "no header can carry it"
    );
    assert_eq!(
        grant.obtained_at, sent_at,
        "its life counts from when it was asked for"
    );
    if let Some(end) = grant.expires_at {
        assert!(
            end.since(sent_at) <= Duration::from_secs(30 * 24 * 3600) || is_claimed(token, end),
            "an endless life"
        );
        assert!(end > now || grant.refresh_token.is_some(), "a dead token");
    }
    assert!(
        grant
            .refresh_token
            .as_ref()
            .is_none_or(|token| !token.expose().is_empty())
    );
    is_silent(&format!("{grant:?}"), &[token]);
}

/// A JWT's own end is believed where the server names none.
fn is_claimed(token: &str, end: Timestamp) -> bool {
    carto_auth_core::Claims::of(token).and_then(|claims| claims.expires_at) == Some(end)
}

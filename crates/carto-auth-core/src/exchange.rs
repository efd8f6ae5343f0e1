//! One request to CARTO, as often as it may be sent.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request};
use url::Url;

use crate::access_token::AccessToken;
use crate::error::Error;
use crate::form::append_pair;
use crate::reply::{ReplyError, ReplyProblem};
use crate::retry::{Attempts, CONNECT_TIMEOUT, Jitter, Repeat};
use crate::secret::Secret;
use crate::step::sealed::Resume;
use crate::step::{AwaitResponse, AwaitTimer, Body, Flow, Incoming, Outgoing, Step};
use crate::timestamp::Timestamp;
use crate::transport_error::TransportError;
use crate::wiped::Wiped;

/// The most that a reply may hold, in bytes, but for the tenant's configuration.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

const AGENT: &str = concat!("carto-auth-rs/", env!("CARGO_PKG_VERSION"));

pub(crate) struct Exchange {
    method: Method,
    url: String,
    host: String,
    accept: &'static str,
    authorization: Option<HeaderValue>,
    form: Option<Wiped>,
    body_limit: usize,
    secrets: Vec<Secret>,
    attempts: Attempts,
}

impl Exchange {
    /// Posts a form. What is secret in it is blotted out of a refusal that sends it back.
    pub(crate) fn post(
        url: &Url,
        form: &[(&'static str, &str)],
        secrets: Vec<Secret>,
        repeat: Repeat,
        jitter: Jitter,
    ) -> Self {
        Self {
            method: Method::POST,
            form: Some(encode(form)),
            secrets,
            ..Self::new(url, "application/json", repeat, jitter)
        }
    }

    /// Asks for a JSON document, with a token where one is needed.
    pub(crate) fn get(url: &Url, token: Option<&AccessToken>, jitter: Jitter) -> Self {
        Self {
            authorization: token.map(AccessToken::authorization_header),
            secrets: token.map(|token| token.secret().clone()).into_iter().collect(),
            ..Self::new(url, "application/json", Repeat::Harmless, jitter)
        }
    }

    /// Asks for another kind of document, of so many bytes at most, without any token.
    pub(crate) fn get_plain(url: &Url, accept: &'static str, body_limit: usize, jitter: Jitter) -> Self {
        Self {
            body_limit,
            ..Self::new(url, accept, Repeat::Harmless, jitter)
        }
    }

    /// Asks once whether the host answers; the body is not read.
    pub(crate) fn probe(url: &Url) -> Self {
        let attempts = Attempts::probe();
        Self {
            attempts,
            ..Self::get_plain(url, "*/*", 0, Jitter::new(0))
        }
    }

    fn new(url: &Url, accept: &'static str, repeat: Repeat, jitter: Jitter) -> Self {
        Self {
            method: Method::GET,
            url: url.as_str().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            accept,
            authorization: None,
            form: None,
            body_limit: BODY_LIMIT,
            secrets: Vec::new(),
            attempts: Attempts::new(repeat, jitter),
        }
    }

    /// Takes over from the exchange before this one how much time the flow has left, and what must not be told.
    pub(crate) fn after(mut self, last: &Self, now: Timestamp) -> Self {
        self.attempts.continue_from(&last.attempts, now);
        self.secrets.extend_from_slice(&last.secrets);
        self
    }

    /// Starts an attempt.
    #[expect(
        clippy::expect_used,
        reason = "the URL was parsed as one of requests, what was appended to it is bounded, and the headers are constants"
    )]
    fn send(&mut self, now: Timestamp) -> Outgoing {
        let mut request = Request::builder()
            .method(&self.method)
            .uri(&self.url)
            .header(ACCEPT, self.accept)
            .header(USER_AGENT, AGENT);
        if self.form.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let body = self.form.as_ref().map_or_else(Vec::new, |form| form.to_vec());
        let timeout = self.attempts.begin(now);
        Outgoing {
            request: request
                .body(Body::new(body))
                .expect("a parsed URL makes a request"),
            connect_timeout: CONNECT_TIMEOUT.min(timeout),
            timeout,
            body_limit: self.body_limit,
        }
    }

    /// Reads a reply with `read`, which is given the host and the limit.
    pub(crate) fn read<T>(
        &self,
        reply: Result<Incoming, TransportError>,
        read: impl FnOnce(&str, &Incoming) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let reply = reply.map_err(|error| Error::Transport {
            host: self.host.clone(),
            error,
        })?;
        read(&self.host, &reply).map_err(|error| self.secrets.iter().fold(error, Error::without))
    }

    /// How long to wait before the next attempt, or the failure itself when it is final.
    fn wait_after(&mut self, failure: Error, now: Timestamp) -> Result<std::time::Duration, Error> {
        self.attempts.wait_after(&failure, now).ok_or(failure)
    }

    /// When the present attempt was sent.
    pub(crate) fn sent_at(&self) -> Timestamp {
        self.attempts.sent_at()
    }
}

/// A flow that is one exchange, or one after another. How each goes on, and what is sent again, is the same for all.
pub(crate) trait Conversation: Flow {
    /// The present exchange.
    fn exchange(&mut self) -> &mut Exchange;

    /// Takes a reply. `None` means that another exchange is the present one.
    fn hear(
        &mut self,
        reply: Result<Incoming, TransportError>,
        now: Timestamp,
    ) -> Result<Option<Self::Output>, Error>;

    /// Sends the present exchange.
    fn send(mut self, now: Timestamp) -> Step<Self> {
        Step::Send(self.exchange().send(now), AwaitResponse(self))
    }
}

impl<C: Conversation> Resume for C {
    fn on_reply(
        mut self,
        reply: Result<Incoming, TransportError>,
        now: Timestamp,
    ) -> Result<Step<Self>, Error> {
        match self.hear(reply, now) {
            Ok(Some(output)) => Ok(Step::Done(output)),
            Ok(None) => Ok(self.send(now)),
            Err(failure) => {
                let wait = self.exchange().wait_after(failure, now)?;
                Ok(Step::Sleep(wait, AwaitTimer(self)))
            }
        }
    }

    fn on_timer(self, now: Timestamp) -> Step<Self> {
        self.send(now)
    }
}

/// An answer of `host` that its endpoint is not documented to give.
pub(crate) fn strange(host: &str, reply: &Incoming, problem: ReplyProblem) -> Error {
    Error::Reply(Box::new(ReplyError::new(host, reply, problem)))
}

/// Encodes a form (`application/x-www-form-urlencoded`), reserving enough that no partial copy of a secret is
/// left behind in memory by a reallocation.
fn encode(pairs: &[(&'static str, &str)]) -> Wiped {
    let room = pairs
        .iter()
        .map(|(name, value)| name.len() + 3 * value.len() + 2)
        .sum();
    let mut form = String::with_capacity(room);
    for (name, value) in pairs {
        append_pair(&mut form, name, value);
    }
    Wiped::new(form.into_bytes())
}

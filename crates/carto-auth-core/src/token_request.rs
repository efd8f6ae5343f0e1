//! The flow that asks the token endpoint for a token.

use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::m2m_credentials::M2mCredentials;
use crate::reply::{ReplyError, json_object};
use crate::retry::{Attempts, CONNECT_TIMEOUT, Jitter};
use crate::secret::Secret;
use crate::step::sealed::Resume;
use crate::step::{AwaitResponse, AwaitTimer, Body, Flow, Incoming, Outgoing, Step, TransportError};
use crate::timestamp::Timestamp;
use crate::token_response::TokenGrant;

/// One conversation with the token endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-3.2>.
///
/// ```
/// use carto_auth_core::{Endpoints, Jitter, M2mCredentials, Step, Timestamp, TokenRequest};
///
/// let machine = M2mCredentials::new("https://gcp-us-east1.api.carto.com", "id", "s3cr3t")?;
/// let now = Timestamp::from_unix_seconds(1_790_000_000);
/// let step = TokenRequest::client_credentials(&machine, &Endpoints::carto(), Jitter::new(7), now);
///
/// let Step::Send(out, next) = step else { unreachable!() };
/// assert_eq!(out.request.uri(), "https://auth.carto.com/oauth/token");
///
/// let reply = br#"{"access_token":"t","token_type":"Bearer","expires_in":60}"#.to_vec();
/// let Step::Done(grant) = next.resume(Ok(http::Response::new(reply)), now)? else { unreachable!() };
/// assert_eq!(grant.access_token.expose(), "t");
/// # Ok::<(), carto_auth_core::Error>(())
/// ```
pub struct TokenRequest {
    url: String,
    host: String,
    form: Zeroizing<String>,
    secret: Secret,
    attempts: Attempts,
}

/// The most that a token reply may hold, in bytes.
const BODY_LIMIT: usize = 1 << 20;

const AGENT: &str = concat!("carto-auth-rs/", env!("CARGO_PKG_VERSION"));

impl TokenRequest {
    /// Asks with a machine's credentials, <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>. The request may
    /// be sent again: a second token harms nobody.
    pub fn client_credentials(
        credentials: &M2mCredentials,
        endpoints: &Endpoints,
        jitter: Jitter,
        now: impl Into<Timestamp>,
    ) -> Step<Self> {
        let secret = credentials.client_secret();
        let form = form(&[
            ("grant_type", "client_credentials"),
            ("audience", endpoints.audience()),
            ("client_id", credentials.client_id()),
            ("client_secret", secret.expose()),
        ]);
        let now = now.into();
        let url = endpoints.token_url();
        Self {
            url: url.as_str().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            form,
            secret: secret.clone(),
            attempts: Attempts::new(jitter, now),
        }
        .send(now)
    }

    #[expect(
        clippy::expect_used,
        reason = "the URL was parsed and the headers are constants"
    )]
    fn send(mut self, now: Timestamp) -> Step<Self> {
        let request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, AGENT)
            .body(Body::new(self.form.as_bytes().to_vec()))
            .expect("a parsed URL makes a request");
        let timeout = self.attempts.begin(now);
        let outgoing = Outgoing {
            request,
            connect_timeout: CONNECT_TIMEOUT.min(timeout),
            timeout,
            body_limit: BODY_LIMIT,
        };
        Step::Send(outgoing, AwaitResponse(self))
    }

    fn grant(&self, reply: Result<Incoming, TransportError>, now: Timestamp) -> Result<TokenGrant, Error> {
        let reply = reply.map_err(|error| Error::Transport {
            host: self.host.clone(),
            error,
        })?;
        let body =
            json_object(&self.host, &reply, BODY_LIMIT, now).map_err(|error| error.without(&self.secret))?;
        TokenGrant::parse(&body, self.attempts.sent_at(), now)
            .map_err(|problem| Error::Reply(Box::new(ReplyError::new(&self.host, &reply, problem))))
    }
}

impl Flow for TokenRequest {
    type Output = TokenGrant;
}

impl Resume for TokenRequest {
    fn on_reply(
        mut self,
        reply: Result<Incoming, TransportError>,
        now: Timestamp,
    ) -> Result<Step<Self>, Error> {
        match self.grant(reply, now) {
            Ok(grant) => Ok(Step::Done(grant)),
            Err(failure) => match self.attempts.wait_after(&failure, now) {
                Some(wait) => Ok(Step::Sleep(wait, AwaitTimer(self))),
                None => Err(failure),
            },
        }
    }

    fn on_timer(self, now: Timestamp) -> Step<Self> {
        self.send(now)
    }
}

/// Encodes a form (`application/x-www-form-urlencoded`), reserving enough that no partial copy of a secret is
/// left behind in memory by a reallocation.
fn form(pairs: &[(&str, &str)]) -> Zeroizing<String> {
    let room = pairs
        .iter()
        .map(|(name, value)| name.len() + 3 * value.len() + 2)
        .sum();
    let mut encoder = form_urlencoded::Serializer::new(String::with_capacity(room));
    encoder.extend_pairs(pairs);
    Zeroizing::new(encoder.finish())
}

#[cfg(test)]
#[path = "token_request_tests.rs"]
mod tests;

//! The flow that asks for the credentials of the CARTO Data Warehouse, and what it ends with.

use std::fmt;

use http::HeaderValue;
use serde_json::{Map, Value};
use url::Url;

use crate::access_token::{AccessToken, bearer, is_token_text};
use crate::api_base_url::ApiBaseUrl;
use crate::error::Error;
use crate::exchange::{BODY_LIMIT, Conversation, Exchange, strange};
use crate::freshness::Freshness;
use crate::host_rules::{AddressProblem, DomainName};
use crate::reply::{Refusal, ReplyProblem, json_object, refusal_by_status, required_text};
use crate::retry::Jitter;
use crate::secret::Secret;
use crate::step::{Flow, Incoming, Step};
use crate::timestamp::Timestamp;
use crate::transport_error::TransportError;

/// Below an account's API base URL.
const PATH: &str = "v3/connections/carto-dw/token";

/// What opens an account's CARTO Data Warehouse: a project of Google's BigQuery, and a Google OAuth access token for it.
///
/// CARTO does not say when the token ends. It lives for about an hour, of which some may have passed: ask for other
/// credentials rather than keep these.
#[derive(Clone)]
pub struct CartoDwCredentials {
    project_id: String,
    token: Secret,
    obtained_at: Timestamp,
    asked_with: AccessToken,
}

impl CartoDwCredentials {
    /// The id of the Google project. It is the one to name in queries, and to bill.
    #[must_use]
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// The token for Google's APIs; CARTO's do not take it.
    #[must_use]
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// `Bearer …`, the value of an `Authorization` header for Google's APIs, marked as sensitive.
    #[must_use]
    pub fn authorization_header(&self) -> HeaderValue {
        bearer(&self.token)
    }

    /// When CARTO was asked for them.
    #[must_use]
    pub fn obtained_at(&self) -> Timestamp {
        self.obtained_at
    }

    /// True when they came for this access token, and are as new as is wanted. Nobody knows how long they live, so
    /// that a least time to live is no matter here.
    #[must_use]
    pub fn are_for(&self, token: &AccessToken, freshness: Freshness) -> bool {
        self.asked_with.secret() == token.secret() && freshness.is_newer(self.obtained_at)
    }
}

impl fmt::Debug for CartoDwCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CartoDwCredentials")
            .field("project_id", &self.project_id)
            .field("obtained_at", &self.obtained_at)
            .finish_non_exhaustive()
    }
}

/// One question to an account's APIs, which get the token.
///
/// ```
/// use carto_auth_core::{AccessToken, CartoDwRequest, Jitter, Secret, Step, Timestamp};
///
/// let token = AccessToken::new(Secret::new("token"), None).unwrap();
/// let base = "https://gcp-us-east1.api.carto.com/".parse()?;
/// let now = Timestamp::from_unix_seconds(1_790_000_000);
/// let Step::Send(out, next) = CartoDwRequest::start(&base, &token, Jitter::new(7), now)? else { unreachable!() };
/// assert_eq!(out.request.uri(), "https://gcp-us-east1.api.carto.com/v3/connections/carto-dw/token");
///
/// let reply = http::Response::new(br#"{"projectId":"carto-dw-ac-1","token":"ya29.t"}"#.to_vec());
/// let Step::Done(credentials) = next.resume(Ok(reply), now)? else { unreachable!() };
/// assert_eq!(credentials.project_id(), "carto-dw-ac-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CartoDwRequest {
    exchange: Exchange,
    token: AccessToken,
}

impl CartoDwRequest {
    /// Asks the account's APIs, whose address must have been checked: they get the token.
    ///
    /// # Errors
    /// [`Error::Address`] for a base that no path can follow.
    pub fn start(
        api_base_url: &ApiBaseUrl,
        token: &AccessToken,
        jitter: Jitter,
        now: impl Into<Timestamp>,
    ) -> Result<Step<Self>, Error> {
        let url = Url::parse(&api_base_url.join(PATH)).map_err(|_| Error::Address {
            setting: "api_base_url",
            problem: AddressProblem::NotAUrl,
        })?;
        let asking = Self {
            exchange: Exchange::get(&url, Some(token), jitter),
            token: token.clone(),
        };
        Ok(asking.send(now.into()))
    }

    fn read(&self, host: &str, reply: &Incoming, now: Timestamp) -> Result<CartoDwCredentials, Error> {
        let body = json_object(host, reply, BODY_LIMIT, now).map_err(|error| match error {
            Error::Refused(refusal) => by_status(refusal),
            // A status that says enough, without the words that CARTO usually adds.
            Error::Reply(_) => refusal_by_status(host, reply, &[403, 404], now).map_or(error, by_status),
            other => other,
        })?;
        let (project_id, token) = parse(&body).map_err(|problem| strange(host, reply, problem))?;
        Ok(CartoDwCredentials {
            project_id: project_id.to_owned(),
            token: Secret::new(token),
            obtained_at: self.exchange.sent_at(),
            asked_with: self.token.clone(),
        })
    }
}

fn by_status(refusal: Box<Refusal>) -> Error {
    match refusal.status {
        401 => Error::TokenRefused(refusal),
        403 => Error::NoWarehouseAccess(refusal),
        404 => Error::NoWarehouse(refusal),
        _ => Error::Refused(refusal),
    }
}

fn parse(body: &Map<String, Value>) -> Result<(&str, &str), ReplyProblem> {
    let project_id = required_text(body, "projectId")?;
    let token = required_text(body, "token")?;
    if !is_project_id(project_id) {
        return Err(ReplyProblem::ProjectId);
    }
    if !is_token_text(token) {
        return Err(ReplyProblem::UnusableToken);
    }
    Ok((project_id, token))
}

/// "It must be 6 to 30 lowercase letters, digits, or hyphens. It must start with a letter. Trailing hyphens are
/// prohibited." (`projectId`, <https://cloud.google.com/resource-manager/reference/rest/v3/projects>). Old projects may be
/// scoped to a domain, as `example.com:my-project` (<https://cloud.google.com/artifact-registry/docs/docker/names#domain>).
fn is_project_id(text: &str) -> bool {
    let (domain, name) = match text.split_once(':') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, text),
    };
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (6..=30).contains(&name.len())
        && name.bytes().all(is_allowed)
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && domain.is_none_or(|domain| DomainName::parse(domain).is_ok_and(|parsed| parsed.as_str() == domain))
}

impl Flow for CartoDwRequest {
    type Output = CartoDwCredentials;
}

impl Conversation for CartoDwRequest {
    fn exchange(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    fn hear(
        &mut self,
        reply: Result<Incoming, TransportError>,
        now: Timestamp,
    ) -> Result<Option<CartoDwCredentials>, Error> {
        self.exchange
            .read(reply, |host, reply| self.read(host, reply, now))
            .map(Some)
    }
}

#[cfg(test)]
#[path = "carto_dw_tests.rs"]
mod tests;

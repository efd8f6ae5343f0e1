//! The token policy: which token to use, when to get another, and what to do when that fails.
//!
//! ```text
//!            obtained                        refresh_at       usable_until  expires
//!               │◀────────────── Use ────────────▶│◀─ UseAndRefresh ─▶│◀─ Refresh ─▶
//! ```

use crate::access_token::AccessToken;
use crate::api_base_url::ApiBaseUrl;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::freshness::{Current, Failures, Freshness};
use crate::identity::Identity;
use crate::m2m_credentials::M2mCredentials;
use crate::retry::Jitter;
use crate::secret::Secret;
use crate::step::Step;
use crate::timestamp::Timestamp;
use crate::token_file::{TokenRecord, UnknownKeys};
use crate::token_request::TokenRequest;
use crate::token_response::TokenGrant;

/// The state of one identity's token in one process: a value, told what happens and asked what to do.
///
/// ```
/// use carto_auth_core::{Endpoints, Freshness, Jitter, M2mCredentials, Plan, Session, Timestamp};
///
/// let machine = M2mCredentials::new("https://gcp-us-east1.api.carto.com", "id", "s3cr3t")?;
/// let session = Session::machine(machine, Endpoints::carto(), Jitter::new(7));
/// let now = Timestamp::from_unix_seconds(1_790_000_000);
/// assert!(matches!(session.plan(Freshness::default(), now), Plan::Refresh));
/// # Ok::<(), carto_auth_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Session {
    source: Source,
    api_base_url: Option<ApiBaseUrl>,
    current: Option<Current>,
    rejected: Option<Secret>,
    unknown: UnknownKeys,
    failures: Failures,
    jitter: Jitter,
}

/// Where another token can come from.
#[derive(Debug)]
enum Source {
    Machine {
        credentials: M2mCredentials,
        endpoints: Endpoints,
        identity: Identity,
    },
    /// A person has to log in, unless there is a refresh token.
    Person {
        endpoints: Endpoints,
        identity: Identity,
        refresh_token: Option<Secret>,
    },
    /// The token was given; there is no other.
    Given,
}

/// What to do when a token is wanted.
#[derive(Debug)]
pub enum Plan {
    /// Use this token.
    Use(AccessToken),
    /// Use this token, and renew it; if that fails, it is still good.
    UseAndRefresh(AccessToken),
    /// Take the store's lock, read what it holds and [`renew`](Session::renew).
    Refresh,
    /// Nothing here can get a token; the error says what must happen.
    LogIn(Error),
}

/// What [`Session::renew`] decides.
#[derive(Debug)]
pub enum Renewal {
    /// Somebody else has renewed it meanwhile.
    Found(AccessToken),
    /// Ask CARTO: carry out the step and its successors, then [`publish`](Session::publish) or report that it
    /// [`failed`](Session::failed).
    Ask(Step<TokenRequest>),
}

/// What a store held *while its lock was held*, the only thing that [`Session::renew`] accepts: a token read
/// before the lock cannot be spent by mistake.
#[derive(Debug)]
pub struct UnderLock(Option<TokenRecord>);

impl UnderLock {
    /// States that `record` was read after the lock was taken and that the lock is still held. Where a lock
    /// cannot be had, what was read last has to do.
    #[must_use]
    pub fn read(record: Option<TokenRecord>) -> Self {
        Self(record)
    }
}

impl Session {
    /// A session of a machine, which can always ask for another token.
    #[must_use]
    pub fn machine(credentials: M2mCredentials, endpoints: Endpoints, jitter: Jitter) -> Self {
        let identity = Identity::machine(&credentials, &endpoints);
        let api_base_url = Some(credentials.api_base_url().clone());
        Self::new(
            Source::Machine {
                credentials,
                endpoints,
                identity,
            },
            api_base_url,
            None,
            jitter,
        )
    }

    /// A session of a person, who logs in elsewhere ([`LoginRequest`](crate::LoginRequest)); `identity` says whose
    /// logins count.
    #[must_use]
    pub fn person(identity: Identity, endpoints: Endpoints, jitter: Jitter) -> Self {
        let api_base_url = identity.api_base_url().cloned();
        let source = Source::Person {
            endpoints,
            identity,
            refresh_token: None,
        };
        Self::new(source, api_base_url, None, jitter)
    }

    /// A session of a token that was given and cannot be renewed.
    #[must_use]
    pub fn given(api_base_url: ApiBaseUrl, token: AccessToken) -> Self {
        let jitter = Jitter::new(0);
        let current = Current::new(token, None, jitter);
        Self::new(Source::Given, Some(api_base_url), Some(current), jitter)
    }

    fn new(
        source: Source,
        api_base_url: Option<ApiBaseUrl>,
        current: Option<Current>,
        jitter: Jitter,
    ) -> Self {
        Self {
            source,
            api_base_url,
            current,
            rejected: None,
            unknown: UnknownKeys::default(),
            failures: Failures::default(),
            jitter,
        }
    }

    /// Whose session it is; `None` for a token that was given.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        match &self.source {
            Source::Machine { identity, .. } | Source::Person { identity, .. } => Some(identity),
            Source::Given => None,
        }
    }

    /// Where the account's APIs are; `None` for a person of whom nothing is known yet, or whose account could not
    /// be asked.
    #[must_use]
    pub fn api_base_url(&self) -> Option<&ApiBaseUrl> {
        self.api_base_url.as_ref()
    }

    /// Whether another token can be had without a person.
    fn is_renewable(&self) -> bool {
        match &self.source {
            Source::Machine { .. } => true,
            Source::Person { refresh_token, .. } => refresh_token.is_some(),
            Source::Given => false,
        }
    }

    /// The last token that is known, whether or not it is still good.
    #[must_use]
    pub fn last_token(&self) -> Option<&AccessToken> {
        self.current.as_ref().map(|current| &current.token)
    }

    /// Says what to do when a token is wanted.
    #[must_use]
    pub fn plan(&self, freshness: Freshness, now: Timestamp) -> Plan {
        let renewable = self.is_renewable();
        match &self.current {
            Some(current) if current.is_usable(freshness, now) => {
                let token = current.token.clone();
                if renewable && current.is_due(now) && !self.failures.pause_at(now) {
                    Plan::UseAndRefresh(token)
                } else {
                    Plan::Use(token)
                }
            }
            _ if renewable => Plan::Refresh,
            Some(current) if current.is_usable(Freshness::default(), now) => Plan::LogIn(Error::NotRenewable),
            Some(current) => Plan::LogIn(Error::Expired {
                expired_at: current.token.expires_at(),
            }),
            None => Plan::LogIn(Error::NotLoggedIn),
        }
    }

    /// Takes over what a store holds, if it is this identity's, was not rejected and lives longer than the
    /// present token.
    pub fn adopt(&mut self, record: Option<TokenRecord>) {
        let Some(record) = record.filter(|record| self.identity().is_some_and(|me| me.owns(record))) else {
            return;
        };
        self.unknown = record.unknown.clone();
        // A server that rotates refresh tokens takes the last one only.
        if let Source::Person { refresh_token, .. } = &mut self.source
            && record.refresh_token.is_some()
        {
            refresh_token.clone_from(&record.refresh_token);
        }
        let lives_longer = match &self.current {
            Some(current) => current
                .token
                .expires_at()
                .is_some_and(|end| end < record.expires_at),
            None => true,
        };
        if lives_longer && self.rejected.as_ref() != Some(&record.access_token) {
            if record.api_base_url.is_some() {
                self.api_base_url = record.api_base_url;
            }
            let token = AccessToken::with_expiry(record.access_token, Some(record.expires_at));
            self.current = Some(Current::new(token, record.obtained_at, self.jitter));
        }
    }

    /// Decides, with what was read under the lock, whether CARTO must be asked.
    ///
    /// # Errors
    /// [`Error::NotLoggedIn`], [`Error::Expired`] or [`Error::NotRenewable`] when there is nothing to ask with.
    pub fn renew(&mut self, read: UnderLock, freshness: Freshness, now: Timestamp) -> Result<Renewal, Error> {
        self.adopt(read.0);
        match (self.plan(freshness, now), &self.source) {
            (Plan::Use(token), _) => Ok(Renewal::Found(token)),
            (Plan::LogIn(error), _) => Err(error),
            (
                _,
                Source::Machine {
                    credentials,
                    endpoints,
                    ..
                },
            ) => {
                let step = TokenRequest::client_credentials(credentials, endpoints, self.jitter, now);
                Ok(Renewal::Ask(step))
            }
            (
                _,
                Source::Person {
                    endpoints,
                    refresh_token: Some(refresh_token),
                    ..
                },
            ) => {
                let step = TokenRequest::refresh_token(refresh_token, endpoints, self.jitter, now);
                Ok(Renewal::Ask(step))
            }
            (_, Source::Person { .. } | Source::Given) => Err(Error::NotLoggedIn),
        }
    }

    /// Makes a granted token the current one, and gives what a store should keep: nothing when nobody knows
    /// when the token ends, for no other process could tell whether it is still good.
    pub fn publish(&mut self, grant: TokenGrant) -> (AccessToken, Option<TokenRecord>) {
        self.failures = Failures::default();
        let token = AccessToken::with_expiry(grant.access_token, grant.expires_at);
        self.current = Some(Current::new(token.clone(), Some(grant.obtained_at), self.jitter));
        if let Source::Person { refresh_token, .. } = &mut self.source
            && grant.refresh_token.is_some()
        {
            *refresh_token = grant.refresh_token;
        }
        (token, self.record())
    }

    /// As [`publish`](Self::publish), for a login: what was known of the last login's account and refresh token
    /// is forgotten.
    pub fn publish_login(&mut self, grant: TokenGrant) -> (AccessToken, Option<TokenRecord>) {
        if let Source::Person {
            identity,
            refresh_token,
            ..
        } = &mut self.source
        {
            *refresh_token = None;
            self.api_base_url = identity.api_base_url().cloned();
        }
        self.publish(grant)
    }

    /// Notes where the account's APIs are, and gives what a store should keep.
    pub fn learn_api_base_url(&mut self, api_base_url: ApiBaseUrl) -> Option<TokenRecord> {
        self.api_base_url = Some(api_base_url);
        self.record()
    }

    fn record(&self) -> Option<TokenRecord> {
        let (current, identity) = (self.current.as_ref()?, self.identity()?);
        let refresh_token = match &self.source {
            Source::Person { refresh_token, .. } => refresh_token.clone(),
            _ => None,
        };
        Some(TokenRecord {
            api_base_url: self.api_base_url.clone(),
            access_token: current.token.secret().clone(),
            refresh_token,
            expires_at: current.token.expires_at()?,
            obtained_at: current.obtained_at,
            owner: Some(identity.owner().clone()),
            unknown: self.unknown.clone(),
        })
    }

    /// Notes that CARTO could not be asked; an early renewal then pauses for 10 s to 5 min, or as long as CARTO
    /// asked for. A refresh token that CARTO calls invalid is forgotten; then the answer is what a store should keep
    /// instead.
    pub fn failed(&mut self, error: &Error, now: Timestamp) -> Option<TokenRecord> {
        self.failures.note(error, now);
        match (&mut self.source, error) {
            (Source::Person { refresh_token, .. }, Error::SessionEnded(_)) => {
                *refresh_token = None;
                self.record()
            }
            _ => None,
        }
    }

    /// Forgets a token that an API refused (401), if it is still the current one, and says whether it was. A
    /// store that still holds it does not bring it back.
    pub fn reject(&mut self, token: &AccessToken) -> bool {
        let is_current = self
            .current
            .as_ref()
            .is_some_and(|current| current.token.secret() == token.secret());
        if is_current {
            self.current = None;
            self.rejected = Some(token.secret().clone());
        }
        is_current
    }

    /// Forgets the current token, and gives it back.
    pub fn log_out(&mut self) -> Option<AccessToken> {
        if let Source::Person { refresh_token, .. } = &mut self.source {
            *refresh_token = None;
        }
        self.current.take().map(|current| current.token)
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;

//! The token policy: which token to use, when to get another, and what to do when that fails.
//!
//! ```text
//!            obtained                        refresh_at       usable_until  expires
//!               │◀────────────── Use ────────────▶│◀─ UseAndRefresh ─▶│◀─ Refresh ─▶
//! ```

use std::time::Duration;

use crate::access_token::AccessToken;
use crate::api_base_url::ApiBaseUrl;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::freshness::{Current, Failures, Freshness, Ready};
use crate::identity::Identity;
use crate::m2m_credentials::M2mCredentials;
use crate::plan::{Failed, Generation, Plan, Renewal, UnderLock};
use crate::retry::Jitter;
use crate::seen::Seen;
use crate::source::Source;
use crate::timestamp::Timestamp;
use crate::token_file::{TokenRecord, UnknownKeys};
use crate::token_request::TokenRequest;
use crate::token_response::TokenGrant;

/// How long a person's token is kept of which nobody knows when it ends: a login must outlive its process.
const ASSUMED_LIFE: Duration = Duration::from_secs(3600);

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
    seen: Seen,
    unknown: UnknownKeys,
    failures: Failures,
    jitter: Jitter,
    generation: Generation,
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
            seen: Seen::default(),
            unknown: UnknownKeys::default(),
            failures: Failures::default(),
            jitter,
            generation: Generation::default(),
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
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        self.source.is_renewable()
    }

    /// Which login this is, counted.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// True when a renewal would spend a refresh token, which two must not do at once.
    #[must_use]
    pub fn spends_refresh_token(&self) -> bool {
        matches!(&self.source, Source::Person { refresh_token, .. } if refresh_token.is_some())
    }

    /// The last token that is known, whether or not it is still good.
    #[must_use]
    pub fn last_token(&self) -> Option<&AccessToken> {
        self.current.as_ref().map(|current| &current.token)
    }

    /// Says what to do when a token is wanted. A token is due in the last 5 minutes of its life, or the last fifth of a short
    /// one, and not handed out in its last 10 seconds, or its last tenth.
    #[must_use]
    pub fn plan(&self, freshness: Freshness, now: Timestamp) -> Plan {
        let renewable = self.is_renewable();
        let is_usable = |current: &Current| {
            current.is_usable(freshness, now) || renewable && current.is_best(freshness, now)
        };
        match &self.current {
            Some(current) if is_usable(current) => {
                let token = current.token.clone();
                if renewable && current.is_due(now) && !self.failures.pause_at(now) {
                    Plan::UseAndRefresh(token)
                } else {
                    Plan::Use(token)
                }
            }
            _ if renewable => Plan::Refresh,
            Some(current) if current.is_usable(Freshness::default(), now) => Plan::LogIn(Error::NotRenewable),
            Some(current) => Plan::LogIn(current.why_not(now)),
            None => Plan::LogIn(Error::NotLoggedIn),
        }
    }

    /// The current token, with the time in which it is to be used as it is; `None` when there is none.
    #[must_use]
    pub fn ready(&self) -> Option<Ready> {
        let current = self.current.as_ref()?;
        Some(current.ready(self.is_renewable()))
    }

    /// Takes over what a store holds, if it is this identity's and news here: somebody else has put it there. Token,
    /// refresh token and API base URL belong together: they come from one record, or stay as they are. A machine keeps a
    /// good token that was obtained later.
    pub fn adopt(&mut self, record: Option<TokenRecord>, now: Timestamp) {
        let Some(record) = record.filter(|record| self.identity().is_some_and(|me| me.owns(record))) else {
            return;
        };
        let is_current = self
            .current
            .as_ref()
            .is_some_and(|current| *current.token.secret() == record.access_token);
        if is_current || self.seen.knows(&record) {
            // Another file, or another answer of CARTO, with the refresh token that goes with it.
            if is_current
                && let (Source::Person { refresh_token, .. }, Some(stored)) =
                    (&mut self.source, record.refresh_token)
                && !self.seen.is_spent(&stored)
            {
                *refresh_token = Some(stored);
            }
            self.seen.read(record.access_token);
            return;
        }
        let is_better = |current: &Current| {
            current.is_usable(Freshness::default(), now) && !current.is_older_than(&record)
        };
        let is_machine = matches!(self.source, Source::Machine { .. });
        if is_machine && self.current.as_ref().is_some_and(is_better) {
            return;
        }
        self.unknown = record.unknown;
        self.seen.took(record.access_token.clone());
        if let Source::Person {
            endpoints,
            identity,
            refresh_token,
        } = &mut self.source
        {
            *refresh_token = record.refresh_token;
            let named = identity.api_base_url();
            self.api_base_url = record
                .api_base_url
                .filter(|base| named == Some(base) || endpoints.check_api_base_url(base).is_ok())
                .or_else(|| named.cloned());
        }
        if !self.seen.is_rejected(&record.access_token) {
            let token = AccessToken::with_expiry(record.access_token, Some(record.expires_at));
            self.current = Some(Current::new(token, record.obtained_at, self.jitter));
        }
    }

    /// Decides, with what was read under the lock, whether CARTO must be asked.
    ///
    /// # Errors
    /// [`Error::NotLoggedIn`], [`Error::Expired`], [`Error::ClockWentBack`] or [`Error::NotRenewable`] when there is nothing to ask with.
    pub fn renew(&mut self, read: UnderLock, freshness: Freshness, now: Timestamp) -> Result<Renewal, Error> {
        self.adopt(read.0, now);
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
                Ok(Renewal::Ask(step, self.generation))
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
                Ok(Renewal::Ask(step, self.generation))
            }
            (_, Source::Person { .. } | Source::Given) => Err(Error::NotLoggedIn),
        }
    }

    /// Makes a granted token the current one, and gives what a store should keep: nothing when nobody knows
    /// when a machine's token ends, for no other process could tell whether it is still good.
    ///
    /// A token that was asked for before a login or logout is not kept: whoever waits for it gets it, or the one that
    /// is current.
    pub fn publish(&mut self, grant: TokenGrant, asked_in: Generation) -> (AccessToken, Option<TokenRecord>) {
        let token = AccessToken::with_expiry(grant.access_token, grant.expires_at);
        if asked_in != self.generation {
            let current = self.current.as_ref().map(|current| current.token.clone());
            return (current.unwrap_or(token), None);
        }
        self.failures = Failures::default();
        self.seen.gave(token.secret().clone());
        self.current = Some(Current::new(token.clone(), Some(grant.obtained_at), self.jitter));
        if let Source::Person { refresh_token, .. } = &mut self.source
            && grant.refresh_token.is_some()
        {
            self.seen.spent(refresh_token.take());
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
        self.generation.0 += 1;
        self.publish(grant, self.generation)
    }

    /// Notes where the APIs of a token's account are, if the token is still the current one, and gives what a store
    /// should keep.
    pub fn learn_api_base_url(
        &mut self,
        token: &AccessToken,
        api_base_url: ApiBaseUrl,
    ) -> Option<TokenRecord> {
        if self.last_token()?.secret() != token.secret() {
            return None;
        }
        self.api_base_url = Some(api_base_url);
        self.record()
    }

    fn record(&self) -> Option<TokenRecord> {
        let (current, identity) = (self.current.as_ref()?, self.identity()?);
        let (refresh_token, assumed_end) = match &self.source {
            Source::Person { refresh_token, .. } => {
                let end = current.obtained_at.map(|start| start + ASSUMED_LIFE);
                (refresh_token.clone(), end)
            }
            _ => (None, None),
        };
        let end = current.token.expires_at().or(assumed_end)?;
        Some(TokenRecord {
            api_base_url: self.api_base_url.clone(),
            access_token: current.token.secret().clone(),
            claims: current.token.claims(),
            refresh_token,
            expires_at: end,
            ends_by: end,
            obtained_at: current.obtained_at,
            owner: Some(identity.owner().clone()),
            unknown: self.unknown.clone(),
        })
    }

    /// Notes that CARTO could not be asked; an early renewal then pauses for 10 s to 5 min, or as long as CARTO
    /// asked for. A refresh token that CARTO calls invalid is forgotten. What was asked for before a login or logout says
    /// nothing about the session after it.
    pub fn failed(&mut self, error: &Error, asked_in: Generation, now: Timestamp) -> Failed {
        if asked_in != self.generation {
            return Failed::Noted;
        }
        self.failures.note(error, now);
        let Source::Person { refresh_token, .. } = &mut self.source else {
            return Failed::Noted;
        };
        if !matches!(error, Error::SessionEnded(_)) {
            return Failed::Noted;
        }
        self.seen.spent(refresh_token.take());
        let is_good = |current: &Current| current.is_usable(Freshness::default(), now);
        match self.record() {
            Some(record) if self.current.as_ref().is_some_and(is_good) => Failed::Keep(Box::new(record)),
            _ => Failed::Forget,
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
            self.seen.rejected(token.secret().clone());
        }
        is_current
    }

    /// Forgets the current token, and gives it back.
    pub fn log_out(&mut self) -> Option<AccessToken> {
        if let Source::Person { refresh_token, .. } = &mut self.source {
            *refresh_token = None;
        }
        self.api_base_url = match &self.source {
            Source::Person { identity, .. } => identity.api_base_url().cloned(),
            _ => self.api_base_url.take(),
        };
        self.generation.0 += 1;
        self.current.take().map(|current| current.token)
    }

    /// As [`log_out`](Self::log_out), because a store that held a login holds nothing any more: somebody else has logged out,
    /// or its files are away for a while. Whatever it holds next is news.
    pub fn logged_out_elsewhere(&mut self) {
        self.log_out();
        self.seen.nothing();
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "person_session_tests.rs"]
mod person_tests;

#[cfg(test)]
#[path = "seen_tests.rs"]
mod seen_tests;

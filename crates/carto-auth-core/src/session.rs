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
use crate::identity::Identity;
use crate::m2m_credentials::M2mCredentials;
use crate::retry::Jitter;
use crate::secret::Secret;
use crate::step::Step;
use crate::timestamp::Timestamp;
use crate::token_file::{TokenRecord, UnknownKeys};
use crate::token_request::TokenRequest;
use crate::token_response::TokenGrant;

/// A token is renewed this long before its end at most, or a fifth of its life.
const EARLY: Duration = Duration::from_secs(300);
/// A token is not handed out this long before its end, or a tenth of its life if that is less.
const MARGIN: Duration = Duration::from_secs(10);
/// How far the clock may go back before a token counts as stale.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(300);
/// The pause after the first failed early renewal; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

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
    api_base_url: ApiBaseUrl,
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
    /// The token was given; there is no other.
    Given,
}

#[derive(Debug)]
struct Current {
    token: AccessToken,
    obtained_at: Option<Timestamp>,
    refresh_at: Option<Timestamp>,
    usable_until: Option<Timestamp>,
}

#[derive(Default, Debug)]
struct Failures {
    in_a_row: u32,
    asked_to_wait: Duration,
    last: Option<Timestamp>,
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

/// What the caller asks of a token beyond being valid.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Freshness {
    min_ttl: Duration,
    newer_than: Option<Timestamp>,
}

impl Freshness {
    /// The token must live at least this long.
    #[must_use]
    pub fn min_ttl(min_ttl: Duration) -> Self {
        Self {
            min_ttl,
            newer_than: None,
        }
    }

    /// The token must have been obtained after this time.
    #[must_use]
    pub fn newer_than(time: Timestamp) -> Self {
        Self {
            min_ttl: Duration::ZERO,
            newer_than: Some(time),
        }
    }
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
        let api_base_url = credentials.api_base_url().clone();
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

    /// A session of a token that was given and cannot be renewed.
    #[must_use]
    pub fn given(api_base_url: ApiBaseUrl, token: AccessToken) -> Self {
        let jitter = Jitter::new(0);
        let current = Current::new(token, None, jitter);
        Self::new(Source::Given, api_base_url, Some(current), jitter)
    }

    fn new(source: Source, api_base_url: ApiBaseUrl, current: Option<Current>, jitter: Jitter) -> Self {
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
            Source::Machine { identity, .. } => Some(identity),
            Source::Given => None,
        }
    }

    /// Where the account's APIs are.
    #[must_use]
    pub fn api_base_url(&self) -> &ApiBaseUrl {
        &self.api_base_url
    }

    /// Says what to do when a token is wanted.
    #[must_use]
    pub fn plan(&self, freshness: Freshness, now: Timestamp) -> Plan {
        let renewable = self.identity().is_some();
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
        self.unknown = record.unknown_keys().clone();
        let lives_longer = match &self.current {
            Some(current) => current
                .token
                .expires_at()
                .is_some_and(|end| end < record.expires_at()),
            None => true,
        };
        if lives_longer && self.rejected.as_ref() != Some(record.access_token()) {
            let token = AccessToken::with_expiry(record.access_token().clone(), Some(record.expires_at()));
            self.current = Some(Current::new(token, record.obtained_at(), self.jitter));
        }
    }

    /// Decides, with what was read under the lock, whether CARTO must be asked.
    ///
    /// # Errors
    /// [`Error::NotLoggedIn`] or [`Error::Expired`] when the token was given and cannot be renewed.
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
            (_, Source::Given) => Err(Error::NotLoggedIn),
        }
    }

    /// Makes a granted token the current one, and gives what a store should keep: nothing when nobody knows
    /// when the token ends, for no other process could tell whether it is still good.
    pub fn publish(&mut self, grant: TokenGrant) -> (AccessToken, Option<TokenRecord>) {
        self.failures = Failures::default();
        let token = AccessToken::with_expiry(grant.access_token.clone(), grant.expires_at);
        self.current = Some(Current::new(token.clone(), Some(grant.obtained_at), self.jitter));
        let record = grant
            .expires_at
            .zip(self.identity())
            .map(|(expires_at, identity)| {
                TokenRecord::new(
                    self.api_base_url.clone(),
                    grant.access_token,
                    expires_at,
                    grant.obtained_at,
                    identity.owner().clone(),
                    self.unknown.clone(),
                )
            });
        (token, record)
    }

    /// Notes that CARTO could not be asked; an early renewal then pauses for 10 s to 5 min, or as long as CARTO
    /// asked for.
    pub fn failed(&mut self, error: &Error, now: Timestamp) {
        let asked = error.oauth().and_then(|refusal| refusal.retry_after);
        self.failures = Failures {
            in_a_row: self.failures.in_a_row.saturating_add(1),
            asked_to_wait: asked.unwrap_or_default(),
            last: Some(now),
        };
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
        self.current.take().map(|current| current.token)
    }
}

impl Current {
    fn new(token: AccessToken, obtained_at: Option<Timestamp>, jitter: Jitter) -> Self {
        let end = token.expires_at();
        let life = obtained_at.zip(end).map(|(start, end)| end.since(start));
        let early = life.map_or(EARLY, |life| EARLY.min(life / 5));
        let margin = life.map_or(MARGIN, |life| MARGIN.min(life / 10));
        Self {
            token,
            obtained_at,
            refresh_at: end.map(|end| end - early + jitter.up_to(early / 5)),
            usable_until: end.map(|end| end - margin),
        }
    }

    fn is_usable(&self, freshness: Freshness, now: Timestamp) -> bool {
        let clock_went_back = self
            .obtained_at
            .is_some_and(|start| start.since(now) > CLOCK_TOLERANCE);
        let lives = self.usable_until.is_none_or(|end| now < end);
        let long_enough = self
            .token
            .expires_at()
            .is_none_or(|end| end.since(now) >= freshness.min_ttl);
        let new_enough = match (freshness.newer_than, self.obtained_at) {
            (Some(time), Some(start)) => start >= time,
            (Some(_), None) => false,
            (None, _) => true,
        };
        lives && !clock_went_back && long_enough && new_enough
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.refresh_at.is_some_and(|time| now >= time)
    }
}

impl Failures {
    /// True while the pause after the last failure lasts. A clock that went back ends it.
    fn pause_at(&self, now: Timestamp) -> bool {
        let doublings = self.in_a_row.saturating_sub(1).min(5);
        let pause = LONGEST_PAUSE
            .min(FIRST_PAUSE * 2_u32.pow(doublings))
            .max(self.asked_to_wait);
        self.last
            .is_some_and(|last| now >= last && now.since(last) < pause)
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;

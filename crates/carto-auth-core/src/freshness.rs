//! When a token is good, when it is due for renewal, and how long a failed renewal rests.

use std::ops::Range;
use std::time::Duration;

use crate::access_token::{AccessToken, earlier};
use crate::error::Error;
use crate::retry::Jitter;
use crate::timestamp::Timestamp;
use crate::token_file::TokenRecord;

/// A token is renewed this long before its end at most, or a fifth of its life. For as long after it was obtained, no new one
/// would be any better.
const EARLY: Duration = Duration::from_secs(300);
/// A token is not handed out this long before its end, or a tenth of its life if that is less.
const MARGIN: Duration = Duration::from_secs(10);
/// How far the clock may go back before a token counts as stale.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(300);
/// The pause after the first failed early renewal; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What the caller asks of a token beyond being valid.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Freshness {
    min_ttl: Duration,
    newer_than: Option<Timestamp>,
}

impl Freshness {
    /// The token must live at least this long. Where CARTO's tokens live for less, a new one will do: one
    /// that was obtained in the last five minutes, or is in the first fifth of its life if that is shorter.
    #[must_use]
    pub const fn min_ttl(min_ttl: Duration) -> Self {
        Self {
            min_ttl,
            newer_than: None,
        }
    }

    /// True when any new token will do, however short it lives: none that lives longer is to be had.
    #[must_use]
    pub fn takes_any_new(self) -> bool {
        self.newer_than.is_none()
    }

    /// True when what was obtained at this time is as new as is wanted.
    pub(crate) fn is_newer(self, obtained_at: Timestamp) -> bool {
        self.newer_than.is_none_or(|time| obtained_at > time)
    }

    /// The token must have been obtained after this time.
    #[must_use]
    pub const fn newer_than(time: Timestamp) -> Self {
        Self {
            min_ttl: Duration::ZERO,
            newer_than: Some(time),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) token: AccessToken,
    pub(crate) obtained_at: Option<Timestamp>,
    refresh_at: Option<Timestamp>,
    usable_until: Option<Timestamp>,
    newest: Option<Newest>,
}

/// A token that has just come: another one would live no longer than its whole life.
#[derive(Clone, Copy, Debug)]
struct Newest {
    life: Duration,
    until: Timestamp,
}

impl Newest {
    /// True when no new token would live for as long as is asked.
    fn will_do(self, freshness: Freshness, now: Timestamp) -> bool {
        self.life <= freshness.min_ttl && now < self.until
    }
}

#[derive(Default, Debug)]
pub(crate) struct Failures {
    in_a_row: u32,
    asked_to_wait: Duration,
    last: Option<Timestamp>,
}

impl Current {
    pub(crate) fn new(token: AccessToken, obtained_at: Option<Timestamp>, jitter: Jitter) -> Self {
        let end = token.expires_at();
        let life = obtained_at.zip(end).map(|(start, end)| end.since(start));
        let early = life.map_or(EARLY, |life| EARLY.min(life / 5));
        let margin = life.map_or(MARGIN, |life| MARGIN.min(life / 10));
        Self {
            token,
            obtained_at,
            refresh_at: end.map(|end| end - early + jitter.up_to(early / 5)),
            usable_until: end.map(|end| end - margin),
            newest: obtained_at.zip(life).map(|(start, life)| Newest {
                life,
                until: start + early,
            }),
        }
    }

    /// True when what a store holds was obtained later, or lives longer where that is not known.
    pub(crate) fn is_older_than(&self, record: &TokenRecord) -> bool {
        match (self.obtained_at, record.obtained_at()) {
            (Some(ours), Some(theirs)) if ours.as_unix_seconds() != theirs.as_unix_seconds() => ours < theirs,
            _ => self
                .token
                .expires_at()
                .is_some_and(|end| end < record.expires_at()),
        }
    }

    pub(crate) fn is_usable(&self, freshness: Freshness, now: Timestamp) -> bool {
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
        lives && !self.is_from_the_future(now) && long_enough && new_enough
    }

    /// True when this token is good, and no new one would live for as long as is asked, either.
    pub(crate) fn is_best(&self, freshness: Freshness, now: Timestamp) -> bool {
        freshness.takes_any_new()
            && self.newest.is_some_and(|newest| newest.will_do(freshness, now))
            && self.is_usable(Freshness::default(), now)
    }

    /// What makes a token unusable that is not wanted to be more than valid.
    pub(crate) fn why_not(&self, now: Timestamp) -> Error {
        let expired_at = self.token.expires_at();
        match self.obtained_at {
            Some(obtained_at) if self.is_from_the_future(now) && expired_at.is_none_or(|end| now < end) => {
                Error::ClockWentBack { obtained_at }
            }
            _ => Error::Expired { expired_at },
        }
    }

    fn is_from_the_future(&self, now: Timestamp) -> bool {
        self.obtained_at
            .is_some_and(|start| start.since(now) > CLOCK_TOLERANCE)
    }

    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.refresh_at.is_some_and(|time| now >= time)
    }

    pub(crate) fn ready(&self, is_renewable: bool) -> Ready {
        let due = self.refresh_at.filter(|_| is_renewable);
        Ready {
            token: self.token.clone(),
            when: self
                .obtained_at
                .map_or(FOR_EVER.start, |start| start - CLOCK_TOLERANCE)
                ..earlier(due, self.usable_until).unwrap_or(FOR_EVER.end),
            newest: self.newest.filter(|_| is_renewable),
        }
    }
}

/// A token that nothing must be done for until it is due: what a [`Session`](crate::Session) has to say while it does not
/// change, to be kept where many threads read it.
#[derive(Clone, Debug)]
pub struct Ready {
    token: AccessToken,
    when: Range<Timestamp>,
    newest: Option<Newest>,
}

const FOR_EVER: Range<Timestamp> =
    Timestamp::from_unix_millis(i64::MIN)..Timestamp::from_unix_millis(i64::MAX);

impl Ready {
    /// The token, where the session would answer [`Plan::Use`](crate::Plan::Use); `None` to ask the session.
    #[must_use]
    #[inline]
    pub fn token(&self, freshness: Freshness, now: Timestamp) -> Option<&AccessToken> {
        let lives_longer = || {
            let end = self.token.expires_at();
            end.is_none_or(|end| end.since(now) >= freshness.min_ttl)
                || self.newest.is_some_and(|newest| newest.will_do(freshness, now))
        };
        (self.when.contains(&now)
            && freshness.newer_than.is_none()
            && (freshness.min_ttl.is_zero() || lives_longer()))
        .then_some(&self.token)
    }
}

impl Failures {
    pub(crate) fn note(&mut self, error: &Error, now: Timestamp) {
        let asked = error.oauth().and_then(|refusal| refusal.retry_after);
        *self = Self {
            in_a_row: self.in_a_row.saturating_add(1),
            asked_to_wait: asked.unwrap_or_default(),
            last: Some(now),
        };
    }

    /// True while the pause after the last failure lasts. A clock that went back ends it.
    pub(crate) fn pause_at(&self, now: Timestamp) -> bool {
        let doublings = self.in_a_row.saturating_sub(1).min(5);
        let pause = LONGEST_PAUSE
            .min(FIRST_PAUSE * 2_u32.pow(doublings))
            .max(self.asked_to_wait);
        self.last
            .is_some_and(|last| now >= last && now.since(last) < pause)
    }
}

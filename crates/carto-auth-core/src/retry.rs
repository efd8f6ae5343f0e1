//! Which failures are tried again, after how long, and when to give up.

use std::time::Duration;

use crate::error::Error;
use crate::timestamp::Timestamp;

/// How long connecting may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one exchange may take.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long all exchanges and waits of one flow may take together.
const FLOW_TIMEOUT: Duration = Duration::from_secs(90);
/// How long a request may take that only asks whether somebody answers.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a request is sent at most.
const MOST_ATTEMPTS: u32 = 3;
/// The longest `Retry-After` that is waited for; beyond it the caller is told.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The wait before the second attempt when the server does not name one; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// A random number that spreads the waits of many processes. Any number will do; it need not be secret.
///
/// ```
/// let jitter = carto_auth_core::Jitter::new(0x5eed);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// Takes 64 random bits.
    #[must_use]
    pub const fn new(bits: u64) -> Self {
        Self(bits)
    }

    /// A part of `most`, evenly spread from nothing to all of it.
    pub(crate) fn up_to(self, most: Duration) -> Duration {
        most.mul_f64((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// The next number (`SplitMix64`).
    fn next(&mut self) -> Self {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(z ^ (z >> 31))
    }
}

/// The attempts of one request that may be sent again.
pub(crate) struct Attempts {
    made: u32,
    left: Duration,
    sent_at: Timestamp,
    timeout: Duration,
    repeat: Repeat,
    jitter: Jitter,
}

/// What a second copy of a request does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Repeat {
    /// No harm.
    Harmless,
    /// It spends something that is good once: a code, a refresh token.
    Spends,
}

impl Attempts {
    pub(crate) fn new(repeat: Repeat, jitter: Jitter) -> Self {
        Self {
            made: 0,
            left: FLOW_TIMEOUT,
            sent_at: Timestamp::from_unix_seconds(0),
            timeout: EXCHANGE_TIMEOUT,
            repeat,
            jitter,
        }
    }

    /// The one attempt of a request that asks whether somebody answers: that nobody does is an answer.
    pub(crate) fn probe() -> Self {
        Self {
            made: MOST_ATTEMPTS - 1,
            left: PROBE_TIMEOUT,
            ..Self::new(Repeat::Harmless, Jitter::new(0))
        }
    }

    /// Starts an attempt and gives the time it may take.
    pub(crate) fn begin(&mut self, now: Timestamp) -> Duration {
        self.made += 1;
        self.sent_at = now;
        self.timeout = EXCHANGE_TIMEOUT.min(self.left);
        self.timeout
    }

    /// When the present attempt was sent.
    pub(crate) fn sent_at(&self) -> Timestamp {
        self.sent_at
    }

    /// Goes on with the time that other attempts of the same flow have left.
    pub(crate) fn continue_from(&mut self, last: &Self, now: Timestamp) {
        self.left = last
            .left
            .saturating_sub(now.since(last.sent_at).min(last.timeout));
    }

    /// How long to wait before the next attempt, or `None` when the failure is final.
    pub(crate) fn wait_after(&mut self, failure: &Error, now: Timestamp) -> Option<Duration> {
        // The driver's timer, which is monotonic, bounds what an attempt took; a wall clock that jumped cannot
        // claim more.
        self.left = self
            .left
            .saturating_sub(now.since(self.sent_at).min(self.timeout));
        if self.made >= MOST_ATTEMPTS || !may_be_tried_again(failure, self.repeat) {
            return None;
        }
        let asked = failure.oauth().and_then(|refusal| refusal.retry_after);
        let wait = asked.unwrap_or_else(|| self.own_wait());
        if wait > LONGEST_WAIT || wait >= self.left {
            return None;
        }
        self.left -= wait;
        Some(wait)
    }

    /// Half a second, doubled each time, and up to as much again.
    fn own_wait(&mut self) -> Duration {
        let base = FIRST_WAIT * 2_u32.pow(self.made.saturating_sub(1));
        base + self.jitter.next().up_to(base)
    }
}

/// What did not leave, unless somebody has refused it for good; 429, 502, 503 and 504 too, where a second copy is harmless.
fn may_be_tried_again(failure: &Error, repeat: Repeat) -> bool {
    match failure {
        Error::Transport { error, .. } => error.may_be_tried_again(),
        _ if repeat == Repeat::Spends => false,
        Error::RateLimited(_) => true,
        Error::Unavailable(refusal) => matches!(refusal.status, 502..=504),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_spread_between_nothing_and_all() {
        let most = Duration::from_secs(1);
        assert_eq!(Jitter::new(0).up_to(most), Duration::ZERO);
        assert_eq!(Jitter::new(u64::MAX).up_to(most), most);
        let mut jitter = Jitter::new(7);
        let draws: Vec<_> = (0..1000).map(|_| jitter.next().up_to(most).as_millis()).collect();
        assert!(draws.iter().any(|ms| *ms < 100) && draws.iter().any(|ms| *ms > 900));
    }
}

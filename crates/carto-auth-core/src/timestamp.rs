//! Wall-clock time, handed in by the driver.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. Arithmetic saturates.
///
/// The core never reads a clock; whatever needs the time takes a `Timestamp`, and `SystemTime` converts.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use carto_auth_core::Timestamp;
///
/// let now = Timestamp::from(SystemTime::now());
/// assert_eq!((now + Duration::from_secs(60)).since(now), Duration::from_secs(60));
/// assert_eq!(now.since(now + Duration::from_secs(60)), Duration::ZERO);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From whole seconds since the epoch, the unit of a JWT's `exp` and of the token file. What milliseconds in 64 bits do
    /// not hold is the end of time, or its beginning.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time that passed from `earlier` to this, or zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0)).map_or(Duration::ZERO, Duration::from_millis)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(millis(after)),
            Err(before) => Self(-millis(before.duration())),
        }
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let distance = Duration::from_millis(time.0.unsigned_abs());
        let moved = if time.0 < 0 {
            UNIX_EPOCH.checked_sub(distance)
        } else {
            UNIX_EPOCH.checked_add(distance)
        };
        moved.unwrap_or(UNIX_EPOCH)
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, distance: Duration) -> Self {
        Self(self.0.saturating_add(millis(distance)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, distance: Duration) -> Self {
        Self(self.0.saturating_sub(millis(distance)))
    }
}

fn millis(distance: Duration) -> i64 {
    i64::try_from(distance.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let end = Timestamp::from_unix_seconds(i64::MAX);
        assert_eq!(end + Duration::MAX, Timestamp(i64::MAX));
        assert_eq!(
            Timestamp::from_unix_seconds(i64::MIN) - Duration::MAX,
            Timestamp(i64::MIN)
        );
        assert_eq!(Timestamp(i64::MIN).since(end), Duration::ZERO);
    }

    #[test]
    fn seconds_before_the_epoch_round_down() {
        assert_eq!(Timestamp(-1).as_unix_seconds(), -1);
        assert_eq!(
            Timestamp::from(UNIX_EPOCH - Duration::from_millis(1500)).as_unix_seconds(),
            -2
        );
    }
}

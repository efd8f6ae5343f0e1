//! Python's skewed `expiration`, written and read.
//!
//! The Python package computes it as `datetime.utcnow().timestamp()` arithmetic: a naive UTC time that is read
//! as local time. The result is off by the local UTC offset, and Python compares it in the same skewed clock.

use crate::timestamp::Timestamp;

/// The local UTC offset in seconds, east positive, that was or will be in force at a time. How it is known is
/// the caller's affair.
pub type LocalOffset<'a> = &'a dyn Fn(Timestamp) -> i64;

/// A day, in seconds: longer than any UTC offset, shorter than the time between two changes of one.
const DAY: i64 = 86_400;

/// What Python, in this zone, would write for a token that ends at `end`.
///
/// `datetime.timestamp()` of a local time that occurs twice means its first occurrence, and of one that a
/// change skips means the offset before the change; so must this.
pub(crate) fn skew(end: Timestamp, offset: LocalOffset<'_>) -> i64 {
    let local = end.as_unix_seconds();
    let reading = |by: i64| local.saturating_sub(by);
    let before = offset_at(offset, local.saturating_sub(DAY));
    let after = offset_at(offset, local.saturating_add(DAY));
    let exact = |by: i64| offset_at(offset, reading(by)) == by;
    if !exact(before) && exact(after) {
        reading(after)
    } else {
        reading(before)
    }
}

/// When a token ends whose `expiration` Python wrote: un-skewed by the offset of this zone, or as it stands
/// (it may have been written in another zone), whichever is earlier.
pub(crate) fn unskew(expiration: i64, offset: LocalOffset<'_>) -> Timestamp {
    let shifted = |by: i64| Timestamp::from_unix_seconds(expiration.saturating_add(by));
    let usual = shifted(offset_at(offset, expiration));
    // Where a change skips an hour, two ends are written as the same number; the earlier one is safe.
    let skipped = shifted(offset_at(offset, expiration.saturating_sub(DAY)));
    let unskewed = if skew(skipped, offset) == expiration {
        usual.min(skipped)
    } else {
        usual
    };
    unskewed.min(Timestamp::from_unix_seconds(expiration))
}

fn offset_at(offset: LocalOffset<'_>, seconds: i64) -> i64 {
    offset(Timestamp::from_unix_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(i64) -> Timestamp = Timestamp::from_unix_seconds;

    /// New York in spring 2026: UTC−5, from 2026-03-08T07:00:00Z on UTC−4.
    fn spring(at: Timestamp) -> i64 {
        if at.as_unix_seconds() < 1_772_953_200 {
            -18_000
        } else {
            -14_400
        }
    }

    /// Madrid in autumn 2026: UTC+2, from 2026-10-25T01:00:00Z on UTC+1.
    fn autumn(at: Timestamp) -> i64 {
        if at.as_unix_seconds() < 1_792_890_000 {
            7200
        } else {
            3600
        }
    }

    // The expected numbers were printed by CPython 3.11:
    // `datetime.utcfromtimestamp(T).timestamp()` with TZ set.
    #[test]
    fn the_skew_is_what_python_would_have_written() {
        for (end, written) in SPRING {
            assert_eq!(skew(AT(end), &spring), written, "{end}");
        }
        for (end, written) in AUTUMN {
            assert_eq!(skew(AT(end), &autumn), written, "{end}");
        }
    }

    #[test]
    fn west_of_greenwich_the_reading_is_exact_around_a_change() {
        for (end, written) in SPRING {
            let read = unskew(written, &spring);
            assert!(read <= AT(end), "{end}: never later than the truth");
            let skipped = (1_772_935_200..1_772_938_800 + 3600).contains(&end);
            assert!(read == AT(end) || skipped, "{end}: exact beyond the skipped hour");
        }
    }

    #[test]
    fn east_of_greenwich_the_earlier_reading_counts() {
        for (end, written) in AUTUMN {
            assert_eq!(unskew(written, &autumn), AT(written.min(end)));
        }
    }

    const SPRING: [(i64, i64); 8] = [
        (1_772_900_000, 1_772_918_000),
        (1_772_935_199, 1_772_953_199),
        (1_772_935_200, 1_772_953_200),
        (1_772_938_799, 1_772_956_799),
        (1_772_938_800, 1_772_953_200),
        (1_772_953_200, 1_772_967_600),
        (1_772_990_000, 1_773_004_400),
        (1_790_000_000, 1_790_014_400),
    ];

    const AUTUMN: [(i64, i64); 7] = [
        (1_792_800_000, 1_792_792_800),
        (1_792_893_599, 1_792_886_399),
        (1_792_893_600, 1_792_886_400),
        (1_792_897_199, 1_792_889_999),
        (1_792_897_200, 1_792_893_600),
        (1_792_950_000, 1_792_946_400),
        (1_799_990_000, 1_799_986_400),
    ];
}

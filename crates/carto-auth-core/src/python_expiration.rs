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

/// What Python, in this zone, would write for a token that ends at `end`; but an end that the clocks skip (its UTC
/// reading, taken for local time, falls into the hour that a change leaves out) is written as that much earlier, for
/// Python's clock goes back over it: it would hand out the dead token for up to an hour.
///
/// `datetime.timestamp()` of a local time that occurs twice means its first occurrence; so must this.
pub(crate) fn skew(end: Timestamp, offset: LocalOffset<'_>) -> i64 {
    let local = end.as_unix_seconds();
    let (before, after) = offsets_around(local, offset);
    let with_before = local.saturating_sub(before);
    match offset_at(offset, with_before) == before {
        true => with_before,
        false => local.saturating_sub(after),
    }
}

/// The earliest and the latest end that an `expiration` of Python's can stand for: un-skewed by the offsets that are in
/// force around it, or as it stands, for it may have been written where that is UTC.
pub(crate) fn unskew(expiration: i64, offset: LocalOffset<'_>) -> (Timestamp, Timestamp) {
    let (before, after) = offsets_around(expiration, offset);
    let shifted = |by: i64| Timestamp::from_unix_seconds(expiration.saturating_add(by));
    let earliest = before.min(after).min(0);
    let latest = before.max(after).max(0);
    (shifted(earliest), shifted(latest))
}

/// The offsets a day before and a day after.
fn offsets_around(seconds: i64, offset: LocalOffset<'_>) -> (i64, i64) {
    let at = |by: i64| offset_at(offset, seconds.saturating_add(by));
    (at(-DAY), at(DAY))
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
            let earlier = if SKIPPED.contains(&end) { 3600 } else { 0 };
            assert_eq!(skew(AT(end), &spring), written - earlier, "{end}");
        }
        for (end, written) in AUTUMN {
            assert_eq!(skew(AT(end), &autumn), written, "{end}");
        }
    }

    #[test]
    fn once_an_end_has_passed_pythons_clock_is_beyond_what_was_written() {
        // Python's clock, by the rules above: an hour goes by twice in spring.
        let clock = |now: i64| {
            if now < 1_772_938_800 {
                now + 18_000
            } else {
                now + 14_400
            }
        };
        for end in (1_772_928_000..1_772_946_000).step_by(60) {
            let written = skew(AT(end), &spring);
            let served_dead = (end..end + 14_400).step_by(60).any(|now| clock(now) < written);
            assert!(!served_dead, "{end}");
            assert!(SKIPPED.contains(&end) || written == clock(end), "{end}");
        }
    }

    #[test]
    fn the_end_lies_between_the_two_readings() {
        for (end, written) in SPRING {
            let (earliest, latest) = unskew(written, &spring);
            assert!(earliest <= AT(end) && AT(end) <= latest, "{end}");
            let is_far = (end - SKIPPED.start).abs() > 2 * DAY;
            assert!(!is_far || (earliest, latest) == (AT(end), AT(written)), "{end}");
        }
        for (end, written) in AUTUMN {
            let (earliest, latest) = unskew(written, &autumn);
            assert!(earliest <= AT(end) && AT(end) <= latest, "{end}");
            let is_far = (end - AUTUMN[0].0).abs() > 3 * DAY;
            assert!(!is_far || (earliest, latest) == (AT(written), AT(end)), "{end}");
        }
    }

    /// The ends whose reading as local time falls into the hour that New York leaves out.
    const SKIPPED: std::ops::Range<i64> = 1_772_935_200..1_772_938_800;

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

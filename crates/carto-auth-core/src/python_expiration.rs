//! Python's skewed `expiration`, written and read.
//!
//! The Python package computes it as `datetime.utcnow().timestamp()` arithmetic: a naive UTC time that is read
//! as local time. The result is off by the local UTC offset, and Python compares it in the same skewed clock.

use crate::timestamp::Timestamp;

/// The local UTC offset in seconds, east positive, that was or will be in force at a time. How it is known is
/// the caller's affair.
pub type LocalOffset<'a> = &'a dyn Fn(Timestamp) -> i64;

/// UTC+14, in seconds.
const EASTERNMOST: i64 = 50_400;

/// A day, in seconds: longer than any UTC offset, and less than half of the time between two changes of one.
const DAY: i64 = 86_400;

/// What Python, in this zone, would write for a token that ends at `end`; but for an end that the clocks skip (its UTC
/// reading, taken for local time, falls into the time that a change leaves out) what it would write for the beginning of
/// that time. Python's clock goes back at its end: it would hand out the dead token until it is as far again.
///
/// `datetime.timestamp()` of a local time that occurs twice means its first occurrence; so must this.
pub(crate) fn skew(end: Timestamp, offset: LocalOffset<'_>) -> i64 {
    let local = end.as_unix_seconds();
    let (before, after) = offsets_around(local, offset);
    let reading = |by: i64| local.saturating_sub(by);
    if offset_at(offset, reading(before)) == before {
        reading(before)
    } else if offset_at(offset, reading(after)) == after {
        reading(after)
    } else {
        change_between(reading(after), reading(before), before, offset)
    }
}

/// When the offset changes: after `early`, at `late` at the latest.
fn change_between(mut early: i64, mut late: i64, before: i64, offset: LocalOffset<'_>) -> i64 {
    while late - early > 1 {
        let middle = i64::midpoint(early, late);
        match offset_at(offset, middle) == before {
            true => early = middle,
            false => late = middle,
        }
    }
    late
}

/// The earliest and the latest end that an `expiration` of Python's can stand for. The earliest: un-skewed by an offset
/// that is in force here around it, or as it stands, for it may have been written where that is UTC. The latest: un-skewed by
/// the greatest offset of all.
pub(crate) fn unskew(expiration: i64, offset: LocalOffset<'_>) -> (Timestamp, Timestamp) {
    let (before, after) = offsets_around(expiration, offset);
    let shifted = |by: i64| Timestamp::from_unix_seconds(expiration.saturating_add(by));
    (shifted(before.min(after).min(0)), shifted(EASTERNMOST))
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
            let early = if SKIPPED.contains(&end) {
                end - SKIPPED.start
            } else {
                0
            };
            assert_eq!(skew(AT(end), &spring), written - early, "{end}");
        }
        for (end, written) in AUTUMN {
            assert_eq!(skew(AT(end), &autumn), written, "{end}");
        }
    }

    /// What Python's clock shows: the fold of `datetime.timestamp()`, by its definition.
    fn clock(now: i64, offset: LocalOffset<'_>) -> i64 {
        let (before, after) = offsets_around(now, offset);
        let means = |by: i64| offset_at(offset, now - by) == by;
        if means(before) || !means(after) {
            now - before
        } else {
            now - after
        }
    }

    #[test]
    fn in_no_zone_and_at_no_change_of_its_clocks_does_python_serve_a_dead_token_that_we_wrote() {
        // The years 2024 to 2029.
        let [from, to] = [1_704_067_200, 1_893_456_000].map(|at| jiff::Timestamp::from_second(at).unwrap());
        let (mut zones, mut changes) = (0, 0);
        for name in jiff::tz::db().available() {
            let zone = jiff::tz::TimeZone::get(name.as_str()).unwrap();
            let offset = |at: Timestamp| {
                let at = jiff::Timestamp::from_second(at.as_unix_seconds()).unwrap();
                i64::from(zone.to_offset(at).seconds())
            };
            let in_time = zone.following(from).take_while(|change| change.timestamp() < to);
            for change in in_time {
                check_around(change.timestamp().as_second(), &offset, name.as_str());
                changes += 1;
            }
            zones += 1;
        }
        // A day that was left out altogether.
        let apia = jiff::tz::TimeZone::get("Pacific/Apia").unwrap();
        let offset = |at: Timestamp| {
            let at = jiff::Timestamp::from_second(at.as_unix_seconds()).unwrap();
            i64::from(apia.to_offset(at).seconds())
        };
        check_around(1_325_239_200, &offset, "Pacific/Apia");
        assert!(
            zones > 300 && changes > 1000,
            "tzdata is needed: {zones} zones, {changes} changes"
        );
    }

    /// Ends and moments every quarter of an hour, and a second beside it, for two days around a change.
    fn check_around(change: i64, offset: LocalOffset<'_>, zone: &str) {
        let moments: Vec<i64> = (-192..192)
            .flat_map(|turn| [0, 1].map(|more| change + turn * 900 + more))
            .collect();
        let clocks: Vec<i64> = moments.iter().map(|now| clock(*now, offset)).collect();
        let mut lowest_later = i64::MAX;
        for (end, at_end) in moments.iter().zip(&clocks).rev() {
            lowest_later = lowest_later.min(*at_end);
            let written = skew(AT(*end), offset);
            assert_eq!(written, lowest_later.min(*at_end), "{zone}: {end}");
            let (earliest, latest) = unskew(*at_end, offset);
            assert!(earliest <= AT(*end) && AT(*end) <= latest, "{zone}: {end}");
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

//! Times and durations as people write and read them.

use std::cmp::Ordering;
use std::time::Duration;

use carto_auth_core::Timestamp;
use jiff::SignedDuration;

/// Reads `60s`, `10m`, `1h 30m`, or whole seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let parsed: Option<SignedDuration> = text.parse().ok();
    parsed
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "expected a time such as 60s, 10m or 1h".to_owned())
}

/// `2026-11-25T10:31:07Z`, to the second.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    formatted(time, "%Y-%m-%dT%H:%M:%SZ")
}

/// `2026-11-25 10:31 UTC`.
pub(crate) fn minute(time: Timestamp) -> String {
    formatted(time, "%Y-%m-%d %H:%M UTC")
}

fn formatted(time: Timestamp, format: &str) -> String {
    let time = jiff::Timestamp::from_second(time.as_unix_seconds());
    time.map_or_else(
        |_| "9999-12-31T23:59:59Z".to_owned(),
        |time| time.strftime(format).to_string(),
    )
}

/// The two largest units: `23h 59m`, `4m 10s`, `12s`.
pub(crate) fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, ..) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

/// `expired 3h ago`; a token counts as over a little before its end, too.
pub(crate) fn ended(end: Timestamp, now: Timestamp) -> String {
    match end.as_unix_seconds().cmp(&now.as_unix_seconds()) {
        Ordering::Greater => format!("ends in {}", rough(end.since(now))),
        Ordering::Equal => "has just expired".to_owned(),
        Ordering::Less => format!("expired {} ago", roughly(now.since(end))),
    }
}

/// A limit that was asked for, as it was asked for: `5 min`, `90 s`.
pub(crate) fn limit(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds > 60 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// The largest unit, rounded: `3h`, `24h`, `2 days`.
pub(crate) fn roughly(duration: Duration) -> String {
    let (minutes, seconds) = ((duration.as_secs() + 30) / 60, duration.as_secs());
    match (seconds, minutes) {
        (0..60, _) => format!("{seconds}s"),
        (_, 0..60) => format!("{minutes}m"),
        (_, 60..2880) => format!("{}h", (minutes + 30) / 60),
        _ => format!("{} days", (minutes + 720) / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let seconds = |text| parse_duration(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("90"), Ok(90));
        assert_eq!(seconds("60s"), Ok(60));
        assert_eq!(seconds("10m"), Ok(600));
        assert_eq!(seconds("1h 30m"), Ok(5400));
        for bad in ["", "soon", "-5s", "5 parsecs", "1e99"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_are_shown_in_utc() {
        let time = Timestamp::from_unix_seconds(1_795_602_667);
        assert_eq!(rfc3339(time), "2026-11-25T10:31:07Z");
        assert_eq!(minute(time), "2026-11-25 10:31 UTC");
        assert_eq!(
            [59, 250, 86_340, 90_000].map(|s| rough(Duration::from_secs(s))),
            ["59s", "4m 10s", "23h 59m", "1d 1h"]
        );
        assert_eq!(
            [59, 250, 10_900, 86_390, 400_000].map(|s| roughly(Duration::from_secs(s))),
            ["59s", "4m", "3h", "24h", "5 days"]
        );
        let end = |seconds: i64| ended(time, Timestamp::from_unix_seconds(1_795_602_667 + seconds));
        assert_eq!(
            [-8, 0, 600].map(end),
            ["ends in 8s", "has just expired", "expired 10m ago"]
        );
    }
}

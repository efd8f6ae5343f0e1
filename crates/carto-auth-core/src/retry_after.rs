//! How long a server asks to wait.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

use crate::http_date::{http_date, whole_number};
use crate::timestamp::Timestamp;

/// Reads `Retry-After` (seconds or a date, <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>), or Auth0's
/// `x-ratelimit-reset` (seconds since the epoch) where that is missing from a 429; elsewhere it only tells of a quota.
pub(crate) fn retry_after(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(value) = text(RETRY_AFTER.as_str()) {
        return whole_number(value)
            .map(Duration::from_secs)
            .or_else(|| Some(http_date(value)?.since(now)));
    }
    if status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let reset = whole_number(text("x-ratelimit-reset")?)?;
    Some(Timestamp::from_unix_seconds(i64::try_from(reset).ok()?).since(now))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wait(name: &'static str, value: &str, now: i64) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        retry_after(
            StatusCode::TOO_MANY_REQUESTS,
            &headers,
            Timestamp::from_unix_seconds(now),
        )
    }

    #[test]
    fn seconds_and_dates_are_read() {
        assert_eq!(wait("retry-after", "120", 0), Some(Duration::from_secs(120)));
        assert_eq!(
            wait("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", 784_111_770),
            Some(Duration::from_secs(7))
        );
        assert_eq!(
            wait("retry-after", "Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_799),
            Some(Duration::from_secs(1))
        );
        assert_eq!(
            wait("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", 1_790_000_000),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn auth0s_reset_time_is_read_where_retry_after_is_missing() {
        assert_eq!(
            wait("x-ratelimit-reset", "1790000030", 1_790_000_000),
            Some(Duration::from_secs(30))
        );
        assert_eq!(wait("x-ratelimit-reset", "soon", 1_790_000_000), None);
    }

    #[test]
    fn anything_else_is_no_wait() {
        for value in [
            "",
            "-1",
            "+5",
            "1.5",
            "soon",
            "9999999999999",
            "Sun, 06 Nov 1994 08:49:37 PST",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "Wed, 31 Feb 2029 00:00:00 GMT",
            "Sun, 24 Nov 2109 000:00:0 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            ", ",
            "a, 1 Jan",
        ] {
            assert_eq!(wait("retry-after", value, 0), None, "{value:?}");
        }
    }
}

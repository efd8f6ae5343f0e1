//! Dates and numbers as HTTP headers spell them.

use crate::timestamp::Timestamp;

/// An IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`, the only form that servers may send
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>). The two obsolete ones count as no date, on purpose: a server that
/// sends one is treated as one that says nothing.
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    // Every field has its width, and is a number.
    let number = |text: &str, width| i64::try_from(whole_number(text).filter(|_| text.len() == width)?).ok();
    let day = number(parts.next()?, 2)?;
    let month_name = parts.next()?;
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month_name)?).ok()? + 1;
    let year = number(parts.next()?, 4)?;
    let mut clock = parts.next()?.splitn(3, ':').map(|text| number(text, 2));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let (days, next_month) = (
        days_since_epoch(year, month, day),
        days_since_epoch(year, month + 1, 1),
    );
    let plausible = year >= 1970
        && day >= 1
        && days < next_month
        && hour < 24
        && minute < 60
        && second < 61
        && parts.next() == Some("GMT")
        && parts.next().is_none();
    if !plausible {
        return None;
    }
    let seconds = hour * 3600 + minute * 60 + second;
    Some(Timestamp::from_unix_seconds(days * 86_400 + seconds))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar: years are counted from March, so that the leap day
/// is a year's last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// Digits and nothing else, so many as a number of seconds has.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

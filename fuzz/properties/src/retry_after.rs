use std::time::Duration;

use carto_auth_core::{Endpoints, Error, Jitter, Secret, Step, TokenRequest};
use http::{HeaderValue, Response};

use crate::script::expand;
use crate::secrets::{REFRESH_TOKEN, T0, is_safe_to_show, machine};

/// A `Retry-After`: seconds, a date, or nothing. It is never waited for longer than 30 s, and a flow that spends something
/// does not wait at all.
pub fn retry_after(data: &[u8]) {
    let data = expand(data);
    let Ok(value) = HeaderValue::from_bytes(&data) else {
        return;
    };
    let reply = |status: u16, name: &'static str| {
        let mut reply = Response::new(Vec::new());
        *reply.status_mut() = status.try_into().expect("a status");
        reply.headers_mut().insert(name, value.clone());
        reply
    };
    let asked = told(reply(429, "retry-after"));
    let text = value.to_str().unwrap_or_default().trim();
    match (seconds(text), asked) {
        (Some(seconds), asked) => assert_eq!(asked, Some(Duration::from_secs(seconds)), "{text:?}"),
        (None, Some(wait)) => is_a_date(text, wait),
        (None, None) => assert!(written(text).is_none(), "a date that is not understood: {text:?}"),
    }
    assert_eq!(told(reply(503, "retry-after")), asked, "whatever the status");
    assert_eq!(told(reply(503, "x-ratelimit-reset")), None, "it tells of a quota");
    let reset = seconds(text).map(|at| at.saturating_sub(T0.as_unix_seconds().unsigned_abs()));
    assert_eq!(
        told(reply(429, "x-ratelimit-reset")),
        reset.map(Duration::from_secs)
    );
    is_waited_for(reply(429, "retry-after"), asked);
}

/// What a refresh token's refusal says, which is told and not waited for.
fn told(reply: Response<Vec<u8>>) -> Option<Duration> {
    let refresh_token = Secret::new(REFRESH_TOKEN);
    let step = TokenRequest::refresh_token(&refresh_token, &Endpoints::carto(), Jitter::new(7), T0);
    let Step::Send(_, next) = step else {
        panic!("there is something to send")
    };
    let error = next
        .resume(Ok(reply), T0)
        .expect_err("a refresh token is not sent twice");
    is_safe_to_show(&error, &[REFRESH_TOKEN]);
    error.oauth().expect("a refusal").retry_after
}

fn is_waited_for(reply: Response<Vec<u8>>, asked: Option<Duration>) {
    let step = TokenRequest::client_credentials(&machine(), &Endpoints::carto(), Jitter::new(7), T0);
    let Step::Send(_, next) = step else {
        panic!("there is something to send")
    };
    let longest = Duration::from_secs(30);
    match (next.resume(Ok(reply), T0), asked) {
        (Ok(Step::Sleep(wait, _)), Some(asked)) => {
            assert!(wait == asked && wait <= longest, "{wait:?} for {asked:?}");
        }
        (Ok(Step::Sleep(wait, _)), None) => assert!(wait <= Duration::from_secs(1), "{wait:?} for nothing"),
        (Err(Error::RateLimited(_)), Some(asked)) => assert!(asked > longest, "{asked:?} is not waited for"),
        (other, asked) => panic!("{other:?} for {asked:?}"),
    }
}

fn seconds(text: &str) -> Option<u64> {
    let is_number = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().expect("twelve digits"))
}

/// Written back, a date that was understood is the same date, or had passed. The name of the weekday is not looked at.
fn is_a_date(text: &str, wait: Duration) {
    let after = i64::try_from(wait.as_secs()).expect("a year of four digits");
    let written = date(T0.as_unix_seconds() + after);
    let of = |text: &str| text.split_once(", ").map(|(_, date)| date.to_owned());
    let is_leap_second = text.ends_with(":60 GMT");
    assert!(
        wait.is_zero() || of(&written) == of(text) || is_leap_second,
        "{text:?} is not {written:?}"
    );
}

/// The seconds of a text that is an IMF-fixdate to the letter, found by writing dates: none may be misunderstood.
fn written(text: &str) -> Option<i64> {
    let year: i64 = text.get(12..16)?.parse().ok()?;
    let month = MONTHS.iter().position(|name| text.get(8..11) == Some(name))?;
    let day: i64 = text.get(5..7)?.parse().ok()?;
    let clock: Vec<i64> = text
        .get(17..25)?
        .split(':')
        .filter_map(|part| part.parse().ok())
        .collect();
    let [hour, minute, second] = clock[..] else {
        return None;
    };
    let (start, in_year) = ((year - 1970) * 365 * 86_400, month as i64 * 30 * 86_400);
    let about = start + in_year + day * 86_400;
    // Leap days since 1970, and months of more or fewer than 30 days.
    let rest = hour * 3600 + minute * 60 + second;
    let days = (-10..2200).map(|day| about + day * 86_400 - about.rem_euclid(86_400) + rest);
    (1970..2400)
        .contains(&year)
        .then(|| days.into_iter().find(|at| date(*at) == text))
        .flatten()
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// An IMF-fixdate, by counting years and months from 1970.
fn date(at: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut days, rest) = (at.div_euclid(86_400), at.rem_euclid(86_400));
    let name = DAYS[usize::try_from(days.rem_euclid(7)).expect("a weekday")];
    let mut year = 1970;
    while days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + i64::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let (day, month) = (days + 1, MONTHS[month]);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{name}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

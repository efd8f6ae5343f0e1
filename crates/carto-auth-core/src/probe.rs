//! The flow that asks whether a host answers, and what its clock shows.

use http::HeaderMap;
use http::header::{AGE, DATE};

use crate::error::Error;
use crate::exchange::{Conversation, Exchange};
use crate::host_rules::{AddressProblem, parse_address};
use crate::http_date::http_date;
use crate::step::{Flow, Incoming, Step};
use crate::timestamp::Timestamp;
use crate::transport_error::TransportError;

/// One question without credentials, sent once and for five seconds at most. Whatever the host answers shows that it can be
/// reached.
///
/// ```
/// use carto_auth_core::{Probe, Step, Timestamp};
///
/// let now = Timestamp::from_unix_seconds(784_111_777);
/// let step = Probe::start("https://auth.carto.com/oauth/token", now)?;
/// let Step::Send(out, next) = step else { unreachable!() };
/// assert!(!out.request.headers().contains_key("authorization"));
///
/// let reply = http::Response::builder().status(404).header("date", "Sun, 06 Nov 1994 08:39:37 GMT");
/// let Step::Done(answered) = next.resume(Ok(reply.body(Vec::new())?), now)? else { unreachable!() };
/// assert_eq!((answered.status, answered.clock_ahead), (404, Some(600)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Probe(Exchange);

/// What a host answered to a [`Probe`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Answered {
    /// The HTTP status, which says little: the question was for nothing in particular.
    pub status: u16,
    /// By how many seconds this machine's clock is ahead of the host's; negative is behind, zero is as far as can be told.
    /// `None` when the host does not say what time it is.
    pub clock_ahead: Option<i64>,
}

impl Probe {
    /// Asks for the page at this address.
    ///
    /// # Errors
    /// When the address is not https (http on loopback), or has a user name, query or fragment.
    pub fn start(address: &str, now: impl Into<Timestamp>) -> Result<Step<Self>, AddressProblem> {
        let url = parse_address(address)?;
        Ok(Self(Exchange::probe(&url)).send(now.into()))
    }
}

impl Flow for Probe {
    type Output = Answered;
}

impl Conversation for Probe {
    fn exchange(&mut self) -> &mut Exchange {
        &mut self.0
    }

    fn hear(
        &mut self,
        reply: Result<Incoming, TransportError>,
        now: Timestamp,
    ) -> Result<Option<Answered>, Error> {
        let sent_at = self.0.sent_at();
        self.0.read(reply, |_, reply| {
            Ok(Some(Answered {
                status: reply.status().as_u16(),
                clock_ahead: clock_ahead(reply.headers(), sent_at, now),
            }))
        })
    }
}

/// `Date` is when the reply was made (<https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1>): at some time between the two,
/// unless a cache kept it, which then says so by `Age`.
fn clock_ahead(headers: &HeaderMap, sent_at: Timestamp, now: Timestamp) -> Option<i64> {
    if headers.contains_key(AGE) {
        return None;
    }
    let date = http_date(headers.get(DATE)?.to_str().ok()?.trim())?.as_unix_seconds();
    let (sent_at, now) = (sent_at.as_unix_seconds(), now.as_unix_seconds());
    Some(match date {
        _ if date < sent_at => sent_at - date,
        _ if now < date => now - date,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Response;

    use super::*;
    use crate::step::Outgoing;
    use crate::transport_error::{Sent, TransportErrorKind};

    /// 1994-11-06 08:49:37 UTC.
    const THEN: i64 = 784_111_777;

    fn start() -> (Outgoing, crate::step::AwaitResponse<Probe>) {
        let now = Timestamp::from_unix_seconds(THEN);
        match Probe::start("https://auth.carto.com/oauth/token", now).unwrap() {
            Step::Send(out, next) => (out, next),
            other => panic!("{other:?}"),
        }
    }

    fn ahead(headers: &[(&str, &str)], took: i64) -> Option<i64> {
        let mut reply = Response::builder().status(503);
        for (name, value) in headers {
            reply = reply.header(*name, *value);
        }
        let now = Timestamp::from_unix_seconds(THEN + took);
        match start()
            .1
            .resume(Ok(reply.body(Vec::new()).unwrap()), now)
            .unwrap()
        {
            Step::Done(Answered {
                status: 503,
                clock_ahead,
            }) => clock_ahead,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_asks_once_for_five_seconds_and_carries_nothing() {
        let (out, next) = start();
        assert_eq!(
            (out.timeout, out.connect_timeout),
            (Duration::from_secs(5), Duration::from_secs(5))
        );
        let mut headers: Vec<_> = out
            .request
            .headers()
            .keys()
            .map(http::HeaderName::as_str)
            .collect();
        headers.sort_unstable();
        assert_eq!(headers, ["accept", "user-agent"]);
        assert_eq!(
            (out.request.method().as_str(), out.request.body().as_bytes()),
            ("GET", &b""[..])
        );
        let refused = TransportError::new(TransportErrorKind::ConnectionRefused, Sent::No);
        let error = next
            .resume(Err::<Incoming, _>(refused), Timestamp::from_unix_seconds(THEN))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot reach auth.carto.com: connection refused"
        );
    }

    #[test]
    fn an_address_is_https() {
        let error = Probe::start("http://auth.carto.com", Timestamp::from_unix_seconds(THEN)).unwrap_err();
        assert_eq!(error, AddressProblem::NotHttps);
    }

    #[test]
    fn a_clock_is_off_by_what_the_exchange_itself_does_not_explain() {
        let date = |text| [("date", text)];
        assert_eq!(ahead(&date("Sun, 06 Nov 1994 08:49:37 GMT"), 0), Some(0));
        assert_eq!(ahead(&date("Sun, 06 Nov 1994 08:49:39 GMT"), 4), Some(0));
        assert_eq!(ahead(&date("Sun, 06 Nov 1994 08:39:37 GMT"), 4), Some(600));
        assert_eq!(ahead(&date("Sun, 06 Nov 1994 08:59:37 GMT"), 4), Some(-596));
    }

    #[test]
    fn a_date_that_is_none_or_an_old_one_says_nothing() {
        assert_eq!(ahead(&[], 0), None);
        assert_eq!(ahead(&[("date", "yesterday")], 0), None);
        assert_eq!(
            ahead(&[("date", "Sun, 06 Nov 1994 08:39:37 GMT"), ("age", "600")], 0),
            None
        );
    }
}

//! What a server says, written as text: seeds can be read, and whatever a fuzzer makes of them means something.
//!
//! ```text
//! 503 2                 the status, and the seconds that the wall clock goes on by (it may be set back)
//! retry-after: 1        headers, up to an empty line
//!
//! {"error":"busy"}      the body
//! %%                    the next reply
//! refused               no reply, and why
//! ```

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carto_auth_core::{Sent, Timestamp, TransportError, TransportErrorKind};
use http::{HeaderName, HeaderValue, Response};
use url::form_urlencoded;

use crate::secrets::{ACCESS_TOKEN, CLIENT_SECRET, CODE, REFRESH_TOKEN, T0, VERIFIER, state, tells};

/// A reply, and what the wall clock says about how long it took.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) reply: Result<Response<Vec<u8>>, TransportError>,
    /// The server may have the request.
    pub(crate) may_have_left: bool,
    pub(crate) seconds: i64,
}

impl Told {
    /// The end of every script.
    pub(crate) fn nothing() -> Self {
        Self::read(b"cut")
    }

    pub(crate) fn read(block: &[u8]) -> Self {
        let (head, body) = split_once(block, b"\n\n").unwrap_or((block, b""));
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        let mut words = first.split_ascii_whitespace();
        let what = words.next().unwrap_or_default();
        let seconds: i64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let reply = match what
            .parse::<u16>()
            .ok()
            .filter(|status| (200..=999).contains(status))
        {
            None => Err(problem(what)),
            Some(status) => {
                let mut response = Response::new(body.to_vec());
                *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
                for line in lines.take(20) {
                    if let Some((name, value)) = header(line) {
                        response.headers_mut().append(name, value);
                    }
                }
                Ok(response)
            }
        };
        let was_never_made = [
            "not-found",
            "refused",
            "unreachable",
            "connect-timeout",
            "proxy",
            "certificate",
            "tls",
        ];
        Self {
            reply,
            may_have_left: !was_never_made.contains(&what),
            seconds: seconds.clamp(-4_000_000_000, 4_000_000_000),
        }
    }

    /// What a wall clock says after this reply.
    pub(crate) fn after(&self, now: Timestamp) -> Timestamp {
        let distance = Duration::from_secs(self.seconds.unsigned_abs());
        match self.seconds < 0 {
            true => now - distance,
            false => now + distance,
        }
    }
}

/// The replies of a script.
pub(crate) fn replies(script: &[u8]) -> impl Iterator<Item = Told> {
    let mut rest = Some(script);
    std::iter::from_fn(move || {
        let (block, more) = match split_once(rest?, b"\n%%\n") {
            Some((block, more)) => (block, Some(more)),
            None => (rest?, None),
        };
        rest = more;
        Some(Told::read(block))
    })
}

pub(crate) fn split_once<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = bytes.windows(at.len()).position(|window| window == at)?;
    Some((&bytes[..place], &bytes[place + at.len()..]))
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = split_once(line, b":")?;
    let name = HeaderName::from_bytes(name.trim_ascii()).ok()?;
    Some((name, HeaderValue::from_bytes(value.trim_ascii()).ok()?))
}

fn problem(word: &str) -> TransportError {
    use TransportErrorKind as Kind;
    let (kind, sent) = match word {
        "not-found" => (Kind::HostNotFound, Sent::No),
        "refused" => (Kind::ConnectionRefused, Sent::No),
        "unreachable" => (Kind::ConnectionFailed, Sent::No),
        "broken-off" => (Kind::ConnectionFailed, Sent::Maybe),
        "connect-timeout" => (Kind::ConnectTimeout, Sent::No),
        "proxy" => (Kind::Proxy, Sent::No),
        "certificate" => (Kind::Certificate, Sent::No),
        "tls" => (Kind::Tls, Sent::No),
        "timeout" => (Kind::Timeout, Sent::Maybe),
        "protocol" => (Kind::Protocol, Sent::Maybe),
        "other" => (Kind::Other, Sent::Maybe),
        _ => (Kind::Disconnected, Sent::Maybe),
    };
    TransportError::new(kind, sent).with_detail("a client's\u{1b}[31m words\n")
}

/// Puts in what no fuzzer could guess: `$STATE`, `$SECRET`, …
///
/// A fuzzer that watches comparisons does guess parts of secrets. Whoever knows a part can say it in ways that nobody could
/// blot out, so that such bytes count as none.
pub(crate) fn expand(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let secrets = [
        CLIENT_SECRET,
        CODE,
        REFRESH_TOKEN,
        ACCESS_TOKEN,
        VERIFIER,
        &state(),
    ];
    if secrets.iter().any(|secret| tells(&text, secret)) {
        return Vec::new();
    }
    let mut expanded = Vec::with_capacity(bytes.len());
    let mut huge = 0;
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| *byte == b'$') {
        expanded.extend_from_slice(&rest[..place]);
        rest = &rest[place..];
        let name = rest[1..]
            .iter()
            .take_while(|byte| byte.is_ascii_uppercase())
            .count();
        let word = &rest[..=name];
        // The rest of an escape would eat its beginning, and leave a part that nobody sent.
        let behind = |distance: usize| &expanded[expanded.len().saturating_sub(distance)..];
        let is_escaped = behind(2).contains(&b'%') || behind(5).contains(&b'\\');
        // One is enough.
        let is_huge = matches!(word, b"$HUGE" | b"$LARGE");
        huge += usize::from(is_huge);
        match meaning(word).filter(|_| !is_escaped && (!is_huge || huge == 1)) {
            Some(text) => expanded.extend_from_slice(text.as_bytes()),
            None => expanded.extend_from_slice(word),
        }
        rest = &rest[word.len()..];
    }
    expanded.extend_from_slice(rest);
    expanded
}

fn meaning(word: &[u8]) -> Option<String> {
    let form = |secret: &str| form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    Some(match word {
        b"$STATE" => state(),
        b"$VERIFIER" => VERIFIER.to_owned(),
        b"$SECRET" => CLIENT_SECRET.to_owned(),
        b"$SECRETFORM" => form(CLIENT_SECRET),
        b"$CODE" => CODE.to_owned(),
        b"$CODEFORM" => form(CODE),
        b"$REFRESH" => REFRESH_TOKEN.to_owned(),
        b"$REFRESHFORM" => form(REFRESH_TOKEN),
        b"$TOKEN" => ACCESS_TOKEN.to_owned(),
        b"$JWT" => jwt(&format!(r#"{{"exp":{}}}"#, T0.as_unix_seconds() + 3600)),
        b"$DEADJWT" => jwt(&format!(r#"{{"exp":{}}}"#, T0.as_unix_seconds() - 1)),
        b"$OURJWT" => jwt(r#"{"exp":1790003600,"org_id":"org_ours"}"#),
        b"$FOREIGNJWT" => jwt(r#"{"exp":1790003600,"org_id":"org_theirs"}"#),
        b"$HUGE" => " ".repeat(1 << 20),
        b"$LARGE" => " ".repeat(256 << 10),
        b"$LONG" => "x".repeat(9000),
        b"$PERSONJWT" => jwt(
            r#"{"iss":"https://auth.carto.com/","azp":"0dxb8HR3ATXCxJiPOJVHsLoHoAtbRX6u","aud":["carto-cloud-native-api"],"exp":1790086400,"iat":1790000000,"org_id":"org_ours"}"#,
        ),
        b"$MACHINEJWT" => jwt(
            r#"{"iss":"https://auth.carto.com/","azp":"machine-id","aud":"carto-cloud-native-api","exp":1790086400.5}"#,
        ),
        _ => return None,
    })
}

pub(crate) fn jwt(claims: &str) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

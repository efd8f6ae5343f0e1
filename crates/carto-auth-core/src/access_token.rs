//! A token, ready to be used.

use std::fmt;
use std::sync::{Arc, OnceLock};

use http::HeaderValue;

use crate::claims::Claims;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// An access token for CARTO's APIs, cheap to clone, <https://www.rfc-editor.org/rfc/rfc6750>.
#[derive(Clone)]
pub struct AccessToken(Arc<Held>);

struct Held {
    secret: Secret,
    /// Made when it is first asked for; a clone of it shares its bytes.
    header: OnceLock<HeaderValue>,
    expires_at: Option<Timestamp>,
}

impl AccessToken {
    /// Wraps a token that came from elsewhere. The token's own `exp`, if it is a JWT, ends it earlier than
    /// `expires_at` where it is the earlier one. `None` when no header can carry it.
    #[must_use]
    pub fn new(secret: Secret, expires_at: Option<Timestamp>) -> Option<Self> {
        is_token_text(secret.expose()).then(|| {
            let of_jwt = Claims::of(secret.expose()).and_then(|claims| claims.expires_at);
            Self::with_expiry(secret, earlier(of_jwt, expires_at))
        })
    }

    /// For text that was checked, with the expiry that counts.
    pub(crate) fn with_expiry(secret: Secret, expires_at: Option<Timestamp>) -> Self {
        Self(Arc::new(Held {
            secret,
            header: OnceLock::new(),
            expires_at,
        }))
    }

    /// The token's text.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0.secret
    }

    /// `Bearer …`, the value of an `Authorization` header, marked as sensitive. Every clone of the token shares it, and
    /// after the first time it costs no allocation. Unlike the token's text it is not overwritten when it is dropped: no HTTP
    /// client takes a header that is.
    #[must_use]
    pub fn authorization_header(&self) -> HeaderValue {
        self.0.header.get_or_init(|| bearer(&self.0.secret)).clone()
    }

    /// When it ends, or `None` when nobody said.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// What the token says about itself, or `None` when it is no JWT.
    #[must_use]
    pub fn claims(&self) -> Option<Claims> {
        Claims::of(self.0.secret.expose())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}

/// The longest token in bytes: more than any server takes in a header, and less than what HTTP clients fail at without
/// saying why.
const LONGEST_TOKEN: usize = 64 << 10;

/// True for text that an `Authorization` header can carry: visible ASCII, not nothing and not too much. (RFC 6750
/// allows less; CARTO decides what its tokens look like, a header decides what can be sent.)
pub(crate) fn is_token_text(text: &str) -> bool {
    // No early exit, so that it vectorises: a token is checked at every start of a program.
    let is_visible = text
        .bytes()
        .fold(true, |so_far, byte| so_far & byte.is_ascii_graphic());
    (1..=LONGEST_TOKEN).contains(&text.len()) && is_visible
}

/// `Bearer …`, the value of an `Authorization` header, for text that was checked; marked as sensitive.
#[expect(clippy::expect_used, reason = "every caller has checked the text")]
pub(crate) fn bearer(token: &Secret) -> HeaderValue {
    let text = format!("Bearer {}", token.expose());
    let mut value = HeaderValue::try_from(text).expect("a token is visible ASCII");
    value.set_sensitive(true);
    value
}

/// The earlier of two times, either of which may be unknown.
pub(crate) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_sensitive_and_debug_shows_no_token() {
        let token = AccessToken::new(Secret::new("canary"), None).unwrap();
        assert_eq!(token.authorization_header(), "Bearer canary");
        assert!(token.authorization_header().is_sensitive());
        assert!(!format!("{token:?} {:?}", token.authorization_header()).contains("canary"));
    }

    #[test]
    fn text_that_no_header_can_carry_is_no_token() {
        for text in ["", "a b", "a\r\nb", "ü", "a\u{7f}"] {
            assert!(AccessToken::new(Secret::new(text), None).is_none(), "{text:?}");
        }
    }

    #[test]
    fn the_jwts_own_end_counts_where_it_is_earlier() {
        let at = Timestamp::from_unix_seconds;
        let jwt = "e30.eyJzdWIiOiJpZEBjbGllbnRzIiwiZXhwIjoxfQ.c2ln";
        assert_eq!(
            AccessToken::new(Secret::new(jwt), Some(at(2)))
                .unwrap()
                .expires_at(),
            Some(at(1))
        );
        assert_eq!(
            AccessToken::new(Secret::new(jwt), Some(at(0)))
                .unwrap()
                .expires_at(),
            Some(at(0))
        );
        assert_eq!(
            AccessToken::new(Secret::new("opaque"), Some(at(2)))
                .unwrap()
                .expires_at(),
            Some(at(2))
        );
    }
}

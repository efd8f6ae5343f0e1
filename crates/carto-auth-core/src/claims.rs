//! What a CARTO access token says about itself.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::timestamp::Timestamp;

/// The claims of an access token that is a JWT, <https://www.rfc-editor.org/rfc/rfc7519#section-4.1>.
///
/// They are read for expiry and identity only and prove nothing: no signature is checked, and CARTO's APIs are
/// the judges of a token. A claim that is missing or of another type than usual is `None`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Claims {
    /// `iss`: who issued the token, `https://auth.carto.com/`.
    pub issuer: Option<String>,
    /// `sub`: whom it is about; `<client_id>@clients` for machines.
    pub subject: Option<String>,
    /// `aud`, a string or an array: whom it is for.
    pub audience: Vec<String>,
    /// `azp`: the client it was issued to.
    pub authorized_party: Option<String>,
    /// `iat`: when it was issued.
    pub issued_at: Option<Timestamp>,
    /// `exp`: when it ends.
    pub expires_at: Option<Timestamp>,
    /// `scope`: what it allows, separated by blanks.
    pub scope: Option<String>,
    /// `org_id`: the organization that the person logged in to.
    pub organization_id: Option<String>,
    /// `http://app.carto.com/account_id`: the CARTO account, `ac_…`.
    pub account_id: Option<String>,
    /// `http://app.carto.com/email`: a person's address.
    pub email: Option<String>,
    /// `http://app.carto.com/acting_as`: the person on whose behalf a machine acts.
    pub acting_as: Option<String>,
}

impl Claims {
    /// Reads the claims of a token, or `None` when it is no JWT, which is legal.
    ///
    /// ```
    /// use carto_auth_core::Claims;
    ///
    /// let claims = Claims::of("e30.eyJzdWIiOiJpZEBjbGllbnRzIiwiZXhwIjoxfQ.c2ln").unwrap();
    /// assert_eq!(claims.subject.as_deref(), Some("id@clients"));
    /// assert_eq!(Claims::of("opaque"), None);
    /// ```
    #[must_use]
    pub fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (Some(_), Some(payload), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let mut json = serde_json::Deserializer::from_slice(&payload);
        let claims = json.deserialize_map(ClaimsVisitor).ok()?;
        json.end().is_ok().then_some(claims)
    }
}

/// Of a claim that is there twice the last one counts. What nobody asks for is skipped, if it has the shape of JSON: a token
/// is read at every start of a program.
struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
        let mut claims = Claims::default();
        while let Some(name) = map.next_key::<String>()? {
            let field = match name.as_str() {
                "iss" => &mut claims.issuer,
                "sub" => &mut claims.subject,
                "azp" => &mut claims.authorized_party,
                "scope" => &mut claims.scope,
                "org_id" => &mut claims.organization_id,
                "http://app.carto.com/account_id" => &mut claims.account_id,
                "http://app.carto.com/email" => &mut claims.email,
                "http://app.carto.com/acting_as" => &mut claims.acting_as,
                "iat" => {
                    claims.issued_at = numeric_date(&map.next_value()?);
                    continue;
                }
                "exp" => {
                    claims.expires_at = numeric_date(&map.next_value()?);
                    continue;
                }
                "aud" => {
                    claims.audience = audience(map.next_value()?);
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *field = text(map.next_value()?);
        }
        Ok(claims)
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn audience(value: Value) -> Vec<String> {
    match value {
        Value::Array(many) => many.into_iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    }
}

/// A `NumericDate`, which may have a fraction, <https://www.rfc-editor.org/rfc/rfc7519#section-2>.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float-to-integer cast saturates"
)]
fn numeric_date(value: &Value) -> Option<Timestamp> {
    let seconds = value
        .as_i64()
        .or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))?;
    Some(Timestamp::from_unix_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_audience_may_be_a_string_or_an_array() {
        let one = Claims::of(&token(r#"{"aud":"a"}"#)).unwrap();
        let many = Claims::of(&token(r#"{"aud":["a","b",7]}"#)).unwrap();
        assert_eq!(one.audience, ["a"]);
        assert_eq!(many.audience, ["a", "b"]);
    }

    #[test]
    fn a_token_without_exp_or_without_jwt_shape_is_legal() {
        assert_eq!(Claims::of(&token("{}")), Some(Claims::default()));
        for opaque in ["", "abc", "a.b", "a.b.c.d", "e30.!!.x", &token("[]"), &token("{")] {
            assert_eq!(Claims::of(opaque), None, "{opaque}");
        }
    }

    #[test]
    fn a_token_of_a_megabyte_is_no_jwt_and_harms_nobody() {
        let nested = format!("{{\"a\":{}", "[".repeat(1 << 19));
        for long in [".".repeat(1 << 20), "a.".repeat(1 << 19), token(&nested)] {
            assert_eq!(Claims::of(&long), None);
        }
    }

    #[test]
    fn a_claim_that_nobody_asks_for_may_be_what_no_number_or_text_is() {
        for odd in [
            "1e400",
            r#""\ud800""#,
            &format!("{}{}", "[".repeat(100), "]".repeat(100)),
        ] {
            let claims = Claims::of(&token(&format!(r#"{{"odd":{odd},"exp":1}}"#))).unwrap();
            assert_eq!(claims.expires_at, Some(Timestamp::from_unix_seconds(1)), "{odd}");
        }
        for broken in [r#"{"exp":1} {}"#, r#"{"exp":1e400}"#, r#"{"odd":[}"#] {
            assert_eq!(Claims::of(&token(broken)), None, "{broken}");
        }
    }

    #[test]
    fn a_claim_of_an_unusual_type_is_absent_and_harms_no_other() {
        let claims = Claims::of(&token(r#"{"exp":"soon","iat":12.9,"sub":7,"azp":"id"}"#)).unwrap();
        assert_eq!(claims.expires_at, None);
        assert_eq!(claims.issued_at, Some(Timestamp::from_unix_seconds(12)));
        assert_eq!(claims.subject, None);
        assert_eq!(claims.authorized_party.as_deref(), Some("id"));
        let huge = Claims::of(&token(r#"{"exp":1e300}"#)).unwrap();
        assert_eq!(huge.expires_at, Some(Timestamp::from_unix_seconds(i64::MAX)));
    }
}

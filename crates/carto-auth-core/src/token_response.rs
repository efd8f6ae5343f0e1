//! What the token endpoint grants.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::access_token::{earlier, is_token_text};
use crate::claims::Claims;
use crate::exchange::BODY_LIMIT;
use crate::json::kind_of;
use crate::reply::{ReplyProblem, optional_text, required_text, whole_body};
use crate::secret::Secret;
use crate::step::Incoming;
use crate::timestamp::Timestamp;

/// A successful reply of the token endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-5.1>.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TokenGrant {
    /// The token.
    pub access_token: Secret,
    /// When the request for it was sent, from which its life counts.
    pub obtained_at: Timestamp,
    /// When it ends: the earlier of `expires_in` and the token's own `exp`, or `None` when neither is given.
    pub expires_at: Option<Timestamp>,
    /// What it allows, where the server says so.
    pub scope: Option<String>,
    /// What gets the next token without a login, where the server gives one.
    pub refresh_token: Option<Secret>,
}

/// The longest life that is believed. Longer ones are clamped, so that arithmetic cannot run away.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The fields of a reply that count, <https://www.rfc-editor.org/rfc/rfc6749#section-5.1>.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenFields<'a> {
    access_token: &'a str,
    token_type: &'a str,
    /// In seconds.
    expires_in: Option<f64>,
    scope: Option<&'a str>,
    refresh_token: Option<&'a str>,
}

impl<'a> TokenFields<'a> {
    /// Reads a success that has these fields alone, and no escapes in them, without a copy: all that CARTO usually says. Of
    /// any other reply, [`of_object`](Self::of_object) finds out what it is.
    pub(crate) fn usual(reply: &'a Incoming) -> Option<Self> {
        if !reply.status().is_success() {
            return None;
        }
        let body = whole_body(reply, BODY_LIMIT).ok()?;
        // An array of the fields in their order would be read, too.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        serde_json::from_slice(body).ok().filter(|_| is_object)
    }

    /// Reads any success.
    pub(crate) fn of_object(body: &'a Map<String, Value>) -> Result<Self, ReplyProblem> {
        Ok(Self {
            access_token: required_text(body, "access_token")?,
            token_type: required_text(body, "token_type")?,
            expires_in: seconds(body, "expires_in")?,
            scope: optional_text(body, "scope")?,
            refresh_token: optional_text(body, "refresh_token")?,
        })
    }
}

/// A number that may be missing or null.
fn seconds(body: &Map<String, Value>, field: &'static str) -> Result<Option<f64>, ReplyProblem> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        // With all digits kept, as another crate may have it, a number can be beyond all that counts.
        Some(Value::Number(number)) => Ok(Some(number.as_f64().unwrap_or(0.0))),
        Some(other) => Err(ReplyProblem::WrongType {
            field,
            found: kind_of(other),
        }),
    }
}

impl TokenGrant {
    pub(crate) fn new(
        fields: &TokenFields<'_>,
        sent_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, ReplyProblem> {
        let token = fields.access_token;
        // "The client MUST NOT use an access token if it does not understand the token type." (section 7.1)
        if !fields.token_type.eq_ignore_ascii_case("bearer") {
            return Err(ReplyProblem::NotBearer);
        }
        if !is_token_text(token) {
            return Err(ReplyProblem::UnusableToken);
        }
        let by_reply = fields.expires_in.map(|seconds| sent_at + life(seconds));
        let by_token = Claims::of(token).and_then(|claims| claims.expires_at);
        let expires_at = earlier(by_reply, by_token);
        let refresh_token = fields.refresh_token.filter(|text| !text.is_empty());
        // After a machine's sleep the answer may be older than its token; the refresh token in it is good all the same.
        if refresh_token.is_none() && expires_at.is_some_and(|end| end <= now) {
            return Err(ReplyProblem::AlreadyExpired);
        }
        Ok(Self {
            access_token: Secret::new(token),
            obtained_at: sent_at,
            expires_at,
            scope: fields.scope.map(str::to_owned),
            refresh_token: refresh_token.map(Secret::new),
        })
    }
}

/// `expires_in`, in seconds, clamped to 0..=30 days.
fn life(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_LIFE.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn parse(text: &str) -> Result<TokenGrant, ReplyProblem> {
        let now = SENT + Duration::from_secs(1);
        let object = serde_json::from_str(text).unwrap();
        let grant = TokenFields::of_object(&object).and_then(|fields| TokenGrant::new(&fields, SENT, now));
        let reply = Incoming::from(http::Response::new(text.into()));
        if let Some(fields) = TokenFields::usual(&reply) {
            assert_eq!(TokenGrant::new(&fields, SENT, now), grant, "{text}");
        }
        grant
    }

    fn life_of(expires_in: &str) -> Option<Duration> {
        let text = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":{expires_in}}}"#);
        parse(&text).unwrap().expires_at.map(|end| end.since(SENT))
    }

    #[test]
    fn the_life_counts_from_when_the_request_was_sent() {
        assert_eq!(life_of("86400"), Some(Duration::from_secs(86400)));
        assert_eq!(life_of("3600.5"), Some(Duration::from_millis(3_600_500)));
    }

    #[test]
    fn an_array_of_the_fields_is_no_reply() {
        let array = r#" ["canary","Bearer",86400,null,null]"#;
        assert!(TokenFields::usual(&Incoming::from(http::Response::new(array.into()))).is_none());
    }

    #[test]
    fn a_huge_life_is_clamped_to_thirty_days() {
        for huge in ["2592001", "1e300", "99999999999999999999999"] {
            assert_eq!(life_of(huge), Some(LONGEST_LIFE), "{huge}");
        }
    }

    #[test]
    fn a_negative_life_is_an_expired_token() {
        let text = r#"{"access_token":"t","token_type":"Bearer","expires_in":-5}"#;
        assert_eq!(parse(text), Err(ReplyProblem::AlreadyExpired));
    }

    #[test]
    fn an_expired_token_with_a_refresh_token_is_a_grant_all_the_same() {
        let text = r#"{"access_token":"t","token_type":"Bearer","expires_in":0,"refresh_token":"r"}"#;
        assert_eq!(parse(text).unwrap().refresh_token, Some(Secret::new("r")));
    }

    #[test]
    fn a_life_in_a_string_is_refused_and_a_missing_one_unknown() {
        let text = r#"{"access_token":"t","token_type":"Bearer","expires_in":"86400"}"#;
        let wrong = ReplyProblem::WrongType {
            field: "expires_in",
            found: "a string",
        };
        assert_eq!(parse(text), Err(wrong));
        let grant = parse(r#"{"access_token":"t","token_type":"bEaReR"}"#).unwrap();
        assert_eq!(grant.expires_at, None);
    }

    #[test]
    fn the_tokens_own_end_counts_where_it_is_earlier() {
        // {"exp":1790000060}
        let text = r#"{"access_token":"e30.eyJleHAiOjE3OTAwMDAwNjB9.c2ln","token_type":"Bearer","expires_in":86400}"#;
        assert_eq!(
            parse(text).unwrap().expires_at,
            Some(SENT + Duration::from_secs(60))
        );
    }

    #[test]
    fn a_strange_reply_is_named_by_its_keys_and_types() {
        let problem = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(
            problem(r#"{"token":"canary"}"#),
            "JSON without \"access_token\", having token"
        );
        assert_eq!(
            problem(r#"{"access_token":"canary"}"#),
            "JSON without \"token_type\", having access_token"
        );
        assert_eq!(
            problem(r#"{"access_token":["canary"],"token_type":"Bearer"}"#),
            "an array as \"access_token\""
        );
        assert_eq!(
            problem(r#"{"access_token":"x","token_type":"mac"}"#),
            "a token type that is not Bearer"
        );
        for token in ["", "a b", "a\\r\\nx: y", &"x".repeat(70_000)] {
            let text = format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#);
            assert_eq!(problem(&text), "a token that no header can carry");
        }
    }
}

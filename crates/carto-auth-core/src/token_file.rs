//! The token file: Python's three keys exactly, ours beside them.
//!
//! The Python package writes `api_base_url`, `access_token` and `expiration` and drops every other key. We
//! write these three as Python would, so that it can take a token from us, and add what it lacks: the true
//! end, when the token was obtained and whose it is. Keys we do not know are kept. `docs/cache-format.md`
//! describes the format; its JSON blocks are the fixtures of these tests.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::access_token::{earlier, is_token_text};
use crate::api_base_url::ApiBaseUrl;
use crate::claims::Claims;
use crate::host_rules::AddressProblem;
use crate::json::{JsonProblem, kind_of};
use crate::python_expiration::{LocalOffset, skew, unskew};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// A token as it is stored, with what is known of it. The format is JSON, shared with the Python package, and described key
/// by key in the book's chapter "The token file".
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRecord {
    pub(crate) api_base_url: Option<ApiBaseUrl>,
    pub(crate) access_token: Secret,
    /// Of the access token, which is asked more than once whose it is.
    pub(crate) claims: Option<Claims>,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) expires_at: Timestamp,
    /// Later than `expires_at` only where Python's `expiration` can be read in several ways.
    pub(crate) ends_by: Timestamp,
    pub(crate) obtained_at: Option<Timestamp>,
    pub(crate) owner: Option<Owner>,
    pub(crate) unknown: UnknownKeys,
}

/// Without the claims, which name a person.
impl std::fmt::Debug for TokenRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRecord")
            .field("api_base_url", &self.api_base_url)
            .field("access_token", &self.access_token)
            .field("refresh_token", &self.refresh_token)
            .field("expires_at", &self.expires_at)
            .field("obtained_at", &self.obtained_at)
            .field("owner", &self.owner)
            .field("unknown", &self.unknown)
            .finish_non_exhaustive()
    }
}

/// To whom a stored token was issued, by whom and for what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Owner {
    pub(crate) client_id: String,
    pub(crate) token_url: String,
    pub(crate) audience: String,
    pub(crate) organization: Option<String>,
}

/// Keys of a later version, kept when a file is rewritten for the same identity. Their values may be secrets.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct UnknownKeys(Map<String, Value>);

impl std::fmt::Debug for UnknownKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UnknownKeys({})", self.0.len())
    }
}

/// The version of our keys. A file of a later one is read like one of Python's: by its three keys alone.
const VERSION: i64 = 1;

/// The largest file that is read, in bytes. Larger ones are no token files.
pub const TOKEN_FILE_LIMIT: u64 = 1 << 20;

#[derive(Serialize)]
struct Keys<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    api_base_url: Option<&'a str>,
    access_token: &'a str,
    expiration: i64,
    version: i64,
    expires_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    obtained_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(flatten)]
    unknown: &'a Map<String, Value>,
}

const KNOWN: [&str; 11] = [
    "api_base_url",
    "access_token",
    "expiration",
    "version",
    "expires_at",
    "obtained_at",
    "client_id",
    "token_url",
    "audience",
    "organization",
    "refresh_token",
];

impl TokenRecord {
    /// Reads a token file. `offset` is asked only when nothing better than Python's `expiration` says when the
    /// token ends.
    ///
    /// # Errors
    /// When the file is no token file. For whoever reads a cache that is a miss.
    pub fn decode(bytes: &[u8], offset: LocalOffset<'_>) -> Result<Self, TokenFileError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let value = serde_json::from_slice(bytes)
            .map_err(|error| TokenFileError::NotJson(JsonProblem::from(&error)))?;
        let mut file = match value {
            Value::Object(file) => file,
            other => return Err(TokenFileError::NotAnObject(kind_of(&other))),
        };
        let ours = seconds(&file, "version")
            .ok()
            .flatten()
            .is_some_and(|version| version <= VERSION);
        let api_base_url = match text(&file, "api_base_url")? {
            Some(text) => Some(text.parse().map_err(TokenFileError::ApiBaseUrl)?),
            // A login whose tenant could not be asked: the token is good, the address is still to be found.
            None if ours => None,
            None => return Err(TokenFileError::Missing("api_base_url")),
        };
        let token = text(&file, "access_token")?.ok_or(TokenFileError::Missing("access_token"))?;
        if !is_token_text(token) {
            return Err(TokenFileError::UnusableToken);
        }
        let access_token = Secret::new(token);
        let expiration = seconds(&file, "expiration")?;
        let claims = Claims::of(token);
        let of_jwt = claims.as_ref().and_then(|claims| claims.expires_at);
        let issued_at = claims.as_ref().and_then(|claims| claims.issued_at);
        let time = |name| match ours {
            true => seconds(&file, name).map(|found| found.map(Timestamp::from_unix_seconds)),
            false => Ok(None),
        };
        let of_us = time("expires_at")?;
        let (expires_at, ends_by) = earlier(of_jwt, of_us)
            .map(|end| (end, end))
            .or_else(|| expiration.map(|expiration| unskew(expiration, offset)))
            .ok_or(TokenFileError::Missing("expiration"))?;
        let obtained_at = time("obtained_at")?.or(issued_at);
        let (owner, refresh_token) = match ours {
            true => (owner(&file)?, text(&file, "refresh_token")?.map(Secret::new)),
            false => (None, None),
        };
        file.retain(|key, _| !KNOWN.contains(&key.as_str()));
        Ok(Self {
            api_base_url,
            access_token,
            claims,
            refresh_token,
            expires_at,
            ends_by,
            obtained_at,
            owner,
            unknown: UnknownKeys(file),
        })
    }

    /// Writes the token file, with Python's `expiration` as Python would have written it in this zone. A store that Python
    /// does not read can say `&|_| 0`.
    #[must_use]
    pub fn encode(&self, offset: LocalOffset<'_>) -> Secret {
        let owner = self.owner.as_ref();
        let keys = Keys {
            api_base_url: self.api_base_url.as_ref().map(ApiBaseUrl::as_str),
            access_token: self.access_token.expose(),
            expiration: skew(self.expires_at, offset),
            version: VERSION,
            expires_at: self.expires_at.as_unix_seconds(),
            obtained_at: self.obtained_at.map(Timestamp::as_unix_seconds),
            client_id: owner.map(|owner| owner.client_id.as_str()),
            token_url: owner.map(|owner| owner.token_url.as_str()),
            audience: owner.map(|owner| owner.audience.as_str()),
            organization: owner.and_then(|owner| owner.organization.as_deref()),
            refresh_token: self.refresh_token.as_ref().map(Secret::expose),
            unknown: &self.unknown.0,
        };
        let mut text = serde_json::to_string(&keys).unwrap_or_default();
        text.push('\n');
        Secret::new(text)
    }

    /// The token.
    #[must_use]
    pub fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// The API base URL stored beside it; `None` for a login whose account could not be asked yet.
    #[must_use]
    pub fn api_base_url(&self) -> Option<&ApiBaseUrl> {
        self.api_base_url.as_ref()
    }

    /// What gets the next token without a login, where the server gave one.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }

    /// The same with a token that has ended: an API refused it, but the refresh token beside it is good.
    #[must_use]
    pub fn ended(&self) -> Self {
        let end = Timestamp::from_unix_seconds(0);
        Self {
            expires_at: end,
            ends_by: end,
            ..self.clone()
        }
    }

    /// The same without the refresh token: for the file that is shared with the Python package, which makes it
    /// readable for others.
    #[must_use]
    pub fn without_refresh_token(&self) -> Self {
        Self {
            refresh_token: None,
            ..self.clone()
        }
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// True when it has ended however its file is read: where only Python's `expiration` says when, that is no single
    /// time (it depends on the zone it was written in), and [`expires_at`](Self::expires_at) is the earliest.
    #[must_use]
    pub fn has_certainly_ended(&self, now: Timestamp) -> bool {
        self.ends_by <= now
    }

    /// When it was issued, by the server's clock, if the token itself says so.
    #[must_use]
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.claims.as_ref().and_then(|claims| claims.issued_at)
    }

    /// When it was obtained, where that is known.
    #[must_use]
    pub fn obtained_at(&self) -> Option<Timestamp> {
        self.obtained_at
    }

    pub(crate) fn owner(&self) -> Option<&Owner> {
        self.owner.as_ref()
    }
}

fn text<'a>(file: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, TokenFileError> {
    match file.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(TokenFileError::WrongType {
            field: name,
            found: kind_of(other),
        }),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float-to-integer cast saturates"
)]
fn seconds(file: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, TokenFileError> {
    match file.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(number
            .as_i64()
            .or_else(|| number.as_f64().map(|seconds| seconds.floor() as i64))),
        Some(other) => Err(TokenFileError::WrongType {
            field: name,
            found: kind_of(other),
        }),
    }
}

fn owner(file: &Map<String, Value>) -> Result<Option<Owner>, TokenFileError> {
    let (client_id, token_url, audience) = (
        text(file, "client_id")?,
        text(file, "token_url")?,
        text(file, "audience")?,
    );
    let organization = text(file, "organization")?.map(str::to_owned);
    Ok(client_id
        .zip(token_url)
        .zip(audience)
        .map(|((client_id, token_url), audience)| Owner {
            client_id: client_id.to_owned(),
            token_url: token_url.to_owned(),
            audience: audience.to_owned(),
            organization,
        }))
}

/// Why bytes are no token file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFileError {
    /// Not JSON, or cut off.
    #[error("is not JSON ({0})")]
    NotJson(JsonProblem),
    /// JSON, but no object.
    #[error("holds {0}, not a JSON object")]
    NotAnObject(&'static str),
    /// A field that must be there is missing or null.
    #[error("has no \"{0}\"")]
    Missing(&'static str),
    /// A field of another type.
    #[error("has {found} as \"{field}\"")]
    WrongType {
        /// The field.
        field: &'static str,
        /// The JSON type that was found.
        found: &'static str,
    },
    /// The stored API base URL cannot be used.
    #[error("has an unusable \"api_base_url\": it {0}")]
    ApiBaseUrl(AddressProblem),
    /// The stored token cannot be put into a header.
    #[error("has an \"access_token\" that no header can carry")]
    UnusableToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW_YORK: LocalOffset<'_> = &|_| -14_400;
    const NEVER: LocalOffset<'_> = &|_| unreachable!("the zone is not needed");

    fn decode(text: &str) -> Result<TokenRecord, TokenFileError> {
        TokenRecord::decode(text.as_bytes(), NEW_YORK)
    }

    fn fixture(name: &str) -> String {
        let page = include_str!("../../../docs/cache-format.md");
        let start = page.find(&format!("<!-- {name} -->")).unwrap();
        let block = &page[start..];
        let json = block.split("```json\n").nth(1).unwrap();
        json.split("```").next().unwrap().to_owned()
    }

    #[test]
    fn a_file_of_ours_is_written_back_as_it_was() {
        let file = fixture("written by carto-auth in New York");
        let record = TokenRecord::decode(file.as_bytes(), NEVER).unwrap();
        assert_eq!(record.expires_at(), Timestamp::from_unix_seconds(1_790_086_400));
        assert_eq!(
            record.obtained_at(),
            Some(Timestamp::from_unix_seconds(1_790_000_000))
        );
        let written: Value = serde_json::from_str(record.encode(NEW_YORK).expose()).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(&file).unwrap());
    }

    #[test]
    fn the_three_keys_of_python_come_first_and_expiration_is_skewed() {
        let file = fixture("written by carto-auth in New York");
        let written = TokenRecord::decode(file.as_bytes(), NEVER)
            .unwrap()
            .encode(NEW_YORK);
        let start = r#"{"api_base_url":"https://gcp-us-east1.api.carto.com","access_token":"opaque-token","expiration":1790100800,"version":1,"#;
        assert!(written.expose().starts_with(start), "{}", written.expose());
    }

    #[test]
    fn a_file_written_by_python_in_new_york_ends_when_python_meant_it_to() {
        let record = decode(&fixture("written by Python in New York")).unwrap();
        assert_eq!(record.expires_at(), Timestamp::from_unix_seconds(1_790_086_400));
        assert_eq!(record.owner(), None);
    }

    #[test]
    fn the_jwts_end_counts_before_expiration_and_needs_no_zone() {
        // {"exp":1790000060,"iat":1790000000}
        let jwt = "e30.eyJleHAiOjE3OTAwMDAwNjAsImlhdCI6MTc5MDAwMDAwMH0.c2ln";
        let file = format!(r#"{{"api_base_url":"https://a.example","access_token":"{jwt}","expiration":5}}"#);
        let record = TokenRecord::decode(file.as_bytes(), NEVER).unwrap();
        assert_eq!(record.expires_at(), Timestamp::from_unix_seconds(1_790_000_060));
        assert_eq!(
            record.obtained_at(),
            Some(Timestamp::from_unix_seconds(1_790_000_000))
        );
    }

    #[test]
    fn unknown_keys_are_kept_and_not_shown() {
        let file = r#"{"api_base_url":"https://a.example","access_token":"t","expiration":5,"version":1,"expires_at":5,"later":{"x":"canary"}}"#;
        let record = decode(file).unwrap();
        assert!(
            record
                .encode(NEW_YORK)
                .expose()
                .contains(r#""later":{"x":"canary"}"#)
        );
        assert!(!format!("{record:?}").contains("canary"));
    }

    #[test]
    fn a_number_of_a_later_version_does_not_drift_when_it_is_written_again_and_again() {
        let file = r#"{"api_base_url":"https://a.example","access_token":"t","expiration":5,"x":-922337203685477518446744073709551615808}"#;
        let once = decode(file).unwrap().encode(NEW_YORK);
        let twice = decode(once.expose()).unwrap().encode(NEW_YORK);
        assert_eq!(once.expose(), twice.expose());
    }

    #[test]
    fn a_file_of_a_later_version_is_read_by_pythons_keys_alone() {
        let file = r#"{"api_base_url":"https://a.example","access_token":"t","expiration":14400,"version":2,"expires_at":"x","client_id":7}"#;
        let record = decode(file).unwrap();
        assert_eq!(record.expires_at(), Timestamp::from_unix_seconds(0));
        assert_eq!(record.owner(), None);
    }

    #[test]
    fn a_file_that_is_no_token_file_is_refused_without_quoting_it() {
        let good = r#"{"api_base_url":"https://a.example","access_token":"canary","expiration":5}"#;
        assert!(decode(good).is_ok());
        for end in 0..good.len() {
            let refused = decode(&good[..end]).unwrap_err().to_string();
            assert!(
                refused.starts_with("is not JSON (it ends in the middle") && !refused.contains("canary"),
                "{refused}"
            );
        }
        let refused = |from: &str, to: &str| decode(&good.replace(from, to)).unwrap_err().to_string();
        assert_eq!(refused("5", "\"5\""), "has a string as \"expiration\"");
        assert_eq!(refused(",\"expiration\":5", ""), "has no \"expiration\"");
        assert_eq!(refused("\"canary\"", "null"), "has no \"access_token\"");
        assert_eq!(
            refused("\"https://a.example\"", "null"),
            "has no \"api_base_url\""
        );
        assert_eq!(
            refused("canary", "a b"),
            "has an \"access_token\" that no header can carry"
        );
        assert_eq!(
            refused("https://a", "http://a"),
            "has an unusable \"api_base_url\": it must start with https:// (plain http is for loopback only)"
        );
        assert_eq!(
            decode("[]").unwrap_err().to_string(),
            "holds an array, not a JSON object"
        );
        assert!(decode(&format!("\u{feff}{good}")).is_ok());
    }

    #[test]
    fn a_login_without_a_known_account_and_with_a_refresh_token_is_kept_whole() {
        let file = fixture("written by carto-auth after a login whose account could not be asked");
        let record = TokenRecord::decode(file.as_bytes(), NEVER).unwrap();
        assert_eq!(record.api_base_url(), None);
        assert_eq!(record.refresh_token(), Some(&Secret::new("opaque-refresh-token")));
        assert_eq!(record.owner().unwrap().organization.as_deref(), Some("acme"));
        let written: Value = serde_json::from_str(record.encode(NEW_YORK).expose()).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(&file).unwrap());
        let shared = record.without_refresh_token().encode(NEW_YORK);
        assert!(!shared.expose().contains("refresh"), "{}", shared.expose());
    }

    #[test]
    fn a_file_of_python_without_an_api_base_url_is_no_token_file() {
        let file = r#"{"api_base_url":null,"access_token":"t","expiration":5}"#;
        assert_eq!(decode(file), Err(TokenFileError::Missing("api_base_url")));
    }
}

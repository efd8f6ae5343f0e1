//! What CARTO answered, sorted: a refusal in its own words, or something that no CARTO would say.

use std::fmt;
use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::error::Error;
use crate::exchange::{BODY_LIMIT, strange};
use crate::json::{JsonProblem, kind_of};
use crate::one_line::OneLine;
use crate::retry_after::retry_after;
use crate::secret::Secret;
use crate::step::Incoming;
use crate::tenant_config::TenantConfigProblem;
use crate::timestamp::Timestamp;

/// A refusal in the server's own words: an OAuth error body
/// (<https://www.rfc-editor.org/rfc/rfc6749#section-5.2>), Auth0's or CARTO's, with its HTTP status.
///
/// `code` and `description` are the server's text to the letter; `Display` shows them on one safe line.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// The host that refused.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    /// OAuth's error code, such as `invalid_grant`, or CARTO's message.
    pub code: Option<String>,
    /// OAuth's `error_description`, or CARTO's `hint`.
    pub description: Option<String>,
    /// The server's name for this request, which CARTO's support asks for.
    pub request_id: Option<String>,
    /// How long the server asks to wait, by `Retry-After` (<https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>).
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// The code or refresh token is spent, expired, revoked or another client's.
    pub(crate) fn is_invalid_grant(&self) -> bool {
        self.code.as_deref() == Some("invalid_grant")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.status {
            429 => "asks to slow down",
            500..=599 => "is out of order",
            _ => "refused",
        };
        write!(f, "{} {verb}: HTTP {}", OneLine(&self.host), self.status)?;
        if let Some(code) = &self.code {
            write!(f, ", {}", OneLine(code))?;
        }
        if let Some(description) = &self.description {
            write!(f, " ({})", OneLine(description))?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {}]", OneLine(id))?;
        }
        Ok(())
    }
}

/// A reply that is not what the endpoint is documented to say. It is described by content type, length and key
/// names and never quoted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplyError {
    host: String,
    status: u16,
    content_type: Option<String>,
    length: usize,
    problem: ReplyProblem,
}

impl ReplyError {
    pub(crate) fn new(host: &str, reply: &Incoming, problem: ReplyProblem) -> Self {
        let content_type = reply
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        Self {
            host: host.to_owned(),
            status: reply.status().as_u16(),
            content_type: content_type.map(str::to_owned),
            length: reply.body().len(),
            problem,
        }
    }

    /// Blots a secret out that the server has sent back where its words are shown.
    pub(crate) fn without(&mut self, secret: &Secret) {
        let keys = match &mut self.problem {
            ReplyProblem::Missing { keys, .. } => keys.0.iter_mut().collect(),
            _ => Vec::new(),
        };
        for text in self.content_type.iter_mut().chain(keys) {
            blot_out(text, secret);
        }
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> &ReplyProblem {
        &self.problem
    }

    /// Its HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content_type = self.content_type.as_deref().unwrap_or("no content type");
        write!(
            f,
            "{} answered with {} (HTTP {}, {}, {} bytes)",
            OneLine(&self.host),
            self.problem,
            self.status,
            OneLine(content_type),
            self.length
        )
    }
}

/// What can be wrong with a reply.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyProblem {
    /// A redirect, which is never followed: it could carry a secret away.
    #[error("a redirect, which is not followed")]
    Redirect,
    /// A status that means neither success nor refusal, without an error body.
    #[error("a status that says nothing more")]
    UnexpectedStatus,
    /// A body beyond the limit.
    #[error("a body beyond the limit of {0} bytes")]
    TooLarge(usize),
    /// A compressed body, which was not asked for.
    #[error("a compressed body, which was not asked for")]
    Compressed,
    /// A body that is not JSON.
    #[error("a body that is not JSON: {0}")]
    NotJson(JsonProblem),
    /// JSON, but no object.
    #[error("{0} instead of a JSON object")]
    NotAnObject(&'static str),
    /// A JSON object without a field it must have.
    #[error("JSON without \"{field}\", having {keys}")]
    Missing {
        /// The field that is missing.
        field: &'static str,
        /// The names of the fields that are there.
        keys: KeyNames,
    },
    /// A field of another type than documented.
    #[error("{found} as \"{field}\"")]
    WrongType {
        /// The field.
        field: &'static str,
        /// The JSON type that was found.
        found: &'static str,
    },
    /// A token type that is not `Bearer`.
    #[error("a token type that is not Bearer")]
    NotBearer,
    /// A token that no `Authorization` header can carry, or an empty one.
    #[error("a token that no header can carry")]
    UnusableToken,
    /// An organization id that is none.
    #[error("an auth0orgId that does not begin with org_")]
    OrganizationId,
    /// A token of another organization than was asked for.
    #[error("a token of another organization")]
    ForeignOrganization,
    /// A `tenant_domain` that is no plain domain name.
    #[error("a tenant_domain that is no domain name")]
    TenantDomain,
    /// A `projectId` that is none of Google's.
    #[error("a projectId that is no Google project id")]
    ProjectId,
    /// A tenant's configuration that cannot be used.
    #[error("{0}")]
    TenantConfig(TenantConfigProblem),
    /// A token whose end has passed when it arrives.
    #[error("a token that had already expired")]
    AlreadyExpired,
}

/// The key names of a JSON object, for an error that must not quote its values.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyNames(Vec<String>);

impl KeyNames {
    pub(crate) fn of(object: &Map<String, Value>) -> Self {
        Self(object.keys().take(12).cloned().collect())
    }
}

impl fmt::Display for KeyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no keys");
        }
        // Shortened no earlier than here: a part of a secret would not be found when it is blotted out.
        let short: Vec<String> = self.0.iter().map(|key| key.chars().take(40).collect()).collect();
        write!(f, "{}", OneLine(&short.join(", ")))
    }
}

impl fmt::Debug for KeyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyNames({self})")
    }
}

/// Replaces a secret, as it is or as a form spells it.
pub(crate) fn blot_out(text: &mut String, secret: &Secret) {
    let spelled: String = form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect();
    for spelling in [secret.expose(), spelled.as_str()] {
        if text.contains(spelling) {
            *text = text.replace(spelling, "[secret]");
        }
    }
}

/// Reads the JSON object of a successful reply; everything else is an error.
pub(crate) fn json_object(
    host: &str,
    reply: &Incoming,
    body_limit: usize,
    now: Timestamp,
) -> Result<Map<String, Value>, Error> {
    let strange = |problem| Err(strange(host, reply, problem));
    if reply.status().is_redirection() {
        return strange(ReplyProblem::Redirect);
    }
    let parsed = parse_object(reply, body_limit);
    if let Some(refusal) = refusal(host, reply, parsed.as_ref().ok(), now) {
        return Err(match refusal.status {
            429 => Error::RateLimited(Box::new(refusal)),
            500..=599 => Error::Unavailable(Box::new(refusal)),
            _ => Error::Refused(Box::new(refusal)),
        });
    }
    match parsed {
        Ok(object) if reply.status().is_success() => Ok(object),
        Ok(_) => strange(ReplyProblem::UnexpectedStatus),
        Err(problem) => strange(problem),
    }
}

/// The body, where it is below the limit and not compressed.
pub(crate) fn whole_body(reply: &Incoming, body_limit: usize) -> Result<&[u8], ReplyProblem> {
    if reply.body().len() >= body_limit {
        return Err(ReplyProblem::TooLarge(body_limit));
    }
    let encoding = reply.headers().get(CONTENT_ENCODING);
    match encoding.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        true => Ok(reply.body()),
        false => Err(ReplyProblem::Compressed),
    }
}

fn parse_object(reply: &Incoming, body_limit: usize) -> Result<Map<String, Value>, ReplyProblem> {
    match serde_json::from_slice(whole_body(reply, body_limit)?) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(ReplyProblem::NotAnObject(kind_of(&other))),
        Err(error) => Err(ReplyProblem::NotJson(JsonProblem::from(&error))),
    }
}

/// A text that must be there.
pub(crate) fn required_text<'a>(
    body: &'a Map<String, Value>,
    field: &'static str,
) -> Result<&'a str, ReplyProblem> {
    optional_text(body, field)?.ok_or_else(|| ReplyProblem::Missing {
        field,
        keys: KeyNames::of(body),
    })
}

/// A text that may be missing or null.
pub(crate) fn optional_text<'a>(
    body: &'a Map<String, Value>,
    field: &'static str,
) -> Result<Option<&'a str>, ReplyProblem> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(ReplyProblem::WrongType {
            field,
            found: kind_of(other),
        }),
    }
}

/// A refusal is a reply with an `error`, or one whose status alone says enough: 401, 429 and 5xx.
fn refusal(
    host: &str,
    reply: &Incoming,
    body: Option<&Map<String, Value>>,
    now: Timestamp,
) -> Option<Refusal> {
    let says_enough = matches!(reply.status().as_u16(), 401 | 429 | 500..=599);
    (error_of(body).is_some() || says_enough).then(|| in_its_words(host, reply, body, now))
}

/// A refusal without an `error` by an endpoint of which these statuses say enough, too. A gateway would have sent a page:
/// the body is JSON, or there is none.
pub(crate) fn refusal_by_status(
    host: &str,
    reply: &Incoming,
    statuses: &[u16],
    now: Timestamp,
) -> Option<Box<Refusal>> {
    let body = parse_object(reply, BODY_LIMIT).ok();
    let is_carto = body.is_some() || reply.body().is_empty();
    let is_refusal = is_carto && statuses.contains(&reply.status().as_u16());
    is_refusal.then(|| Box::new(in_its_words(host, reply, body.as_ref(), now)))
}

fn error_of(body: Option<&Map<String, Value>>) -> Option<&Value> {
    body?.get("error").filter(|error| !error.is_null())
}

fn in_its_words(host: &str, reply: &Incoming, body: Option<&Map<String, Value>>, now: Timestamp) -> Refusal {
    let text = |name: &str| {
        body.and_then(|body| body.get(name))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let header = |name: &str| {
        reply
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    Refusal {
        host: host.to_owned(),
        status: reply.status().as_u16(),
        code: error_of(body).and_then(error_text),
        description: text("error_description")
            .or_else(|| text("hint"))
            .or_else(|| text("message")),
        request_id: header("x-auth0-requestid").or_else(|| header("x-request-id")),
        retry_after: retry_after(reply.status(), reply.headers(), now),
    }
}

/// OAuth's `error` is a string; CARTO's is a string or an array of strings.
fn error_text(error: &Value) -> Option<String> {
    match error {
        Value::String(text) => Some(text.clone()),
        Value::Array(many) => {
            let texts: Vec<&str> = many.iter().filter_map(Value::as_str).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Error {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let reply = Incoming::from(response.body(body.as_bytes().to_vec()).unwrap());
        json_object("auth.carto.com", &reply, 1 << 20, NOW).unwrap_err()
    }

    #[test]
    fn an_oauth_error_is_kept_to_the_letter() {
        let body = r#"{"error":"access_denied","error_description":"Unauthorized\u001b[31m"}"#;
        let error = answer(401, &[("x-auth0-requestid", "r-1")], body);
        assert_eq!(
            error.to_string(),
            "auth.carto.com refused: HTTP 401, access_denied (Unauthorized\\u{1b}[31m) [request r-1]"
        );
        assert_eq!(
            error.oauth().unwrap().description.as_deref(),
            Some("Unauthorized\u{1b}[31m")
        );
        assert_eq!(error.http_status(), Some(401));
    }

    #[test]
    fn cartos_error_may_be_a_string_or_an_array_with_a_hint() {
        let one = answer(403, &[], r#"{"error":"no grant","hint":"ask your admin"}"#);
        assert_eq!(
            one.to_string(),
            "auth.carto.com refused: HTTP 403, no grant (ask your admin)"
        );
        let many = answer(404, &[], r#"{"error":["a","b"]}"#);
        assert_eq!(many.to_string(), "auth.carto.com refused: HTTP 404, a; b");
    }

    #[test]
    fn html_is_described_and_never_quoted() {
        let error = answer(404, &[("content-type", "text/html")], "<h1>canary</h1>");
        assert_eq!(
            error.to_string(),
            "auth.carto.com answered with a body that is not JSON: line 1, column 1 (HTTP 404, text/html, 15 bytes)"
        );
        let error = answer(502, &[("content-type", "text/html")], "<h1>canary</h1>");
        assert_eq!(error.to_string(), "auth.carto.com is out of order: HTTP 502");
    }

    #[test]
    fn a_success_with_an_error_in_it_is_a_refusal() {
        let error = answer(200, &[], r#"{"error":"invalid_client","access_token":"canary"}"#);
        assert_eq!(
            error.to_string(),
            "auth.carto.com refused: HTTP 200, invalid_client"
        );
    }

    #[test]
    fn a_redirect_and_a_compressed_body_are_refused() {
        let error = answer(302, &[("location", "https://evil.example")], "");
        assert_eq!(
            error.to_string(),
            "auth.carto.com answered with a redirect, which is not followed (HTTP 302, no content type, 0 bytes)"
        );
        let error = answer(200, &[("content-encoding", "gzip")], "{}");
        assert!(error.to_string().contains("a compressed body"), "{error}");
    }
}

//! What was asked of the sandbox.

use std::collections::BTreeMap;

use axum::http::request::Parts;

use crate::endpoint::Endpoint;

/// A request as it came in. It holds test secrets and shows them in `Debug`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Which endpoint it was for.
    pub endpoint: Endpoint,
    /// The method.
    pub method: String,
    /// The path, without query.
    pub path: String,
    /// The parameters of the query, in their order.
    pub query: Vec<(String, String)>,
    /// The headers, names in lower case; of repeated ones, the last.
    pub headers: BTreeMap<String, String>,
    /// The fields of a form body, in their order.
    pub form: Vec<(String, String)>,
    /// The body, whatever it is.
    pub body: String,
}

impl RecordedRequest {
    pub(crate) fn new(endpoint: Endpoint, parts: &Parts, body: &[u8]) -> Self {
        let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let pairs = |bytes| url::form_urlencoded::parse(bytes).into_owned().collect();
        Self {
            endpoint,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: pairs(parts.uri.query().unwrap_or_default().as_bytes()),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            form: pairs(body),
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }

    /// The value of a form field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        first(&self.form, name)
    }

    /// The value of a parameter of the query.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let mut cookies = self.headers.get("cookie")?.split(';');
        cookies.find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.as_str())
}

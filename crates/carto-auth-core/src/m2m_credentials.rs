//! The credentials of a machine-to-machine application.

use serde_json::{Map, Value};

use crate::api_base_url::ApiBaseUrl;
use crate::host_rules::AddressProblem;
use crate::json::{JsonProblem, kind_of};
use crate::one_line::OneLine;
use crate::secret::Secret;

/// What CARTO's Workspace gives a machine (Developers > Credentials): an API base URL, a client id and a client
/// secret, <https://www.rfc-editor.org/rfc/rfc6749#section-2.3>.
///
/// ```
/// use carto_auth_core::M2mCredentials;
///
/// let file = br#"{"api_base_url":"https://gcp-us-east1.api.carto.com","client_id":"id","client_secret":"s"}"#;
/// let credentials = M2mCredentials::from_json(file, "carto_credentials.json")?;
/// assert_eq!(credentials.client_id(), "id");
/// # Ok::<(), carto_auth_core::CredentialsError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct M2mCredentials {
    api_base_url: ApiBaseUrl,
    client_id: String,
    client_secret: Secret,
}

impl M2mCredentials {
    /// From values that the program has.
    ///
    /// # Errors
    /// When a value is empty or has blanks or control characters, or the address is not https.
    pub fn new(
        api_base_url: &str,
        client_id: impl Into<String>,
        client_secret: impl Into<Secret>,
    ) -> Result<Self, CredentialsError> {
        let (client_id, client_secret) = (client_id.into(), client_secret.into());
        let check = || {
            check_text("api_base_url", api_base_url)?;
            check_text("client_id", &client_id)?;
            check_text("client_secret", client_secret.expose())?;
            api_base_url.parse().map_err(CredentialsProblem::ApiBaseUrl)
        };
        match check() {
            Ok(api_base_url) => Ok(Self {
                api_base_url,
                client_id,
                client_secret,
            }),
            Err(problem) => Err(CredentialsError::new("the given credentials", problem)),
        }
    }

    /// From the bytes of a CARTO credentials file. `origin` names the file in errors. A byte order mark is
    /// skipped and unknown keys are ignored.
    ///
    /// # Errors
    /// One for each thing that can be wrong with the file, naming it and the field.
    pub fn from_json(bytes: &[u8], origin: &str) -> Result<Self, CredentialsError> {
        Self::parse(bytes).map_err(|problem| CredentialsError::new(origin, problem))
    }

    fn parse(bytes: &[u8]) -> Result<Self, CredentialsProblem> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(CredentialsProblem::Utf16);
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.trim_ascii().is_empty() {
            return Err(CredentialsProblem::Empty);
        }
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| CredentialsProblem::NotJson(JsonProblem::from(&error)))?;
        let Value::Object(fields) = value else {
            return Err(CredentialsProblem::NotAnObject(kind_of(&value)));
        };
        if fields.get("profiles").is_some_and(Value::is_object) {
            return Err(CredentialsProblem::NodeCliFile);
        }
        let api_base_url = field(&fields, "api_base_url")?;
        let client_id = field(&fields, "client_id")?;
        let client_secret = field(&fields, "client_secret")?;
        Ok(Self {
            api_base_url: api_base_url.parse().map_err(CredentialsProblem::ApiBaseUrl)?,
            client_id: client_id.to_owned(),
            client_secret: Secret::new(client_secret),
        })
    }

    /// Where the account's APIs are.
    #[must_use]
    pub fn api_base_url(&self) -> &ApiBaseUrl {
        &self.api_base_url
    }

    /// The application's public name.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The application's password.
    #[must_use]
    pub fn client_secret(&self) -> &Secret {
        &self.client_secret
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

fn field<'a>(fields: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, CredentialsProblem> {
    match fields.get(name) {
        None => Err(CredentialsProblem::Missing(name)),
        Some(Value::String(text)) => check_text(name, text).map(|()| text.as_str()),
        Some(other) => Err(CredentialsProblem::WrongType {
            field: name,
            found: kind_of(other),
        }),
    }
}

fn check_text(name: &'static str, text: &str) -> Result<(), CredentialsProblem> {
    if text.trim().is_empty() {
        Err(CredentialsProblem::EmptyField(name))
    } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Err(CredentialsProblem::Blanks(name))
    } else {
        Ok(())
    }
}

/// Machine credentials that cannot be used, with where they came from.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} {problem}", OneLine(origin))]
pub struct CredentialsError {
    origin: String,
    problem: CredentialsProblem,
}

impl CredentialsError {
    /// Pairs a problem with the file, variable or argument that has it.
    pub fn new(origin: impl Into<String>, problem: CredentialsProblem) -> Self {
        Self {
            origin: origin.into(),
            problem,
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &CredentialsProblem {
        &self.problem
    }

    /// What is wrong, to be told of another origin.
    #[must_use]
    pub fn into_problem(self) -> CredentialsProblem {
        self.problem
    }

    /// The file, variable or argument that has the problem.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// What can be wrong with machine credentials.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsProblem {
    /// There is no such file.
    #[error("does not exist")]
    NotFound,
    /// The path names a directory.
    #[error("is a directory, not a credentials file")]
    IsDirectory,
    /// The operating system refused to read it.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
    /// The file is larger than credentials can be (1 MiB).
    #[error("is larger than 1 MiB, so it is no credentials file")]
    TooLarge,
    /// The file has no content.
    #[error("is empty")]
    Empty,
    /// The file was saved as UTF-16.
    #[error("is UTF-16 text, not UTF-8")]
    Utf16,
    /// The file is not JSON.
    #[error("is not JSON ({0})")]
    NotJson(JsonProblem),
    /// The file is JSON, but not an object.
    #[error("holds {0}, not a JSON object")]
    NotAnObject(&'static str),
    /// The file belongs to CARTO's own Node command line.
    #[error("is the login file of CARTO's own command line, not a machine's credentials file")]
    NodeCliFile,
    /// A field or variable is not there.
    #[error("has no \"{0}\"")]
    Missing(&'static str),
    /// A field or variable is there, but empty.
    #[error("has an empty \"{0}\"")]
    EmptyField(&'static str),
    /// A field is not a string.
    #[error("has {found} as \"{field}\", not a string")]
    WrongType {
        /// The field's name.
        field: &'static str,
        /// The JSON type that was found.
        found: &'static str,
    },
    /// A value has blanks or control characters, which no CARTO identifier has.
    #[error("has blanks or control characters in \"{0}\"")]
    Blanks(&'static str),
    /// The API base URL cannot be used.
    #[error("has an unusable \"api_base_url\": it {0}")]
    ApiBaseUrl(AddressProblem),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        M2mCredentials::from_json(text.as_bytes(), "ci.json")
            .unwrap_err()
            .to_string()
    }

    fn file(url: &str, id: &str, secret: &str) -> String {
        format!(r#"{{"api_base_url":{url},"client_id":{id},"client_secret":{secret}}}"#)
    }

    #[test]
    fn each_missing_empty_or_mistyped_field_is_named() {
        for (field, other) in [
            ("api_base_url", "url"),
            ("client_id", "id"),
            ("client_secret", "cs"),
        ] {
            let good = file(r#""https://a.example""#, r#""i""#, r#""s""#);
            let missing = good.replace(field, other);
            assert_eq!(refused(&missing), format!("ci.json has no \"{field}\""));
        }
        let url = r#""https://a.example""#;
        assert_eq!(
            refused(&file(url, r#""""#, r#""s""#)),
            "ci.json has an empty \"client_id\""
        );
        assert_eq!(
            refused(&file(url, r#""i""#, r#""  ""#)),
            "ci.json has an empty \"client_secret\""
        );
        assert_eq!(
            refused(&file(r#""""#, r#""i""#, r#""s""#)),
            "ci.json has an empty \"api_base_url\""
        );
        assert_eq!(
            refused(&file(url, "7", r#""s""#)),
            "ci.json has a number as \"client_id\", not a string"
        );
        assert_eq!(
            refused(&file(url, r#""i""#, "null")),
            "ci.json has null as \"client_secret\", not a string"
        );
        assert_eq!(
            refused(&file(url, r#""i""#, r#""s\n""#)),
            "ci.json has blanks or control characters in \"client_secret\""
        );
    }

    #[test]
    fn a_file_that_is_no_credentials_file_is_named_for_what_it_is() {
        assert_eq!(refused(""), "ci.json is empty");
        assert_eq!(refused("[1]"), "ci.json holds an array, not a JSON object");
        assert_eq!(
            refused("{\"api_base_url\":"),
            "ci.json is not JSON (it ends in the middle, at line 1, column 16)"
        );
        assert_eq!(
            refused("api_base_url: x"),
            "ci.json is not JSON (line 1, column 1)"
        );
        assert_eq!(
            refused(r#"{"current_profile":"p","profiles":{"p":{"token":"x","tenant_id":"ac_1"}}}"#),
            "ci.json is the login file of CARTO's own command line, not a machine's credentials file"
        );
        let utf16 = M2mCredentials::from_json(b"\xff\xfe{\0}\0", "ci.json").unwrap_err();
        assert_eq!(utf16.to_string(), "ci.json is UTF-16 text, not UTF-8");
    }

    #[test]
    fn an_api_base_url_that_is_not_https_is_refused() {
        assert_eq!(
            refused(&file(r#""http://api.carto.com""#, r#""i""#, r#""s""#)),
            "ci.json has an unusable \"api_base_url\": it must start with https:// (plain http is for loopback only)"
        );
        assert_eq!(
            refused(&file(r#""api.carto.com""#, r#""i""#, r#""s""#)),
            "ci.json has an unusable \"api_base_url\": it is not a URL"
        );
    }

    #[test]
    fn a_byte_order_mark_and_unknown_keys_do_no_harm() {
        let text = "\u{feff}{\"api_base_url\":\"https://a.example/\",\"client_id\":\"i\",\"client_secret\":\"s\",\"x\":1}";
        let read = M2mCredentials::from_json(text.as_bytes(), "ci.json").unwrap();
        assert_eq!(read, M2mCredentials::new("https://a.example", "i", "s").unwrap());
    }
}

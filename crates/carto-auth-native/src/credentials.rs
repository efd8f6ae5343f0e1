//! Machine credentials from a file, a stream or the environment.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use carto_auth_core::{CredentialsError, CredentialsProblem, M2mCredentials, TOKEN_FILE_LIMIT};

use crate::home::expand_tilde;

/// The variable with a machine's client id.
pub const CLIENT_ID: &str = "CARTO_CLIENT_ID";
/// The variable with a machine's client secret.
pub const CLIENT_SECRET: &str = "CARTO_CLIENT_SECRET";
/// The variable with the base URL of a machine's APIs.
pub const API_BASE_URL: &str = "CARTO_API_BASE_URL";

/// Reads a CARTO credentials file. A leading `~/` is expanded.
///
/// # Errors
/// When the file cannot be read or is larger than 1 MiB, and all that
/// [`M2mCredentials::from_json`] refuses. The error names the file.
pub fn from_file(path: impl AsRef<Path>) -> Result<M2mCredentials, CredentialsError> {
    let path = expand_tilde(path.as_ref());
    let origin = path.display().to_string();
    match read_file(&path) {
        Ok(bytes) => M2mCredentials::from_json(&bytes, &origin),
        Err(problem) => Err(CredentialsError::new(origin, problem)),
    }
}

/// Reads CARTO credentials to the end of a stream, such as standard input, called `origin` in errors.
///
/// # Errors
/// As [`from_file`].
pub fn from_reader(reader: impl Read, origin: &str) -> Result<M2mCredentials, CredentialsError> {
    match read_limited(reader) {
        Ok(bytes) => M2mCredentials::from_json(&bytes, origin),
        Err(problem) => Err(CredentialsError::new(origin, problem)),
    }
}

/// Takes the credentials from `CARTO_CLIENT_ID`, `CARTO_CLIENT_SECRET` and `CARTO_API_BASE_URL`, or `None` when
/// neither of the first two is set. A variable that is empty counts as unset, as it does where a CI has no secret
/// to fill in.
///
/// # Errors
/// When one is set without the others, or holds what no credentials hold.
#[must_use]
pub fn from_env() -> Option<Result<M2mCredentials, CredentialsError>> {
    from_variables(|name| env::var_os(name))
}

fn from_variables(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<Result<M2mCredentials, CredentialsError>> {
    let value = |name| variable(name).filter(|value| !value.is_empty());
    if value(CLIENT_ID).is_none() && value(CLIENT_SECRET).is_none() {
        return None;
    }
    let text = |name| {
        let refused = |problem| CredentialsError::new("the environment", problem);
        let value = value(name).ok_or_else(|| refused(CredentialsProblem::Missing(name)))?;
        value
            .into_string()
            .map_err(|_| refused(CredentialsProblem::Blanks(name)))
    };
    let all = || {
        let (client_id, client_secret, api_base_url) =
            (text(CLIENT_ID)?, text(CLIENT_SECRET)?, text(API_BASE_URL)?);
        M2mCredentials::new(&api_base_url, client_id, client_secret)
            .map_err(|error| CredentialsError::new("the environment", of_variable(error.into_problem())))
    };
    Some(all())
}

/// The problem of a field, told of the variable that stands for it.
fn of_variable(problem: CredentialsProblem) -> CredentialsProblem {
    let name = |field| match field {
        "client_id" => CLIENT_ID,
        "client_secret" => CLIENT_SECRET,
        "api_base_url" => API_BASE_URL,
        other => other,
    };
    match problem {
        CredentialsProblem::EmptyField(field) => CredentialsProblem::EmptyField(name(field)),
        CredentialsProblem::Blanks(field) => CredentialsProblem::Blanks(name(field)),
        other => other,
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, CredentialsProblem> {
    let metadata = path.metadata().map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err(CredentialsProblem::IsDirectory);
    }
    // A pipe is welcome (`--credentials <(vault read …)`); whether it ever ends is up to whoever named it.
    read_limited(File::open(path).map_err(|error| unreadable(&error))?)
}

fn read_limited(reader: impl Read) -> Result<Vec<u8>, CredentialsProblem> {
    let mut bytes = Vec::new();
    reader
        .take(TOKEN_FILE_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > TOKEN_FILE_LIMIT {
        Err(CredentialsProblem::TooLarge)
    } else {
        Ok(bytes)
    }
}

fn unreadable(error: &std::io::Error) -> CredentialsProblem {
    match error.kind() {
        ErrorKind::NotFound => CredentialsProblem::NotFound,
        ErrorKind::IsADirectory => CredentialsProblem::IsDirectory,
        kind => CredentialsProblem::Unreadable(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Option<Result<M2mCredentials, String>> {
        let find = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        };
        from_variables(find).map(|result| result.map_err(|error| error.to_string()))
    }

    #[test]
    fn no_or_empty_variables_are_no_identity() {
        assert_eq!(environment(&[]), None);
        assert_eq!(environment(&[(CLIENT_ID, ""), (CLIENT_SECRET, "")]), None);
        assert_eq!(environment(&[(API_BASE_URL, "https://a.example")]), None);
    }

    #[test]
    fn a_variable_that_is_missing_beside_another_is_named() {
        let id = (CLIENT_ID, "id");
        let secret = (CLIENT_SECRET, "s");
        let url = (API_BASE_URL, "https://a.example");
        let missing = |pairs: &[(&str, &str)]| environment(pairs).unwrap().unwrap_err();
        assert_eq!(
            missing(&[id, url]),
            "the environment has no \"CARTO_CLIENT_SECRET\""
        );
        assert_eq!(
            missing(&[secret, url]),
            "the environment has no \"CARTO_CLIENT_ID\""
        );
        assert_eq!(
            missing(&[id, secret]),
            "the environment has no \"CARTO_API_BASE_URL\""
        );
        let whole = environment(&[id, secret, url]).unwrap().unwrap();
        assert_eq!(
            whole,
            M2mCredentials::new("https://a.example", "id", "s").unwrap()
        );
    }

    #[test]
    fn a_missing_file_and_a_directory_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ci.json");
        let text = from_file(&path).unwrap_err().to_string();
        assert!(text.ends_with("ci.json does not exist"), "{text}");
        let text = from_file(folder.path()).unwrap_err().to_string();
        assert!(text.ends_with("is a directory, not a credentials file"), "{text}");
    }

    #[test]
    fn more_than_a_mebibyte_is_no_credentials_file() {
        let error = from_reader(std::io::repeat(b' '), "standard input").unwrap_err();
        assert_eq!(
            error.to_string(),
            "standard input is larger than 1 MiB, so it is no credentials file"
        );
    }
}

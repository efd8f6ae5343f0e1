//! Whose token is asked for: one rule, and `status` and `-v` say which part of it decided.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use carto_auth_core::{Endpoints, Error, M2mCredentials};
use carto_auth_native::{FileStore, credentials};
use carto_auth_ureq::CartoAuth;

use crate::arguments::Global;
use crate::failure::Failure;

/// A login, and where it came from.
pub(crate) struct Chosen {
    pub(crate) auth: CartoAuth,
    /// Which part of the rule decided, for people.
    pub(crate) source: String,
    /// The identity's own token file, unless nothing is kept.
    pub(crate) cache: Option<PathBuf>,
}

/// Applies the rule: `--credentials`, then `CARTO_CREDENTIALS_FILE`, then `CARTO_CLIENT_ID` and its companions.
pub(crate) fn choose(global: &Global) -> Result<Chosen, Failure> {
    let (credentials, source) = find(global)?;
    log::info!("using {source}");
    let store = if global.no_cache {
        None
    } else {
        FileStore::machine_default()
    };
    let builder = CartoAuth::m2m(credentials).endpoints(endpoints()?);
    let builder = if global.no_cache {
        builder.without_cache()
    } else {
        builder
    };
    let auth = builder.build();
    let cache = store
        .zip(auth.identity())
        .map(|(store, identity)| store.own_file(identity));
    Ok(Chosen { auth, source, cache })
}

fn find(global: &Global) -> Result<(M2mCredentials, String), Failure> {
    if let Some(path) = &global.credentials {
        return from_path(path, "--credentials");
    }
    if let Some(path) = variable("CARTO_CREDENTIALS_FILE") {
        return from_path(Path::new(&path), "CARTO_CREDENTIALS_FILE");
    }
    match credentials::from_env() {
        Some(credentials) => Ok((credentials.map_err(Error::from)?, "CARTO_CLIENT_ID".to_owned())),
        None => Err(Failure::no_identity()),
    }
}

fn from_path(path: &Path, setting: &str) -> Result<(M2mCredentials, String), Failure> {
    if path == Path::new("-") {
        let credentials =
            credentials::from_reader(io::stdin().lock(), "standard input").map_err(Error::from)?;
        return Ok((credentials, format!("{setting} (standard input)")));
    }
    let credentials = credentials::from_file(path).map_err(Error::from)?;
    Ok((credentials, format!("{setting} {}", path.display())))
}

/// CARTO's cloud, or what the variables for self-hosted and dedicated deployments say.
fn endpoints() -> Result<Endpoints, Failure> {
    let mut endpoints = Endpoints::carto();
    if let Some(url) = text_variable("CARTO_AUTH_URL")? {
        endpoints = endpoints
            .with_auth_url(&url)
            .map_err(|error| address_of("CARTO_AUTH_URL", error))?;
    }
    if let Some(audience) = text_variable("CARTO_AUTH_AUDIENCE")? {
        endpoints = endpoints.with_audience(audience);
    }
    Ok(endpoints)
}

/// Names the variable that an address came from.
fn address_of(setting: &'static str, error: Error) -> Error {
    match error {
        Error::Address { problem, .. } => Error::Address { setting, problem },
        other => other,
    }
}

/// A variable that chooses where a secret goes: left empty by mistake it must not mean CARTO's cloud.
fn text_variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var_os(name).map(std::ffi::OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(Failure::usage(
            format!("{name} is empty or not text"),
            "set it, or unset it for CARTO's cloud",
        )),
    }
}

/// A variable that is empty counts as unset.
fn variable(name: &str) -> Option<std::ffi::OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

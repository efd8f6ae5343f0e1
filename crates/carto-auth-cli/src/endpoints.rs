//! The variables that point at another CARTO than the cloud's.

use std::env;
use std::ffi::OsString;

use carto_auth_core::{Endpoints, Error};

use crate::failure::Failure;

/// A setting of [`Endpoints`] that an address may refuse.
type Setting = fn(Endpoints, &str) -> Result<Endpoints, Error>;

const ADDRESSES: [(&str, Setting); 4] = [
    ("CARTO_AUTH_URL", Endpoints::with_auth_url),
    ("CARTO_ACCOUNTS_URL", Endpoints::with_accounts_url),
    ("CARTO_APP_URL", Endpoints::with_app_url),
    ("CARTO_AUTH_REDIRECT_URI", Endpoints::with_redirect_uri),
];

const NAMES: [&str; 3] = [
    "CARTO_AUTH_CLIENT_ID",
    "CARTO_AUTH_AUDIENCE",
    "CARTO_ALLOWED_DOMAINS",
];

/// Those of the variables that are set.
pub(crate) fn variables_set() -> Vec<&'static str> {
    let names = ADDRESSES.iter().map(|(name, _)| *name).chain(NAMES);
    names.filter(|name| env::var_os(name).is_some()).collect()
}

/// CARTO's cloud, or what the variables for self-hosted and dedicated deployments say.
pub(crate) fn endpoints() -> Result<Endpoints, Failure> {
    let mut endpoints = Endpoints::carto();
    for (name, set) in ADDRESSES {
        if let Some(value) = text(name)? {
            endpoints = set(endpoints, &value).map_err(|error| named(name, error))?;
        }
    }
    if let Some(client_id) = text("CARTO_AUTH_CLIENT_ID")? {
        endpoints = endpoints.with_client_id(client_id);
    }
    if let Some(audience) = text("CARTO_AUTH_AUDIENCE")? {
        endpoints = endpoints.with_audience(audience);
    }
    let domains = text("CARTO_ALLOWED_DOMAINS")?.unwrap_or_default();
    for domain in domains.split([',', ' ']).filter(|domain| !domain.is_empty()) {
        endpoints = endpoints
            .with_allowed_domain(domain)
            .map_err(|error| named("CARTO_ALLOWED_DOMAINS", error))?;
    }
    Ok(endpoints)
}

/// Names the variable that an address came from.
fn named(setting: &'static str, error: Error) -> Error {
    match error {
        Error::Address { problem, .. } => Error::Address { setting, problem },
        other => other,
    }
}

/// A variable that chooses where a secret goes: left empty by mistake it must not mean CARTO's cloud.
fn text(name: &str) -> Result<Option<String>, Failure> {
    match env::var_os(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) if !text.trim().is_empty() => Ok(Some(text)),
        Some(_) => Err(Failure::usage(
            format!("{name} is blank or not text"),
            "set it, or unset it for CARTO's cloud",
        )),
    }
}

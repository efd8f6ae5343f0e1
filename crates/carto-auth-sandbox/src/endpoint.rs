//! What the sandbox answers.

use axum::http::Method;

/// An endpoint of CARTO.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Endpoint {
    /// `POST /oauth/token`.
    Token,
    /// `GET /accounts`, with a token.
    Accounts,
    /// `GET /users/me`, with a token; a machine is not found there.
    Me,
    /// `GET /config.yaml`, the tenant's configuration.
    TenantConfig,
    /// `GET /v3/connections/carto-dw/token`, with a token.
    Warehouse,
    /// `GET /.well-known/jwks.json`.
    Keys,
    /// Anything else.
    Unknown,
}

impl Endpoint {
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        match (method.as_str(), path) {
            ("POST", "/oauth/token") => Self::Token,
            ("GET", "/accounts") => Self::Accounts,
            ("GET", "/users/me") => Self::Me,
            ("GET", "/config.yaml") => Self::TenantConfig,
            ("GET", "/v3/connections/carto-dw/token") => Self::Warehouse,
            ("GET", "/.well-known/jwks.json") => Self::Keys,
            _ => Self::Unknown,
        }
    }
}

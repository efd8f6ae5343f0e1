//! What the sandbox answers.

use axum::http::Method;

/// An endpoint of CARTO.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Endpoint {
    /// `GET /authorize`, where the login of a person starts.
    Authorize,
    /// `POST /authorize/login`, the form with email and password.
    Login,
    /// `POST /authorize/consent`, the buttons of the consent page.
    Consent,
    /// `POST /oauth/token`.
    Token,
    /// `POST /oauth/revoke`.
    Revoke,
    /// `GET /accounts`, with a token.
    Accounts,
    /// `GET /accounts/{name}/auth0_org_id`, the organization behind a name.
    Organization,
    /// `GET /users/me`, with a token; a machine is not found there.
    Me,
    /// `GET /config.yaml`, the tenant's configuration.
    TenantConfig,
    /// `GET /v3/connections/carto-dw/token`, with a token.
    Warehouse,
    /// Anything below `/bigquery/v2/projects/`, with a warehouse token.
    BigQuery,
    /// `GET /.well-known/jwks.json`.
    Keys,
    /// `GET /auth/token`, `/auth/success` and `/auth/error`, the pages of the app on which a login ends.
    AppPage,
    /// Anything else.
    Unknown,
}

impl Endpoint {
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        match (method.as_str(), path) {
            ("GET", "/authorize") => Self::Authorize,
            ("POST", "/authorize/login") => Self::Login,
            ("POST", "/authorize/consent") => Self::Consent,
            ("POST", "/oauth/token") => Self::Token,
            ("POST", "/oauth/revoke") => Self::Revoke,
            ("GET", "/accounts") => Self::Accounts,
            ("GET", "/users/me") => Self::Me,
            ("GET", "/config.yaml") => Self::TenantConfig,
            ("GET", "/v3/connections/carto-dw/token") => Self::Warehouse,
            ("GET", "/.well-known/jwks.json") => Self::Keys,
            ("GET", "/auth/token" | "/auth/success" | "/auth/error") => Self::AppPage,
            ("GET", path) if organization_name(path).is_some() => Self::Organization,
            (_, path) if bigquery_path(path).is_some() => Self::BigQuery,
            _ => Self::Unknown,
        }
    }
}

/// What follows `/bigquery/v2/projects/`.
pub(crate) fn bigquery_path(path: &str) -> Option<&str> {
    path.strip_prefix("/bigquery/v2/projects/")
}

/// The name in `/accounts/{name}/auth0_org_id`, still percent-encoded.
pub(crate) fn organization_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix("/accounts/")?.strip_suffix("/auth0_org_id")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

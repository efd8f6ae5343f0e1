//! The one person who can log in, and what CARTO says of them.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::AUDIENCE;
use crate::reply::json_reply;
use crate::sandbox::Shared;

/// A person's email and password.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) email: String,
    pub(crate) password: String,
}

/// What a person has allowed a client to do.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) scope: Option<String>,
    /// `org_…`.
    pub(crate) organization: Option<String>,
}

impl Grant {
    pub(crate) fn allows_refresh(&self) -> bool {
        let mut scopes = self.scope.as_deref().unwrap_or_default().split_whitespace();
        scopes.any(|scope| scope == "offline_access")
    }
}

impl Credentials {
    pub(crate) fn match_form(&self, email: &str, password: &str) -> bool {
        self.email.eq_ignore_ascii_case(email.trim()) && self.password == password
    }

    /// `sub`, as Auth0 makes it.
    fn subject(&self) -> String {
        let name = self.email.split('@').next().unwrap_or_default();
        format!("auth0|sandbox-{name}")
    }
}

/// A successful answer of the token endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-5.1>.
pub(crate) fn token_reply(carto: &Shared, grant: &Grant, refresh_token: Option<String>) -> Response<Body> {
    let person = carto.state().logins.person.clone();
    let mut claims = json!({
        "sub": person.subject(),
        "aud": AUDIENCE,
        "azp": grant.client_id,
        "permissions": [],
        "http://app.carto.com/account_id": "ac_sandbox",
        "http://app.carto.com/email": person.email,
    });
    if let Some(scope) = &grant.scope {
        claims["scope"] = json!(scope);
    }
    if let Some(organization) = &grant.organization {
        claims["org_id"] = json!(organization);
    }
    let mut reply = carto.issue(claims);
    if let Some(scope) = &grant.scope {
        reply["scope"] = json!(scope);
    }
    if let Some(refresh_token) = refresh_token {
        reply["refresh_token"] = json!(refresh_token);
    }
    json_reply(StatusCode::OK, &reply)
}

/// Who a token belongs to; a machine is nobody.
pub(crate) fn me(claims: &Value, tenant_domain: &str) -> (StatusCode, Value) {
    let email = &claims["http://app.carto.com/email"];
    if email.is_null() {
        return (StatusCode::NOT_FOUND, json!({"error": "User not found"}));
    }
    let person = json!({
        "user_id": claims["sub"],
        "email": email,
        "user_metadata": {"tenant_domain": tenant_domain},
        "app_metadata": {"roles": ["Builder"]},
    });
    (StatusCode::OK, person)
}

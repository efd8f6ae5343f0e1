//! The tenant: where it lives, which API serves it, and its organizations.

use std::collections::HashMap;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::endpoint::organization_name;
use crate::reply::{json_reply, response};
use crate::request::RecordedRequest;
use crate::sandbox::{Sandbox, Shared};

pub(crate) struct Tenant {
    domain: Option<String>,
    api_base: Option<String>,
    /// The ids (`org_…`) by name.
    organizations: HashMap<String, String>,
}

impl Default for Tenant {
    fn default() -> Self {
        Self {
            domain: None,
            api_base: None,
            organizations: HashMap::from([("acme".to_owned(), "org_sandboxacme".to_owned())]),
        }
    }
}

impl Tenant {
    /// Whether an id is known; a name does not count, as it does not with Auth0.
    pub(crate) fn has_organization(&self, id: &str) -> bool {
        self.organizations.values().any(|known| known == id)
    }
}

/// The tenant.
impl Sandbox {
    /// Lets the accounts service tell this `tenant_domain`, or the sandbox's own again.
    pub fn tenant_domain(&self, domain: Option<String>) {
        self.shared.state().tenant.domain = domain;
    }

    /// Writes this into `config.yaml` as `apis.baseUrl`, as it is, or the sandbox's own address again.
    pub fn api_base(&self, url: Option<String>) {
        self.shared.state().tenant.api_base = url;
    }

    /// Adds an organization for single sign-on. There is one already: `acme` is `org_sandboxacme`.
    pub fn add_organization(&self, name: &str, auth0_org_id: &str) {
        self.shared
            .state()
            .tenant
            .organizations
            .insert(name.to_owned(), auth0_org_id.to_owned());
    }
}

pub(crate) fn domain(carto: &Shared) -> String {
    let domain = carto.state().tenant.domain.clone();
    domain.unwrap_or_else(|| carto.host())
}

pub(crate) fn account(carto: &Shared, claims: &Value) -> (StatusCode, Value) {
    let id = &claims["http://app.carto.com/account_id"];
    (StatusCode::OK, json!({"id": id, "tenant_domain": domain(carto)}))
}

pub(crate) fn organization(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    // In a path, unlike in a form, these three are themselves.
    let name = organization_name(&request.path).unwrap_or_default();
    let name = name.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let name = url::form_urlencoded::parse(name.as_bytes()).next();
    let name = name.map(|(name, _)| name).unwrap_or_default();
    let id = carto.state().tenant.organizations.get(&*name).cloned();
    json_reply(StatusCode::OK, &json!({"auth0orgId": id}))
}

pub(crate) fn config(carto: &Shared) -> Response<Body> {
    let url = carto.url();
    let api_base = carto.state().tenant.api_base.clone();
    let api_base = api_base.as_ref().unwrap_or(&url);
    let yaml =
        format!("apis:\n  baseUrl: {api_base}\n  workspaceUrl: {url}\ncartoVersion:\n  selfHosted: false\n");
    let headers = vec![(CONTENT_TYPE.to_string(), "text/yaml".to_owned())];
    response(StatusCode::OK, headers, yaml.into_bytes())
}

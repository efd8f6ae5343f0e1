//! The CARTO Data Warehouse: whether there is one, and its tokens, which come without a word on when they end.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::sandbox::{Builder, Sandbox, Shared};
use crate::unguessable::unguessable;

/// What CARTO says to somebody with a good token who asks for the warehouse's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum WarehouseAccess {
    /// 200, with the project and a token, as from the start.
    #[default]
    Granted,
    /// 403: the warehouse is not for everybody.
    NotGranted,
    /// 404: the tenant has no warehouse, as self-hosted ones from the start.
    Disabled,
}

#[derive(Clone, Debug)]
pub(crate) struct Warehouse {
    pub(crate) project_id: String,
    access: WarehouseAccess,
    token_lifetime: Duration,
    token_text: Option<String>,
    /// When each token was handed out last, and for how long.
    issued: HashMap<String, (Instant, Duration)>,
}

impl Default for Warehouse {
    fn default() -> Self {
        Self {
            project_id: "carto-dw-ac-sandbox".to_owned(),
            access: WarehouseAccess::default(),
            token_lifetime: Duration::from_secs(3600),
            token_text: None,
            issued: HashMap::new(),
        }
    }
}

impl Warehouse {
    /// Whether Google takes a token.
    pub(crate) fn takes(&self, token: &str) -> bool {
        let issued = self.issued.get(token);
        issued.is_some_and(|(at, lifetime)| at.elapsed() < *lifetime)
    }

    fn issue(&mut self) -> String {
        let token = self.token_text.clone();
        let token = token.unwrap_or_else(|| format!("ya29.{}", unguessable()));
        self.issued
            .insert(token.clone(), (Instant::now(), self.token_lifetime));
        token
    }
}

/// The Data Warehouse.
impl Builder {
    /// Sets the life of warehouse tokens, one hour from the start; with zero, every one has ended.
    pub fn warehouse_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.warehouse.token_lifetime = lifetime;
        self
    }

    /// Sets the id of the warehouse's Google project, `carto-dw-ac-sandbox` from the start.
    pub fn warehouse_project_id(mut self, project_id: impl Into<String>) -> Self {
        self.warehouse.project_id = project_id.into();
        self
    }
}

/// The Data Warehouse.
impl Sandbox {
    /// The id of the warehouse's Google project.
    #[must_use]
    pub fn warehouse_project_id(&self) -> String {
        self.shared.state().warehouse.project_id.clone()
    }

    /// The base of BigQuery's REST API: what a client takes as its endpoint (`BIGQUERY_EMULATOR_HOST`).
    #[must_use]
    pub fn bigquery_url(&self) -> String {
        self.url()
    }

    /// Lets CARTO grant or refuse warehouse tokens from here on.
    pub fn warehouse_access(&self, access: WarehouseAccess) {
        self.shared.state().warehouse.access = access;
    }

    /// Hands out this text as the warehouse token, as it is, or a new token each time again.
    pub fn warehouse_token_text(&self, text: Option<String>) {
        self.shared.state().warehouse.token_text = text;
    }

    /// The life of warehouse tokens that are issued from here on.
    pub fn set_warehouse_token_lifetime(&self, lifetime: Duration) {
        self.shared.state().warehouse.token_lifetime = lifetime;
    }

    /// Ends every warehouse token that was issued so far, as time would.
    pub fn end_warehouse_tokens(&self) {
        self.shared.state().warehouse.issued.clear();
    }
}

/// `GET /v3/connections/carto-dw/token`. The refusals take both shapes that CARTO's errors have.
pub(crate) fn token(carto: &Shared) -> (StatusCode, Value) {
    let warehouse = &mut carto.state().warehouse;
    match warehouse.access {
        WarehouseAccess::Granted => {
            let token = warehouse.issue();
            let body = json!({"projectId": warehouse.project_id, "token": token});
            (StatusCode::OK, body)
        }
        WarehouseAccess::NotGranted => {
            let body = json!({"error": "Forbidden", "hint": "Ask an administrator for access to the CARTO Data Warehouse"});
            (StatusCode::FORBIDDEN, body)
        }
        WarehouseAccess::Disabled => {
            let body = json!({"error": ["Connection carto-dw not found"]});
            (StatusCode::NOT_FOUND, body)
        }
    }
}

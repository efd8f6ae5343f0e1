//! The CARTO Data Warehouse: whether there is one, and its tokens, which come without a word on when they end.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::sandbox::{Builder, Sandbox, Shared};
use crate::unguessable::unguessable;

/// What CARTO says to somebody with a good token who asks for the warehouse's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum WarehouseAccess {
    /// Here it is.
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
    token_text: Option<String>,
}

impl Default for Warehouse {
    fn default() -> Self {
        Self {
            project_id: "carto-dw-ac-sandbox".to_owned(),
            access: WarehouseAccess::default(),
            token_text: None,
        }
    }
}

impl Warehouse {
    fn issue(&self) -> String {
        let token = self.token_text.clone();
        token.unwrap_or_else(|| format!("ya29.{}", unguessable()))
    }
}

/// The Data Warehouse.
impl Builder {
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

    /// Lets CARTO grant or refuse warehouse tokens from here on.
    pub fn warehouse_access(&self, access: WarehouseAccess) {
        self.shared.state().warehouse.access = access;
    }

    /// Hands out this text as the warehouse token, as it is, or a new token each time again.
    pub fn warehouse_token_text(&self, text: Option<String>) {
        self.shared.state().warehouse.token_text = text;
    }
}

/// `GET /v3/connections/carto-dw/token`. The refusals take both shapes that CARTO's errors have.
pub(crate) fn token(carto: &Shared) -> (StatusCode, Value) {
    let warehouse = &carto.state().warehouse;
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

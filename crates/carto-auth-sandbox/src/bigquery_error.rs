//! BigQuery's refusals, <https://cloud.google.com/bigquery/docs/error-messages>.

use axum::body::Body;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::reply::json_reply;

/// What both kinds of 401 end with.
const EXPECTED: &str = "Expected OAuth 2 access token, login cookie or other valid authentication credential. See \
                        https://developers.google.com/identity/sign-in/web/devconsole-project.";

pub(crate) struct BigQueryError {
    code: StatusCode,
    /// The same in gRPC's words.
    status: &'static str,
    message: String,
    /// The first of `errors`, which has a message of its own.
    item: Value,
}

impl BigQueryError {
    pub(crate) fn credentials_missing() -> Self {
        let message = format!("Request is missing required authentication credential. {EXPECTED}");
        Self::unauthenticated(message, "required", "Login Required.")
    }

    /// A token that is unknown or has ended; BigQuery does not say which.
    pub(crate) fn credentials_invalid() -> Self {
        let message = format!("Request had invalid authentication credentials. {EXPECTED}");
        Self::unauthenticated(message, "authError", "Invalid Credentials")
    }

    fn unauthenticated(message: String, reason: &str, short: &str) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", reason, message);
        error.item["message"] = json!(short);
        error.located("Authorization", "header")
    }

    pub(crate) fn access_denied(project: &str) -> Self {
        let message = format!(
            "Access Denied: Project {project}: User does not have bigquery.jobs.create permission in project {project}."
        );
        Self::new(
            StatusCode::FORBIDDEN,
            "PERMISSION_DENIED",
            "accessDenied",
            message,
        )
    }

    pub(crate) fn invalid_query(problem: String) -> Self {
        let error = Self::new(
            StatusCode::BAD_REQUEST,
            "INVALID_ARGUMENT",
            "invalidQuery",
            problem,
        );
        error.located("q", "parameter")
    }

    pub(crate) fn required(parameter: &str) -> Self {
        let message = format!("Required parameter is missing: {parameter}");
        let error = Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "required", message);
        error.located(parameter, "parameter")
    }

    pub(crate) fn unreadable() -> Self {
        let message = "Invalid JSON payload received.".to_owned();
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "parseError", message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        let message = format!("Not found: {what}");
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "notFound", message)
    }

    pub(crate) fn already_exists(what: &str) -> Self {
        let message = format!("Already Exists: {what}");
        Self::new(StatusCode::CONFLICT, "ALREADY_EXISTS", "duplicate", message)
    }

    fn new(code: StatusCode, status: &'static str, reason: &str, message: String) -> Self {
        let item = json!({"message": message, "domain": "global", "reason": reason});
        Self {
            code,
            status,
            message,
            item,
        }
    }

    fn located(mut self, location: &str, kind: &str) -> Self {
        self.item["location"] = json!(location);
        self.item["locationType"] = json!(kind);
        self
    }

    pub(crate) fn reply(&self) -> Response<Body> {
        let body = json!({"error": {
            "code": self.code.as_u16(),
            "message": self.message,
            "errors": [self.item],
            "status": self.status,
        }});
        let mut reply = json_reply(self.code, &body);
        if self.code == StatusCode::UNAUTHORIZED {
            let challenge = "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"";
            reply
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        reply
    }
}

//! Replies that are no pages.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

pub(crate) fn response(status: StatusCode, headers: Vec<(String, String)>, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    // A header that no response can carry was asked for by a test, which then sees a plain 500.
    response.body(Body::from(body)).unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

pub(crate) fn json_reply(status: StatusCode, body: &Value) -> Response<Body> {
    let headers = vec![
        (CONTENT_TYPE.to_string(), "application/json".to_owned()),
        (CACHE_CONTROL.to_string(), "no-store".to_owned()),
    ];
    response(status, headers, body.to_string().into_bytes())
}

/// A refusal in Auth0's words.
pub(crate) fn refuse(status: StatusCode, error: &str, description: &str) -> Response<Body> {
    json_reply(status, &json!({"error": error, "error_description": description}))
}

/// Sends the browser elsewhere.
pub(crate) fn redirect(address: String) -> Response<Body> {
    let headers = vec![
        (LOCATION.to_string(), address),
        (CACHE_CONTROL.to_string(), "no-store".to_owned()),
    ];
    response(StatusCode::FOUND, headers, Vec::new())
}

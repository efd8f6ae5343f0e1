//! What CARTO would say.

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, DATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::authorize::{authorize, consent, log_in};
use crate::bigquery::bigquery;
use crate::connection::Cutter;
use crate::endpoint::Endpoint;
use crate::fault::Then;
use crate::grant::{grant, revoke};
use crate::http_date::http_date;
use crate::page;
use crate::person::me;
use crate::reply::{json_reply, response};
use crate::request::RecordedRequest;
use crate::sandbox::Shared;
use crate::tenant;
use crate::warehouse;

const REQUEST_LIMIT: usize = 1 << 20;

pub(crate) async fn answer(
    State(carto): State<Shared>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: Request,
) -> Response<Body> {
    let mut response = say(&carto, &cutter, request).await;
    // The server would set it by the machine's clock.
    if let Ok(date) = HeaderValue::from_str(&http_date(carto.now())) {
        response.headers_mut().entry(DATE).or_insert(date);
    }
    response
}

async fn say(carto: &Shared, cutter: &Cutter, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, REQUEST_LIMIT).await else {
        return json_reply(
            StatusCode::PAYLOAD_TOO_LARGE,
            &json!({"error": "payload_too_large"}),
        );
    };
    let endpoint = Endpoint::of(&parts.method, parts.uri.path());
    let request = RecordedRequest::new(endpoint, &parts, &body);
    let fault = carto.record(request.clone());
    if let Some(fault) = fault {
        tokio::time::sleep(fault.delay).await;
        match fault.then {
            Then::Usual => {}
            Then::Answer {
                status,
                headers,
                body,
            } => return response(status, headers, body),
            Then::Drop => cutter.cut(),
        }
    }
    let token = || bearer(carto, &parts);
    match endpoint {
        Endpoint::Authorize => authorize(carto, &request),
        Endpoint::Login => log_in(carto, &request),
        Endpoint::Consent => consent(carto, &request),
        Endpoint::Token => grant(carto, &request),
        Endpoint::Revoke => revoke(carto, &request),
        Endpoint::Accounts => with_token(token(), |claims| tenant::account(carto, claims)),
        Endpoint::Organization => tenant::organization(carto, &request),
        Endpoint::Me => with_token(token(), |claims| me(claims, &tenant::domain(carto))),
        Endpoint::TenantConfig => tenant::config(carto),
        Endpoint::Warehouse => with_token(token(), |_| warehouse::token(carto)),
        Endpoint::BigQuery => bigquery(carto, &request),
        Endpoint::Keys => json_reply(StatusCode::OK, &carto.signer().key_set()),
        Endpoint::AppPage => app_page(&request),
        Endpoint::Unknown => json_reply(StatusCode::NOT_FOUND, &json!({"error": "Not Found"})),
    }
}

fn app_page(request: &RecordedRequest) -> Response<Body> {
    match request.path.as_str() {
        "/auth/success" => page::success(),
        "/auth/error" => page::failure(),
        _ => page::code(request.parameter("code"), request.parameter("error_description")),
    }
}

/// The claims of the token that a request brings, if it is this sandbox's, good, and not revoked.
fn bearer(carto: &Shared, parts: &Parts) -> Option<Value> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    carto.claims_of(header.strip_prefix("Bearer ")?)
}

fn with_token(claims: Option<Value>, reply: impl FnOnce(&Value) -> (StatusCode, Value)) -> Response<Body> {
    let (status, body) = match claims {
        Some(claims) => reply(&claims),
        None => (StatusCode::UNAUTHORIZED, json!({"error": "Unauthorized"})),
    };
    json_reply(status, &body)
}

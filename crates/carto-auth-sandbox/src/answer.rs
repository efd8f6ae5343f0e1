//! What CARTO would say.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::connection::Cutter;
use crate::endpoint::Endpoint;
use crate::fault::{Then, response};
use crate::request::RecordedRequest;
use crate::sandbox::Shared;

/// The audience that CARTO's APIs insist on.
const AUDIENCE: &str = "carto-cloud-native-api";
const REQUEST_LIMIT: usize = 1 << 20;

pub(crate) async fn answer(
    State(carto): State<Shared>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: Request,
) -> Response<Body> {
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
    let token = || bearer(&carto, &parts);
    match endpoint {
        Endpoint::Token => grant(&carto, &request),
        Endpoint::Accounts => with_token(token(), |claims| {
            let account = &claims["http://app.carto.com/account_id"];
            (
                StatusCode::OK,
                json!({"id": account, "tenant_domain": carto.host()}),
            )
        }),
        Endpoint::Me => with_token(token(), |_| {
            (StatusCode::NOT_FOUND, json!({"error": "User not found"}))
        }),
        Endpoint::Warehouse => with_token(token(), |_| {
            let token = format!("ya29.sandbox-{}", carto.next_number());
            (
                StatusCode::OK,
                json!({"projectId": "carto-dw-ac-sandbox", "token": token}),
            )
        }),
        Endpoint::TenantConfig => {
            let yaml = format!(
                "apis:\n  baseUrl: {url}\n  workspaceUrl: {url}\ncartoVersion:\n  selfHosted: false\n",
                url = carto.url()
            );
            let headers = vec![(CONTENT_TYPE.to_string(), "text/yaml".to_owned())];
            response(StatusCode::OK, headers, yaml.into_bytes())
        }
        Endpoint::Keys => json_reply(StatusCode::OK, &carto.signer().key_set()),
        Endpoint::Unknown => json_reply(StatusCode::NOT_FOUND, &json!({"error": "Not Found"})),
    }
}

/// The client credentials grant, with Auth0's refusals.
fn grant(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    let refuse = |status, error, description: &str| {
        json_reply(status, &json!({"error": error, "error_description": description}))
    };
    let field = |name| request.field(name).unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        return refuse(
            StatusCode::FORBIDDEN,
            "unsupported_grant_type",
            "Unsupported grant type",
        );
    }
    let Some(secret) = carto.secret_of(field("client_id")) else {
        return refuse(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized");
    };
    if field("client_secret") != secret {
        return refuse(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized");
    }
    if field("audience") != AUDIENCE {
        let description = format!("Service not enabled within domain: {}", field("audience"));
        return refuse(StatusCode::FORBIDDEN, "access_denied", &description);
    }
    let life = carto.token_lifetime().as_secs();
    let (client_id, issued) = (field("client_id"), now());
    let claims = json!({
        "iss": format!("{}/", carto.url()),
        "sub": format!("{client_id}@clients"),
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + life,
        "azp": client_id,
        "gty": "client-credentials",
        "jti": carto.next_number(),
        "permissions": [],
        "http://app.carto.com/account_id": "ac_sandbox",
        "http://app.carto.com/acting_as": "sandbox@carto.test",
    });
    let token = carto.signer().sign(&claims);
    json_reply(
        StatusCode::OK,
        &json!({"access_token": token, "expires_in": life, "token_type": "Bearer"}),
    )
}

/// The claims of the token that a request brings, if it is good.
fn bearer(carto: &Shared, parts: &Parts) -> Option<Value> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    carto.signer().verify(header.strip_prefix("Bearer ")?, now())
}

fn with_token(claims: Option<Value>, reply: impl FnOnce(&Value) -> (StatusCode, Value)) -> Response<Body> {
    let (status, body) = match claims {
        Some(claims) => reply(&claims),
        None => (StatusCode::UNAUTHORIZED, json!({"error": "Unauthorized"})),
    };
    json_reply(status, &body)
}

fn json_reply(status: StatusCode, body: &Value) -> Response<Body> {
    let headers = vec![
        (CONTENT_TYPE.to_string(), "application/json".to_owned()),
        ("cache-control".to_owned(), "no-store".to_owned()),
    ];
    response(status, headers, body.to_string().into_bytes())
}

/// Seconds since the epoch.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

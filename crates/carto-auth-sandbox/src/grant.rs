//! The token and revocation endpoints, with Auth0's refusals.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::json;

use crate::AUDIENCE;
use crate::person::token_reply;
use crate::reply::{json_reply, refuse, response};
use crate::request::RecordedRequest;
use crate::sandbox::Shared;

pub(crate) fn grant(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    match request.field("grant_type") {
        Some("client_credentials") => client_credentials(carto, request),
        Some("authorization_code") => authorization_code(carto, request),
        Some("refresh_token") => refresh_token(carto, request),
        _ => refuse(
            StatusCode::FORBIDDEN,
            "unsupported_grant_type",
            "Unsupported grant type",
        ),
    }
}

fn client_credentials(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    let field = |name| request.field(name).unwrap_or_default();
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
    let client_id = field("client_id");
    let reply = carto.issue(json!({
        "sub": format!("{client_id}@clients"),
        "aud": AUDIENCE,
        "azp": client_id,
        "gty": "client-credentials",
        "permissions": [],
        "http://app.carto.com/account_id": "ac_sandbox",
        "http://app.carto.com/acting_as": "sandbox@carto.test",
    }));
    json_reply(StatusCode::OK, &reply)
}

fn authorization_code(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    let redeemed = carto.state().logins.codes.redeem(request);
    let grant = match redeemed {
        Ok(grant) => grant,
        Err(problem) => return refuse(StatusCode::FORBIDDEN, "invalid_grant", problem),
    };
    let refresh_token = grant
        .allows_refresh()
        .then(|| carto.state().logins.refresh_tokens.start(grant.clone()));
    token_reply(carto, &grant, refresh_token)
}

fn refresh_token(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    let field = |name| request.field(name).unwrap_or_default();
    let (token, client_id) = (field("refresh_token"), field("client_id"));
    let rotated = carto.state().logins.refresh_tokens.rotate(token, client_id);
    match rotated {
        Some((grant, next)) => token_reply(carto, &grant, Some(next)),
        None => unknown_refresh_token(),
    }
}

/// Revocation, <https://www.rfc-editor.org/rfc/rfc7009#section-2>.
pub(crate) fn revoke(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    let (Some(client_id), Some(token)) = (request.field("client_id"), request.field("token")) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Missing required parameter: client_id or token",
        );
    };
    let is_revoked = carto.state().logins.refresh_tokens.revoke(token, client_id);
    match is_revoked {
        true => response(StatusCode::OK, Vec::new(), Vec::new()),
        false => unknown_refresh_token(),
    }
}

fn unknown_refresh_token() -> Response<Body> {
    refuse(
        StatusCode::FORBIDDEN,
        "invalid_grant",
        "Unknown or invalid refresh token.",
    )
}

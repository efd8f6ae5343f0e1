//! The authorization endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-3.1>, and the two forms behind it.

use axum::body::Body;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, Response, StatusCode};
use url::form_urlencoded::Serializer;

use crate::AUDIENCE;
use crate::login::{Logins, Ticket};
use crate::page;
use crate::person::Grant;
use crate::reply::redirect;
use crate::request::RecordedRequest;
use crate::sandbox::Shared;
use crate::unguessable::unguessable;

const SESSION_COOKIE: &str = "sandbox_session";

/// An authorization request that passed every check.
#[derive(Clone)]
pub(crate) struct AuthorizeRequest {
    pub(crate) grant: Grant,
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    state: Option<String>,
}

/// An error that the application is told about: `error` and `error_description`.
type Refusal = (&'static str, &'static str);

/// Checks an authorization request and asks the person, who may be logged in already.
pub(crate) fn authorize(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    let mut state = carto.state();
    let is_known = |organization: &str| state.tenant.has_organization(organization);
    let parameter = |name| once(&request.query, name);
    // The two that say whom to tell of an error must be right first: "the authorization server MUST NOT
    // automatically redirect the user-agent to the invalid redirection URI" (RFC 6749, section 4.1.2.1).
    let (Some(client_id), Some(redirect_uri)) = (parameter("client_id"), parameter("redirect_uri")) else {
        return page::refused(
            StatusCode::BAD_REQUEST,
            "client_id and redirect_uri must be given, once each.",
        );
    };
    if !state.logins.client_ids.contains(client_id) {
        return page::refused(StatusCode::FORBIDDEN, "Unknown client.");
    }
    if !state.logins.redirect_uris.contains(redirect_uri) {
        return page::refused(StatusCode::FORBIDDEN, "Callback URL mismatch.");
    }
    let told = parameter("state");
    let refuse = |logins: &Logins, (error, description): Refusal| {
        let answer = [("error", error), ("error_description", description)];
        answer_at(redirect_uri, logins, &answer, told)
    };
    if let Err(refusal) = check(request, is_known) {
        return refuse(&state.logins, refusal);
    }
    let wanted = AuthorizeRequest {
        grant: Grant {
            client_id: client_id.to_owned(),
            scope: parameter("scope").map(str::to_owned),
            organization: parameter("organization").map(str::to_owned),
        },
        redirect_uri: redirect_uri.to_owned(),
        code_challenge: parameter("code_challenge").unwrap_or_default().to_owned(),
        state: told.map(str::to_owned),
    };

    let prompt = |wanted| {
        let mut prompts = parameter("prompt").unwrap_or_default().split_whitespace();
        prompts.any(|prompt| prompt == wanted)
    };
    let logins = &mut state.logins;
    let session = request.cookie(SESSION_COOKIE);
    let is_logged_in = session.is_some_and(|session| logins.browsers.contains(session)) && !prompt("login");
    if prompt("none") {
        return match is_logged_in {
            true => refuse(logins, ("consent_required", "Consent required")),
            false => refuse(logins, ("login_required", "Login required")),
        };
    }
    let id = unguessable();
    let page = match is_logged_in {
        true => page::consent(&id, &logins.person, &wanted),
        false => page::login_form(&id, &logins.person, None),
    };
    let ticket = Ticket {
        request: wanted,
        is_logged_in,
    };
    logins.tickets.insert(id, ticket);
    page
}

/// Everything but the client and its address, <https://www.rfc-editor.org/rfc/rfc7636#section-4.4.1> included.
fn check(request: &RecordedRequest, is_known: impl Fn(&str) -> bool) -> Result<(), Refusal> {
    let parameter = |name| once(&request.query, name);
    let names = request.query.iter().map(|(name, _)| name);
    let is_repeated = |name: &&String| request.query.iter().filter(|(other, _)| other == *name).count() > 1;
    let problem = |description| Err(("invalid_request", description));
    if names.clone().any(|name| is_repeated(&name)) {
        return problem("a parameter is repeated");
    }
    match parameter("response_type") {
        Some("code") => {}
        Some(_) => return Err(("unsupported_response_type", "Unsupported response type")),
        None => return problem("Missing required parameter: response_type"),
    }
    let Some(challenge) = parameter("code_challenge") else {
        return problem("Missing required parameter: code_challenge");
    };
    if parameter("code_challenge_method") != Some("S256") {
        return problem("transform algorithm not supported");
    }
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !(43..=128).contains(&challenge.len()) || !challenge.bytes().all(is_base64url) {
        return problem("parameter code_challenge is invalid");
    }
    if parameter("audience") != Some(AUDIENCE) {
        return Err(("access_denied", "Service not found"));
    }
    match parameter("organization") {
        Some(organization) if !is_known(organization) => problem("parameter organization is invalid"),
        _ => Ok(()),
    }
}

/// The form with email and password.
pub(crate) fn log_in(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    let mut state = carto.state();
    let logins = &mut state.logins;
    let field = |name| request.field(name).unwrap_or_default();
    let id = field("ticket");
    let Some(ticket) = logins.tickets.get_mut(id) else {
        return page::over();
    };
    if !logins.person.match_form(field("email"), field("password")) {
        return page::login_form(id, &logins.person, Some(field("email")));
    }
    ticket.is_logged_in = true;
    let mut page = page::consent(id, &logins.person, &ticket.request);
    let session = unguessable();
    let cookie = format!("{SESSION_COOKIE}={session}; Path=/authorize; HttpOnly; SameSite=Lax");
    logins.browsers.insert(session);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        page.headers_mut().insert(SET_COOKIE, cookie);
    }
    page
}

/// The buttons of the consent page: the end of a login, either way.
pub(crate) fn consent(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    let mut state = carto.state();
    let logins = &mut state.logins;
    let id = request.field("ticket").unwrap_or_default();
    let accepts = match request.field("answer") {
        Some("accept") => true,
        Some("deny") => false,
        _ => return page::refused(StatusCode::BAD_REQUEST, "Accept or deny."),
    };
    let ticket = logins.tickets.remove(id).filter(|ticket| ticket.is_logged_in);
    let Some(Ticket { request, .. }) = ticket else {
        return page::over();
    };
    let (redirect_uri, told) = (request.redirect_uri.clone(), request.state.clone());
    if accepts {
        let code = logins.codes.issue(request);
        return answer_at(&redirect_uri, logins, &[("code", &code)], told.as_deref());
    }
    let denial = [
        ("error", "access_denied"),
        ("error_description", "User did not authorize the request"),
    ];
    answer_at(&redirect_uri, logins, &denial, told.as_deref())
}

/// Tells the application, with its `state` and, when asked for, `iss` (RFC 9207, section 2).
fn answer_at(uri: &str, logins: &Logins, answer: &[(&str, &str)], state: Option<&str>) -> Response<Body> {
    let mut address = uri.to_owned();
    address.push(if uri.contains('?') { '&' } else { '?' });
    let start = address.len();
    let mut query = Serializer::for_suffix(address, start);
    query.extend_pairs(answer);
    query.extend_pairs(state.map(|state| ("state", state)));
    query.extend_pairs(logins.issuer.as_ref().map(|issuer| ("iss", issuer)));
    redirect(query.finish())
}

/// A parameter that is there once, with a value: "Parameters sent without a value MUST be treated as if they were
/// omitted from the request" (RFC 6749, section 3.1).
fn once<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = query.iter().filter(|(other, _)| other == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) if !value.is_empty() => Some(value),
        _ => None,
    }
}

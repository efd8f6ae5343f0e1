use carto_auth_core::{Claims, Endpoints, Error, Jitter, ReplyProblem, Step, TokenRequest};
use http::Response;
use serde_json::{Map, Value};

use crate::conversation::is_a_good_grant;
use crate::script::{Told, expand};
use crate::secrets::{
    CLIENT_SECRET, CODE, T0, VERIFIER, authorized, is_safe_to_show, is_silent, machine, tells,
};

/// A reply of the token endpoint: a token comes of exactly those that grant one.
pub fn token_reply(data: &[u8]) {
    let told = Told::read(&expand(data));
    let Ok(reply) = told.reply else { return };
    let now = T0 + std::time::Duration::from_secs(told.seconds.unsigned_abs().min(30));
    let endpoints = Endpoints::carto();
    let Step::Send(_, next) = TokenRequest::client_credentials(&machine(), &endpoints, Jitter::new(7), T0)
    else {
        panic!("there is something to send")
    };
    let granted = granted(&reply);
    match next.resume(Ok(reply.clone()), now) {
        Ok(Step::Done(grant)) => {
            let body = granted.expect("a token out of nothing");
            assert_eq!(body["access_token"], grant.access_token.expose());
            is_a_good_grant(&grant, T0, now);
        }
        Ok(Step::Sleep(..)) => assert!(
            matches!(reply.status().as_u16(), 429 | 502..=504),
            "{}",
            reply.status()
        ),
        Ok(Step::Send(..)) => panic!("asked again at once"),
        Err(error) => {
            let is_dead =
                matches!(&error, Error::Reply(reply) if *reply.problem() == ReplyProblem::AlreadyExpired);
            assert!(granted.is_none() || is_dead, "a token is lost: {error}");
            assert_eq!(error.http_status(), Some(reply.status().as_u16()));
            is_safe_to_show(&error, &[CLIENT_SECRET]);
            is_silent(
                &format!("{error} {error:?}"),
                &tokens(&reply).iter().map(String::as_str).collect::<Vec<_>>(),
            );
        }
    }
    with_a_code(reply);
}

/// The same for a code, which is asked for once and for one organization.
fn with_a_code(reply: Response<Vec<u8>>) {
    let Step::Send(_, next) = authorized(CODE, Some("org_ours")).exchange(Jitter::new(7), T0) else {
        panic!("there is something to send")
    };
    match next.resume(Ok(reply), T0) {
        Ok(Step::Done(grant)) => {
            let named = Claims::of(grant.access_token.expose()).and_then(|claims| claims.organization_id);
            assert!(
                named.is_none_or(|name| name == "org_ours"),
                "a token of another organization"
            );
        }
        Ok(_) => panic!("a code is sent again"),
        Err(error) => is_safe_to_show(&error, &[CODE, VERIFIER]),
    }
}

/// The body, if it grants a token (RFC 6749, section 5.1), whether or not that is alive.
fn granted(reply: &Response<Vec<u8>>) -> Option<Map<String, Value>> {
    let encoding = reply.headers().get("content-encoding");
    let is_plain = encoding.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    let body: Map<String, Value> = serde_json::from_slice(reply.body()).ok()?;
    let is = |name: &str, right: fn(&Value) -> bool| body.get(name).is_none_or(right);
    let grants = reply.status().is_success()
        && is_plain
        && reply.body().len() < 1 << 20
        && is("error", Value::is_null)
        && body.get("token_type")?.as_str()?.eq_ignore_ascii_case("bearer")
        && !body.get("access_token")?.as_str()?.is_empty()
        && body
            .get("access_token")?
            .as_str()?
            .bytes()
            .all(|byte| byte.is_ascii_graphic())
        && is("expires_in", |value| value.is_null() || value.is_number())
        && is("scope", |value| value.is_null() || value.is_string())
        && is("refresh_token", |value| value.is_null() || value.is_string());
    grants.then_some(body)
}

/// The tokens in a reply that are nowhere else in it: whatever stands elsewhere may be the server's words.
fn tokens(reply: &Response<Vec<u8>>) -> Vec<String> {
    let Ok(mut body) = serde_json::from_slice::<Map<String, Value>>(reply.body()) else {
        return Vec::new();
    };
    let taken = ["access_token", "refresh_token", "id_token"].map(|name| body.remove(name));
    let mut rest = Value::Object(body).to_string();
    for value in reply.headers().values() {
        rest.push_str(&String::from_utf8_lossy(value.as_bytes()));
    }
    let texts = taken
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_str().map(str::to_owned));
    texts.filter(|token| !tells(&rest, token)).collect()
}

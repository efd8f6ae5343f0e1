use carto_auth_core::{Authorized, Callback, Error, Jitter, Login, Step};
use url::{Url, form_urlencoded};

use crate::script::expand;
use crate::secrets::{T0, VERIFIER, is_one_safe_line, is_safe_to_show, is_silent, login, state};

/// The target of a request to the redirect URI. It ends a login only with its path, its `state`, once, and an `iss` that is
/// ours or none; whatever does not leaves the login as it was.
pub fn callback(data: &[u8]) {
    let target = String::from_utf8_lossy(&expand(data)).into_owned();
    match login(None).callback(&target) {
        Callback::Accepted(authorized) => {
            is_silent(&format!("{authorized:?}"), &[VERIFIER, &state()]);
            let query = its_query(&target);
            let code = only(&query, "code").expect("a code, once");
            assert!(!code.is_empty(), "an empty code");
            assert!(only(&query, "error").is_none(), "a refusal is no login");
            assert_eq!(code_of(authorized), code, "another code is sent");
        }
        Callback::Denied(error) => {
            assert!(only(&its_query(&target), "error").is_some(), "nobody refused");
            assert!(matches!(error, Error::Denied(_)));
            is_safe_to_show(&error, &[VERIFIER, &state()]);
        }
        Callback::Ignored(again, why) => {
            is_one_safe_line(&why.to_string());
            is_unharmed(again);
        }
    }
}

/// The parameters of a target that may end a login.
fn its_query(target: &str) -> Vec<(String, String)> {
    let (path, query) = target.split_once('?').expect("a query");
    assert_eq!(path, "/callback/");
    let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(only(&query, "state"), Some(state()), "whose state");
    let issuer = only(&query, "iss").unwrap_or("https://auth.carto.com/".to_owned());
    assert_eq!(
        issuer.trim_end_matches('/'),
        "https://auth.carto.com",
        "whose answer"
    );
    query
}

/// A parameter that is there at most once.
fn only(query: &[(String, String)], name: &str) -> Option<String> {
    let mut values = query
        .iter()
        .filter(|(found, _)| found == name)
        .map(|(_, value)| value);
    let value = values.next().cloned();
    assert!(values.next().is_none(), "{name} is there more than once");
    value
}

/// The code as it goes to the token endpoint: once, with the verifier and without the state.
pub(crate) fn code_of(authorized: Authorized) -> String {
    let Step::Send(out, _) = authorized.exchange(Jitter::new(7), T0) else {
        panic!("a code is to be sent")
    };
    assert_eq!(out.request.uri(), "https://auth.carto.com/oauth/token");
    let form: Vec<(String, String)> = form_urlencoded::parse(out.request.body().as_bytes())
        .into_owned()
        .collect();
    assert_eq!(only(&form, "code_verifier").as_deref(), Some(VERIFIER));
    assert_eq!(
        only(&form, "redirect_uri").as_deref(),
        Some("http://localhost:10000/callback/")
    );
    assert_eq!(only(&form, "state"), None);
    only(&form, "code").expect("a code")
}

/// A login that was disturbed can still be finished.
pub(crate) fn is_unharmed(again: Login) {
    let untouched = login(None);
    assert_eq!(again.authorize_url(), untouched.authorize_url());
    assert!(Url::parse(again.authorize_url()).is_ok());
    let right = format!("/callback/?code=the-right-one&state={}", state());
    assert!(
        matches!(again.callback(&right), Callback::Accepted(_)),
        "the real browser comes too late"
    );
}

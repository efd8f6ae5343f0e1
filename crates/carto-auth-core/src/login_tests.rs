use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use crate::error::{ErrorKind, Remedy};
use crate::transport_error::{Sent, TransportError, TransportErrorKind};

fn login() -> Login {
    LoginRequest::new(Endpoints::carto(), Redirect::Loopback).start(Entropy::new([7; 64]))
}

const STATE: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

fn query_of(login: &Login) -> HashMap<String, String> {
    let url = Url::parse(login.authorize_url()).unwrap();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let map: HashMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(pairs.len(), map.len(), "no parameter is there twice");
    map
}

fn ignored(callback: Callback) -> Ignored {
    let Callback::Ignored(login, why) = callback else {
        panic!("expected it to be ignored, got {callback:?}")
    };
    let accepted = login.callback(&format!("/callback/?code=c&state={STATE}"));
    assert!(
        matches!(accepted, Callback::Accepted(_)),
        "the login goes on unharmed"
    );
    why
}

#[test]
fn the_authorize_url_asks_for_what_carto_needs_and_nothing_else() {
    let login = login();
    assert!(
        login
            .authorize_url()
            .starts_with("https://auth.carto.com/authorize?")
    );
    let expected = [
        ("response_type", "code"),
        ("client_id", "0dxb8HR3ATXCxJiPOJVHsLoHoAtbRX6u"),
        ("redirect_uri", "http://localhost:10000/callback/"),
        ("audience", "carto-cloud-native-api"),
        ("code_challenge", &challenge(&Secret::new(STATE))),
        ("code_challenge_method", "S256"),
        ("state", STATE),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(query_of(&login), HashMap::from(expected));
}

#[test]
fn organization_scope_and_prompt_are_asked_for_only_when_given() {
    let request = LoginRequest::new(Endpoints::carto(), Redirect::CodePage)
        .organization("org_abc".parse().unwrap())
        .scope("openid offline_access")
        .force();
    let query = query_of(&request.start(Entropy::new([7; 64])));
    assert_eq!(query["organization"], "org_abc");
    assert_eq!(query["scope"], "openid offline_access");
    assert_eq!(query["prompt"], "login");
    assert_eq!(query["redirect_uri"], "https://app.carto.com/auth/token");
}

#[test]
fn verifier_and_state_are_independent() {
    let mut bytes = [1; 64];
    bytes[32..].fill(2);
    let [verifier, state] = Entropy::new(bytes).into_two_texts();
    assert_ne!(verifier, state);
    assert_eq!((verifier.expose().len(), state.expose().len()), (43, 43));
}

#[test]
fn only_a_callback_with_our_path_and_state_counts() {
    let cases = [
        ("/", Ignored::Path),
        ("/callback?code=c&state=S", Ignored::Path),
        ("/callback/x?code=c&state=S", Ignored::Path),
        ("/Callback/?code=c&state=S", Ignored::Path),
        ("/callback/?code=ATTACKER", Ignored::NoState),
        ("/callback/", Ignored::NoState),
        ("/callback/?code=c&state=", Ignored::ForeignState),
        ("/callback/?code=c&state=SS", Ignored::ForeignState),
        ("/callback/?error=access_denied", Ignored::NoState),
        (
            "/callback/?error=access_denied&state=guess",
            Ignored::ForeignState,
        ),
        ("/callback/?code=c&code=d&state=S", Ignored::Duplicate),
        ("/callback/?code=c&state=S&state=S", Ignored::Duplicate),
        ("/callback/?code=c&state=S&state=x", Ignored::Duplicate),
        ("/callback/?error=a&error=b&state=S", Ignored::Duplicate),
        (
            "/callback/?code=c&state=S&iss=https%3A%2F%2Fevil.example%2F",
            Ignored::ForeignIssuer,
        ),
        ("/callback/?code=c&state=S&iss=", Ignored::ForeignIssuer),
        ("/callback/?state=S", Ignored::NoCode),
        ("/callback/?code=&state=S", Ignored::NoCode),
    ];
    for (target, why) in cases {
        assert_eq!(
            ignored(login().callback(&target.replace('S', STATE))),
            why,
            "{target}"
        );
    }
}

#[test]
fn rfc_9207_section_2_4_the_issuer_is_ours_with_or_without_a_slash() {
    for issuer in ["https%3A%2F%2Fauth.carto.com%2F", "https://auth.carto.com"] {
        let target = format!("/callback/?iss={issuer}&code=c&state={STATE}&other=1");
        assert!(
            matches!(login().callback(&target), Callback::Accepted(_)),
            "{issuer}"
        );
    }
}

#[test]
fn a_denial_with_our_state_ends_the_login_in_the_servers_words() {
    let target = format!("/callback/?error=access_denied&error_description=User+said%0Ano&state={STATE}");
    let Callback::Denied(error) = login().callback(&target) else {
        panic!()
    };
    assert_eq!(
        error.to_string(),
        r"the login was refused: access_denied (User said\nno)"
    );
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::LoginDenied, Remedy::FixConfig)
    );
}

#[test]
fn a_denial_that_repeats_the_state_does_not_tell_it() {
    let target = format!("/callback/?error=x&error_description=your+state:+{STATE}&state={STATE}");
    let Callback::Denied(error) = login().callback(&target) else {
        panic!()
    };
    assert_eq!(
        error.to_string(),
        "the login was refused: x (your state: [secret])"
    );
    assert!(!format!("{error:?}").contains(STATE));
}

#[test]
fn a_paste_is_an_address_or_a_code_with_whatever_came_along() {
    let address = format!("http://localhost:10000/callback/?code=the-code&state={STATE}");
    for text in [
        address.clone(),
        format!("  \"{address}\"\r\n"),
        format!("\u{1b}[200~{address}\u{1b}[201~\n"),
        format!("<{address}#fragment>"),
        format!("localhost:10000/callback/?state={STATE}&code=the-code"),
        format!("code=the-code&state={STATE}"),
        "the-code".to_owned(),
        " 'the-code' \n".to_owned(),
        "\u{1b}[200~`the-code`\u{1b}[201~".to_owned(),
    ] {
        let Callback::Accepted(authorized) = login().pasted(&text) else {
            panic!("{text:?}")
        };
        assert_eq!(authorized.code.expose(), "the-code", "{text:?}");
    }
}

#[test]
fn a_paste_that_cannot_be_the_answer_leaves_the_login_unharmed() {
    let huge = "x".repeat(1 << 20);
    let cases = [
        ("", Ignored::NotACode),
        (" \n\"\" ", Ignored::NotACode),
        ("two words", Ignored::NotACode),
        ("cöde", Ignored::NotACode),
        ("https://app.carto.com/", Ignored::NotACode),
        ("a\u{1b}[Ab", Ignored::NotACode),
        (&huge, Ignored::NotACode),
        (
            "http://localhost:10000/callback/?code=c&state=foreign",
            Ignored::ForeignState,
        ),
        ("http://localhost:10000/callback/?code=c", Ignored::NoState),
        ("https://app.carto.com/auth/token?x=y", Ignored::NoState),
    ];
    for (text, why) in cases {
        assert_eq!(ignored(login().pasted(text)), why, "{text:.40}");
    }
}

fn exchange() -> (crate::step::Outgoing, crate::step::AwaitResponse<TokenRequest>) {
    let Callback::Accepted(authorized) = login().pasted("the-code") else {
        panic!()
    };
    match authorized.exchange(Jitter::new(7), T0) {
        Step::Send(out, next) => (out, next),
        other => panic!("expected a request, got {other:?}"),
    }
}

const T0: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

#[test]
fn the_code_is_exchanged_with_its_verifier_and_redirect_uri() {
    let (out, _) = exchange();
    assert_eq!(out.request.uri(), "https://auth.carto.com/oauth/token");
    let form: Vec<_> = form_urlencoded::parse(out.request.body().as_bytes())
        .into_owned()
        .collect();
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        form,
        [
            ("grant_type", "authorization_code"),
            ("audience", "carto-cloud-native-api"),
            ("client_id", "0dxb8HR3ATXCxJiPOJVHsLoHoAtbRX6u"),
            ("code", "the-code"),
            ("code_verifier", STATE),
            ("redirect_uri", "http://localhost:10000/callback/"),
        ]
    );
}

#[test]
fn a_code_is_never_sent_twice_once_bytes_may_have_left() {
    let body = br#"{"error":"temporarily_unavailable"}"#.to_vec();
    for status in [429, 500, 502, 503, 504] {
        let (_, next) = exchange();
        let reply = http::Response::builder()
            .status(status)
            .body(body.clone())
            .unwrap();
        assert!(next.resume(Ok(reply), T0).is_err(), "{status}");
    }
    let (_, next) = exchange();
    let lost = TransportError::new(TransportErrorKind::Timeout, Sent::Maybe);
    assert!(next.resume::<http::Response<Vec<u8>>>(Err(lost), T0).is_err());

    let (_, next) = exchange();
    let refused = TransportError::new(TransportErrorKind::ConnectionRefused, Sent::No);
    let again = next.resume::<http::Response<Vec<u8>>>(Err(refused), T0).unwrap();
    assert!(
        matches!(again, Step::Sleep(..)),
        "nothing has left: it may be sent again"
    );
}

#[test]
fn a_code_that_is_refused_asks_for_a_new_login_and_is_not_shown() {
    let (_, next) = exchange();
    let body = br#"{"error":"invalid_grant","error_description":"bad code the-code"}"#.to_vec();
    let reply = http::Response::builder().status(403).body(body).unwrap();
    let error = next.resume(Ok(reply), T0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "auth.carto.com refused: HTTP 403, invalid_grant (bad code [secret]); the code is used up, too old, or of another login"
    );
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::LoginDenied, Remedy::LogIn)
    );
}

#[test]
fn a_login_is_finished_by_whoever_holds_its_export() {
    let first = login();
    let kept = first.export(T0);
    let second = Login::import(kept.expose().as_bytes(), Endpoints::carto(), T0).unwrap();
    assert_eq!(second.authorize_url(), first.authorize_url());
    let target = format!("/callback/?code=the-code&state={STATE}");
    let Callback::Accepted(authorized) = second.callback(&target) else {
        panic!()
    };
    assert_eq!(authorized.verifier, first.verifier);
    assert_eq!(authorized.redirect_uri, first.redirect_uri);
}

#[test]
fn an_export_of_another_client_version_or_shape_is_refused() {
    use crate::login_export::PendingLoginError as Problem;
    let kept = login().export(T0);
    let import = |text: &str, endpoints| Login::import(text.as_bytes(), endpoints, T0).unwrap_err();
    let other_client = Endpoints::carto().with_client_id("other");
    assert_eq!(import(kept.expose(), other_client), Problem::OtherEndpoints);
    let elsewhere = Endpoints::carto().with_auth_url("https://evil.example").unwrap();
    assert_eq!(import(kept.expose(), elsewhere), Problem::OtherEndpoints);
    for seconds in [-600, 600] {
        let then = Timestamp::from_unix_seconds(1_790_000_000 + seconds);
        let old = Login::import(kept.expose().as_bytes(), Endpoints::carto(), then).unwrap_err();
        assert_eq!(old, Problem::TooOld);
    }
    let newer = kept.expose().replace("\"version\":1", "\"version\":2");
    assert_eq!(import(&newer, Endpoints::carto()), Problem::Version);
    for broken in ["", "{}", "[]", &kept.expose()[..80]] {
        assert!(
            matches!(import(broken, Endpoints::carto()), Problem::Malformed(_)),
            "{broken}"
        );
    }
}

#[test]
fn a_word_that_was_typed_leaves_a_login_to_go_on_with() {
    let Callback::Accepted(mut authorized) = login().pasted("ls") else {
        panic!()
    };
    let spare = authorized.take_spare().unwrap();
    let target = format!("/callback/?code=the-code&state={STATE}");
    assert!(matches!(spare.callback(&target), Callback::Accepted(_)));
    let Callback::Accepted(mut authorized) = login().callback(&target) else {
        panic!()
    };
    assert!(
        authorized.take_spare().is_none(),
        "an answer with our state is the answer"
    );
}

#[test]
fn a_token_of_another_organization_than_was_asked_for_is_refused() {
    let exchange = |claims: &str| {
        let login = LoginRequest::new(Endpoints::carto(), Redirect::Loopback)
            .organization("org_a".parse().unwrap())
            .start(Entropy::new([7; 64]));
        let login = Login::import(login.export(T0).expose().as_bytes(), Endpoints::carto(), T0).unwrap();
        let Callback::Accepted(authorized) = login.pasted("the-code") else {
            panic!()
        };
        let Step::Send(_, next) = authorized.exchange(Jitter::new(7), T0) else {
            panic!()
        };
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let body = format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":60}}"#);
        next.resume(Ok(http::Response::new(body.into_bytes())), T0)
    };
    assert!(exchange(r#"{"org_id":"org_a"}"#).is_ok());
    assert!(exchange("{}").is_ok(), "a token need not name one");
    let error = exchange(r#"{"org_id":"org_b"}"#).unwrap_err();
    assert!(
        error.to_string().contains("a token of another organization"),
        "{error}"
    );
}

#[test]
fn a_login_service_that_is_busy_is_tried_again_later() {
    let denied = |code: &str| match login().callback(&format!("/callback/?error={code}&state={STATE}")) {
        Callback::Denied(error) => error.remedy(),
        other => panic!("{other:?}"),
    };
    assert_eq!(denied("temporarily_unavailable"), Remedy::Retry { after: None });
    assert_eq!(denied("server_error"), Remedy::Retry { after: None });
    assert_eq!(denied("access_denied"), Remedy::FixConfig);
}

#[test]
fn another_issuer_may_be_named() {
    let moved = Endpoints::carto().with_issuer("https://id.acme.com/");
    let login = || LoginRequest::new(moved.clone(), Redirect::Loopback).start(Entropy::new([7; 64]));
    let with = |issuer: &str| login().callback(&format!("/callback/?code=c&state={STATE}&iss={issuer}"));
    assert!(matches!(with("https://id.acme.com"), Callback::Accepted(_)));
    assert!(matches!(
        with("https://auth.carto.com/"),
        Callback::Ignored(_, Ignored::ForeignIssuer)
    ));
}

#[test]
fn a_word_that_did_not_log_in_is_not_sent_again() {
    let Callback::Accepted(mut authorized) = login().pasted("ls") else {
        panic!()
    };
    let Callback::Ignored(spare, why) = authorized.take_spare().unwrap().pasted(" ls\n") else {
        panic!()
    };
    assert_eq!(why, Ignored::Refused);
    let target = format!("/callback/?code=ls&state={STATE}");
    assert!(matches!(
        spare.callback(&target),
        Callback::Ignored(_, Ignored::Refused)
    ));
}

//! What holds for any input.
#![expect(clippy::unwrap_used, reason = "tests")]

use carto_auth_core::{
    AccessToken, ApiBaseUrl, Callback, CartoDwRequest, Claims, Discovery, Endpoints, Entropy, Heard, Jitter,
    Login, LoginRequest, LoopbackRequest, M2mCredentials, OneLine, Redirect, Secret, Sent, Step, Timestamp,
    TokenRecord, TokenRequest, TransportError, TransportErrorKind,
};
use http::Response;
use proptest::collection::vec;
use proptest::prelude::*;

const T0: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

/// A reply: garbage, or something that is nearly right.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let nearly = (".{0,20}", "-?[0-9]{1,25}", "(Bearer|bearer|mac|)").prop_map(|(token, life, kind)| {
        let token = serde_json::to_string(&token).unwrap();
        format!(r#"{{"access_token":{token},"expires_in":{life},"token_type":"{kind}"}}"#).into_bytes()
    });
    let refusal = ".{0,40}".prop_map(|text| serde_json::json!({"error": text}).to_string().into_bytes());
    prop_oneof![vec(any::<u8>(), 0..200), nearly, refusal]
}

type Reply = Result<(u16, String, Vec<u8>), Sent>;

fn reply() -> impl Strategy<Value = Reply> {
    let status = prop_oneof![Just(200), Just(429), Just(503), 200_u16..600];
    prop_oneof![
        (status, "[ -~]{0,40}", body()).prop_map(Ok),
        Just(Err(Sent::No)),
        Just(Err(Sent::Maybe)),
    ]
}

fn login() -> Login {
    LoginRequest::new(Endpoints::carto(), Redirect::Loopback).start(Entropy::new([7; 64]))
}

/// The head of a request to the callback listener: the right one with something wrong in it, or garbage.
fn head() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("GET /callback/?code=c&state=s HTTP/1.1".to_owned()),
        "[A-Z]{1,5} /[a-z/]{0,10}(\\?[ -~]{0,20})? HTTP/[0-9.]{1,3}",
        Just(format!("GET /{} HTTP/1.1", "x".repeat(8200))),
    ];
    let header = prop_oneof![
        Just("Host: localhost:10000".to_owned()),
        Just("Sec-Fetch-Mode: navigate".to_owned()),
        Just(format!("x: {}", "y".repeat(8000))),
        "[A-Za-z-]{0,12}: ?[ -~]{0,20}",
        ".{0,10}",
    ];
    let most = prop_oneof![4 => 0_usize..5, 1 => 90_usize..110];
    let headers = most.prop_flat_map(move |count| vec(header.clone(), count));
    let whole =
        (line, headers, "(\r\n){0,2}", vec(any::<u8>(), 0..10)).prop_map(|(line, headers, end, more)| {
            let head = format!(
                "{line}\r\n{}{end}",
                headers.iter().map(|one| format!("{one}\r\n")).collect::<String>()
            );
            [head.into_bytes(), more].concat()
        });
    prop_oneof![9 => whole, 1 => vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn a_flow_ends_within_three_requests_to_its_own_host_and_ninety_seconds(
        replies in vec((reply(), 0_u64..40_000), 3),
        seed in any::<u64>(),
    ) {
        let machine = M2mCredentials::new("https://a.example", "id", "the-secret").unwrap();
        let mut step = TokenRequest::client_credentials(&machine, &Endpoints::carto(), Jitter::new(seed), T0);
        let (mut replies, mut now) = (replies.into_iter(), T0);
        loop {
            let outcome = match step {
                Step::Done(grant) => {
                    prop_assert!(grant.expires_at.is_none_or(|end| end > now));
                    break;
                }
                Step::Sleep(wait, next) => {
                    now = now + wait;
                    next.resume(now)
                }
                Step::Send(out, next) => {
                    prop_assert_eq!(out.request.uri().host(), Some("auth.carto.com"));
                    let Some((reply, took)) = replies.next() else { panic!("a fourth request") };
                    now = now + std::time::Duration::from_millis(took).min(out.timeout);
                    let reply = reply
                        .map(|(status, wait, body)| {
                            Response::builder().status(status).header("retry-after", wait).body(body).unwrap()
                        })
                        .map_err(|sent| TransportError::new(TransportErrorKind::Disconnected, sent));
                    next.resume(reply, now)
                }
            };
            match outcome {
                Ok(next) => step = next,
                Err(error) => {
                    let shown = format!("{error} {error:?}");
                    prop_assert!(!shown.contains("the-secret"));
                    break;
                }
            }
        }
        prop_assert!(now.since(T0) <= std::time::Duration::from_secs(90));
    }

    #[test]
    fn any_bytes_are_a_token_file_or_an_error(bytes in vec(any::<u8>(), 0..300), offset in -50_000_i64..50_000) {
        let _ = TokenRecord::decode(&bytes, &|_| offset);
    }

    #[test]
    fn a_token_file_keeps_its_meaning_when_written_back(
        token in "[!-~]{1,40}",
        end in 0_i64..4_000_000_000,
        offset in -50_400_i64..50_400,
        later in ".{0,20}",
    ) {
        let file = serde_json::json!({
            "api_base_url": "https://a.example", "access_token": token, "expiration": 0, "version": 1,
            "expires_at": end, "obtained_at": 0, "client_id": "c", "token_url": "https://t.example/", "audience": "a",
            "later": later,
        });
        let first = TokenRecord::decode(file.to_string().as_bytes(), &|_| offset).unwrap();
        let written = first.encode(&|_| offset);
        let second = TokenRecord::decode(written.expose().as_bytes(), &|_| offset).unwrap();
        prop_assert_eq!(first, second);
        let python: serde_json::Value = serde_json::from_str(written.expose()).unwrap();
        prop_assert_eq!(python["expiration"].as_i64(), Some(end - offset));
    }

    #[test]
    fn any_text_is_shown_on_one_line_of_bounded_length(text in "\\PC*|.*|(\\s|\\p{C})*") {
        let shown = OneLine(&text).to_string();
        prop_assert!(!shown.chars().any(char::is_control));
        // The longest escape, `\u{10ffff}`, has ten characters.
        prop_assert!(shown.chars().count() <= 3001);
    }

    #[test]
    fn any_credentials_file_is_credentials_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
        let _ = M2mCredentials::from_json(&bytes, "file");
    }

    #[test]
    fn any_token_has_claims_or_none(token in "\\PC{0,80}|[A-Za-z0-9_=-]{0,40}\\.[A-Za-z0-9_=-]{0,80}\\.[a-z]{0,5}") {
        let _ = Claims::of(&token);
    }

    #[test]
    fn an_api_base_url_is_https_or_loopback_and_parses_to_itself(text in "(https?://)?[a-z0-9.:@/?#\\[\\]%-]{0,40}") {
        if let Ok(url) = text.parse::<ApiBaseUrl>() {
            prop_assert!(url.as_str().starts_with("https://") || url.as_str().starts_with("http://"));
            prop_assert!(!url.as_str().ends_with('/') && !url.as_str().contains(['?', '#']));
            let authority = url.as_str().split('/').nth(2).unwrap();
            prop_assert!(!authority.contains('@'), "a user name would be sent or logged");
            prop_assert_eq!(url.as_str().parse::<ApiBaseUrl>(), Ok(url.clone()));
        }
    }

    #[test]
    fn the_callback_listener_gives_one_verdict_however_the_bytes_are_split(
        bytes in head(),
        cuts in vec(0_usize..20_000, 0..6),
    ) {
        let carto = Endpoints::carto();
        let whole = LoopbackRequest::new(carto.redirect_uri()).receive(&bytes);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut request = LoopbackRequest::new(carto.redirect_uri());
        let mut verdict = Heard::More;
        for pair in cuts.windows(2) {
            verdict = request.receive(&bytes[pair[0]..pair[1]]);
            if verdict != Heard::More {
                break;
            }
        }
        prop_assert_eq!(verdict, whole);
    }

    #[test]
    fn no_callback_without_our_state_ends_a_login(query in "((code|state|error|iss)=[a-zA-Z0-9%+&=]{0,20}&?){0,5}") {
        let answer = login().callback(&format!("/callback/?{query}"));
        prop_assert!(matches!(answer, Callback::Ignored(..)));
    }

    #[test]
    fn any_paste_is_taken_or_leaves_the_login_as_it_was(text in "\\PC{0,200}|.{0,200}|https?://[ -~]{0,80}\\?[ -~]{0,80}") {
        if let Callback::Ignored(again, _) = login().pasted(&text) {
            let as_it_was = login();
            prop_assert_eq!(again.authorize_url(), as_it_was.authorize_url());
        }
    }

    #[test]
    fn any_bytes_are_a_pending_login_or_an_error(bytes in vec(any::<u8>(), 0..300)) {
        let _ = Login::import(&bytes, Endpoints::carto(), T0);
    }

    #[test]
    fn discovery_asks_two_hosts_at_most_and_the_token_goes_to_the_first_alone(
        domain in "[a-zA-Z0-9.:/@?#%\\[\\] -]{0,30}|[a-z]{1,9}\\.carto\\.com",
        config in ".{0,60}|apis: [{]baseUrl: 'https?://([a-z]{0,4}[.@:/])?(carto[.]com|evilcarto[.]com|carto[.]com[.]x)[:/?]?[a-z0-9]{0,4}'[}]",
    ) {
        let token = AccessToken::new(Secret::new("the-token"), None).unwrap();
        let Step::Send(_, next) = Discovery::start(&token, Endpoints::carto(), Jitter::new(7), T0) else { panic!() };
        let body = serde_json::json!({"tenant_domain": domain}).to_string().into_bytes();
        if let Ok(Step::Send(out, next)) = next.resume(Ok(Response::new(body)), T0) {
            prop_assert!(!out.request.headers().contains_key("authorization"));
            prop_assert_eq!(out.request.uri().host().unwrap(), domain.to_ascii_lowercase());
            prop_assert_eq!(out.request.uri().scheme_str(), Some("https"));
            if let Ok(Step::Done(base)) = next.resume(Ok(Response::new(config.into_bytes())), T0) {
                let host = base.as_str().strip_prefix("https://").unwrap().split(['/', ':']).next().unwrap();
                prop_assert!(host == "carto.com" || host.ends_with(".carto.com"), "{base}");
            }
        }
    }

    #[test]
    fn the_warehouse_is_asked_below_the_base_alone_and_any_reply_is_credentials_or_an_error(
        base in "https://[a-z]{1,9}[.]example(:[1-9][0-9]{0,3})?(/[a-z0-9%._-]{0,6}){0,4}",
        status in prop_oneof![4 => Just(200_u16), 1 => 200_u16..600],
        body in prop_oneof![2 => Just(None), 1 => body().prop_map(Some)],
        keep in 0_usize..80,
        flips in vec((0_usize..80, 0_u8..8), 0..3),
    ) {
        let token = AccessToken::new(Secret::new("the-token"), None).unwrap();
        let base: ApiBaseUrl = base.parse().unwrap();
        let step = CartoDwRequest::start(&base, &token, Jitter::new(7), T0).unwrap();
        let Step::Send(out, next) = step else { panic!() };
        let url = format!("{}/v3/connections/carto-dw/token", base.as_str());
        prop_assert_eq!(out.request.uri().to_string(), url);

        let mut good = br#"{"projectId":"carto-dw-ac-1","token":"ya29.warehouse"}"#.to_vec();
        for (place, bit) in flips {
            let place = place % good.len();
            good[place] ^= 1 << bit;
        }
        good.truncate(keep.max(1));
        let reply = Response::builder().status(status).body(body.unwrap_or(good)).unwrap();
        match next.resume(Ok(reply), T0) {
            Ok(Step::Done(credentials)) => {
                let id = credentials.project_id();
                prop_assert!((6..=30).contains(&id.len()) && !id.contains([' ', '\'', '"', '/', '$']), "{}", id);
                prop_assert!(credentials.token().expose().bytes().all(|byte| byte.is_ascii_graphic()));
            }
            Ok(Step::Sleep(..)) => {}
            Ok(Step::Send(..)) => panic!("a second request at once"),
            Err(error) => {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("the-token") && !shown.contains("warehouse"), "{}", shown);
            }
        }
    }
}

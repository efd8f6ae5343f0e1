//! What holds for any input.
#![expect(clippy::unwrap_used, reason = "tests")]

use carto_auth_core::{
    ApiBaseUrl, Claims, Endpoints, Jitter, M2mCredentials, OneLine, Sent, Step, Timestamp, TokenRecord,
    TokenRequest, TransportError, TransportErrorKind,
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
            prop_assert!(!url.as_str().ends_with('/') && !url.as_str().contains(['@', '?', '#']));
            prop_assert_eq!(url.as_str().parse::<ApiBaseUrl>(), Ok(url.clone()));
        }
    }
}

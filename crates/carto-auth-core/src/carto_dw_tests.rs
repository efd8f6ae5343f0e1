use std::time::Duration;

use http::Response;

use super::*;
use crate::error::{ErrorKind, Remedy};
use crate::transport_error::{Sent, TransportErrorKind};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const GOOD: &str = r#"{"projectId":"carto-dw-ac-1","token":"ya29.warehouse"}"#;

fn token() -> AccessToken {
    AccessToken::new(Secret::new("canary"), None).unwrap()
}

fn start(base: &str) -> Step<CartoDwRequest> {
    CartoDwRequest::start(&base.parse().unwrap(), &token(), Jitter::new(7), NOW).unwrap()
}

fn answer(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Result<Step<CartoDwRequest>, Error> {
    let Step::Send(_, next) = start("https://a.carto.com") else {
        panic!()
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    next.resume(Ok(response.body(body.into()).unwrap()), NOW)
}

fn credentials(body: &str) -> Result<CartoDwCredentials, Error> {
    match answer(200, &[], body)? {
        Step::Done(credentials) => Ok(credentials),
        other => panic!("{other:?}"),
    }
}

fn refused(status: u16, body: &str) -> Error {
    answer(status, &[], body).unwrap_err()
}

#[test]
fn the_request_goes_to_the_api_base_url_with_the_bearer_and_one_slash() {
    for (base, url) in [
        (
            "https://gcp-us-east1.api.carto.com",
            "https://gcp-us-east1.api.carto.com/v3/connections/carto-dw/token",
        ),
        (
            "https://carto.acme.com/api//",
            "https://carto.acme.com/api/v3/connections/carto-dw/token",
        ),
        (
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080/v3/connections/carto-dw/token",
        ),
    ] {
        let Step::Send(out, _) = start(base) else { panic!() };
        assert_eq!(
            (out.request.method().as_str(), out.request.uri().to_string()),
            ("GET", url.to_owned())
        );
        let bearer = &out.request.headers()["authorization"];
        assert_eq!(bearer, "Bearer canary");
        assert!(bearer.is_sensitive());
        assert_eq!(out.request.headers()["accept"], "application/json");
        assert!(out.request.body().as_bytes().is_empty());
    }
}

#[test]
fn a_good_reply_gives_project_and_token_and_debug_shows_no_secret() {
    let credentials = credentials(GOOD).unwrap();
    assert_eq!(credentials.project_id(), "carto-dw-ac-1");
    assert_eq!(credentials.token().expose(), "ya29.warehouse");
    assert_eq!(credentials.obtained_at(), NOW);
    let header = credentials.authorization_header();
    assert_eq!(
        (header.to_str().unwrap(), header.is_sensitive()),
        ("Bearer ya29.warehouse", true)
    );
    let shown = format!("{credentials:?} {credentials:#?}");
    assert!(
        shown.contains("carto-dw-ac-1") && !shown.contains("ya29") && !shown.contains("canary"),
        "{shown}"
    );
}

#[test]
fn credentials_are_for_the_token_that_they_came_for_and_newer_than_they_must_be() {
    let credentials = credentials(GOOD).unwrap();
    let other = AccessToken::new(Secret::new("other"), None).unwrap();
    assert!(credentials.are_for(&token(), Freshness::default()));
    assert!(credentials.are_for(&token(), Freshness::min_ttl(Duration::from_secs(86_400))));
    assert!(!credentials.are_for(&other, Freshness::default()));
    assert!(credentials.are_for(&token(), Freshness::newer_than(NOW - Duration::from_millis(1))));
    assert!(!credentials.are_for(&token(), Freshness::newer_than(NOW)));
}

#[test]
fn a_project_id_is_one_of_googles() {
    let thirty = format!("a{}", "b".repeat(29));
    for good in [
        "abcdef",
        "carto-dw-ac-7xhfwyml",
        "a-1--b",
        &thirty,
        "example.com:my-project",
        "a.b.co.uk:abcdef",
    ] {
        assert!(is_project_id(good), "{good}");
    }
    let too_long = format!("a{}", "b".repeat(30));
    for bad in [
        "",
        "abcde",
        &too_long,
        "1bcdef",
        "-bcdef",
        "abcde-",
        "Abcdef",
        "abc_ef",
        "abc.def",
        "abc def",
        "abcdéf",
        "abcdef\n",
        "abcdef/",
        "abcdef?x",
        ":abcdef",
        "com:abcdef",
        "example.com:",
        "example.com:abc",
        "example.com:a:bcdef",
        "Example.com:abcdef",
        "a/b.com:abcdef",
        "127.0.0.1:abcdef",
        "$(reboot)",
        "`abcdef`",
    ] {
        assert!(!is_project_id(bad), "{bad:?}");
    }
}

#[test]
fn a_strange_reply_is_described_and_never_quoted() {
    for (body, words) in [
        (
            r#"{"projectId":"carto-dw-ac-1"}"#,
            "JSON without \"token\", having projectId",
        ),
        (
            r#"{"token":"canary-ya29"}"#,
            "JSON without \"projectId\", having token",
        ),
        (
            r#"{"projectId":null,"token":"canary-ya29"}"#,
            "JSON without \"projectId\", having projectId, token",
        ),
        (
            r#"{"projectId":["canary-ya29"],"token":"t"}"#,
            "an array as \"projectId\"",
        ),
        (
            r#"{"projectId":"carto-dw-ac-1","token":{"canary-ya29":1}}"#,
            "an object as \"token\"",
        ),
        (
            r#"{"projectId":"canary-ya29 x","token":"t"}"#,
            "a projectId that is no Google project id",
        ),
        (
            r#"{"projectId":"carto-dw-ac-1","token":""}"#,
            "a token that no header can carry",
        ),
        (
            r#"{"projectId":"carto-dw-ac-1","token":"canary-ya29 b"}"#,
            "a token that no header can carry",
        ),
        (
            r#"{"projectId":"carto-dw-ac-1","token":"canary-ya29\r\nx: y"}"#,
            "a token that no header can carry",
        ),
        (
            r#"{"projectId":"carto-dw-ac-1","token":"canary-ya29ü"}"#,
            "a token that no header can carry",
        ),
        (r#"["canary-ya29"]"#, "an array instead of a JSON object"),
        (
            "<h1>canary-ya29</h1>",
            "a body that is not JSON: line 1, column 1",
        ),
        (
            r#"{"projectId":"canary-ya29"#,
            "a body that is not JSON: it ends in the middle, at line 1, column 25",
        ),
        (
            "",
            "a body that is not JSON: it ends in the middle, at line 1, column 0",
        ),
    ] {
        let error = credentials(body).unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.starts_with(&format!("a.carto.com answered with {words} (HTTP 200")),
            "{shown}"
        );
        assert!(!format!("{shown} {error:?}").contains("canary-ya29"), "{error:?}");
        assert_eq!(
            (error.kind(), error.remedy()),
            (ErrorKind::BadResponse, Remedy::Retry { after: None })
        );
        assert_eq!(error.http_status(), Some(200));
    }
}

#[test]
fn each_refusal_has_its_own_words_and_way_out() {
    let error = refused(401, r#"{"error":"Unauthorized"}"#);
    assert_eq!(
        error.to_string(),
        "a.carto.com refused: HTTP 401, Unauthorized; the access token is not taken there"
    );
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::CredentialsRejected, Remedy::FixConfig)
    );
    assert!(
        error.hint().contains("the credentials and the API base URL"),
        "{}",
        error.hint()
    );

    let error = refused(403, r#"{"error":"Forbidden","hint":"Ask\nAna\u001b[31m"}"#);
    assert_eq!(
        error.to_string(),
        "no access to the CARTO Data Warehouse: a.carto.com refused: HTTP 403, Forbidden (Ask\\nAna\\u{1b}[31m)"
    );
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::AccessDenied, Remedy::FixConfig)
    );
    assert!(
        error.hint().contains("the plan may not include one"),
        "{}",
        error.hint()
    );
    let said = error.oauth().unwrap();
    assert_eq!(
        (said.code.as_deref(), said.description.as_deref()),
        (Some("Forbidden"), Some("Ask\nAna\u{1b}[31m"))
    );

    let error = refused(404, r#"{"error":["Connection","not found"]}"#);
    assert_eq!(
        error.to_string(),
        "there is no CARTO Data Warehouse: a.carto.com refused: HTTP 404, Connection; not found"
    );
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::AccessDenied, Remedy::FixConfig)
    );
    assert!(error.hint().contains("self-hosted"), "{}", error.hint());
    assert_eq!(error.http_status(), Some(404));

    let error = refused(400, r#"{"error":"no"}"#);
    assert!(matches!(error, Error::Refused(_)), "{error}");
    let error = refused(200, r#"{"error":"no","projectId":"carto-dw-ac-1","token":"t"}"#);
    assert!(
        matches!(error, Error::Refused(_)),
        "a body with an error gives no token: {error}"
    );
}

#[test]
fn a_refusal_without_words_is_one_unless_a_gateway_speaks() {
    for body in ["", "{}", r#"{"error":null}"#, r#"{"message":"gone"}"#] {
        assert!(
            matches!(refused(403, body), Error::NoWarehouseAccess(_)),
            "{body}"
        );
        assert!(matches!(refused(404, body), Error::NoWarehouse(_)), "{body}");
        assert!(matches!(refused(401, body), Error::TokenRefused(_)), "{body}");
    }
    assert!(
        refused(404, r#"{"message":"gone"}"#)
            .to_string()
            .ends_with("HTTP 404 (gone)")
    );
    for status in [403, 404] {
        let html = answer(status, &[("content-type", "text/html")], "<h1>canary</h1>").unwrap_err();
        assert_eq!(
            html.to_string(),
            format!(
                "a.carto.com answered with a body that is not JSON: line 1, column 1 (HTTP {status}, text/html, 15 bytes)"
            )
        );
        assert_eq!(html.remedy(), Remedy::Retry { after: None });
    }
    assert!(matches!(refused(400, ""), Error::Reply(_)));
}

#[test]
fn a_server_that_sends_the_token_back_does_not_have_it_shown() {
    for status in [401, 403, 404, 429, 500] {
        let body = r#"{"error":"you sent canary","hint":"canary"}"#;
        let shown = match answer(
            status,
            &[("x-request-id", "canary"), ("retry-after", "3600")],
            body,
        ) {
            Err(error) => format!("{error} {error:?}"),
            Ok(step) => panic!("{step:?}"),
        };
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("[secret]"), "{shown}");
    }
}

#[test]
fn what_may_pass_is_asked_again_and_the_rest_is_not() {
    for status in [429, 502, 503, 504] {
        assert!(matches!(answer(status, &[], ""), Ok(Step::Sleep(..))), "{status}");
    }
    let Ok(Step::Sleep(wait, _)) = answer(429, &[("retry-after", "7")], "") else {
        panic!()
    };
    assert_eq!(wait, Duration::from_secs(7));
    let error = answer(429, &[("retry-after", "3600")], "").unwrap_err();
    let after = Some(Duration::from_secs(3600));
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::RateLimited, Remedy::Retry { after })
    );
    let error = refused(500, "<h1>canary</h1>");
    assert_eq!(error.to_string(), "a.carto.com is out of order: HTTP 500");
    for status in [400, 401, 403, 404, 405] {
        assert!(answer(status, &[], "").is_err(), "{status}");
    }
}

#[test]
fn three_attempts_are_the_end_and_the_last_one_counts_as_when_it_was_asked() {
    let Step::Send(_, mut next) = start("https://a.carto.com") else {
        panic!()
    };
    let gone = || {
        Err::<Response<Vec<u8>>, _>(TransportError::new(
            TransportErrorKind::ConnectionRefused,
            Sent::No,
        ))
    };
    let mut now = NOW;
    for _ in 0..2 {
        let Ok(Step::Sleep(wait, timer)) = next.resume(gone(), now) else {
            panic!()
        };
        now = now + wait;
        let Ok(Step::Send(_, again)) = timer.resume(now) else {
            panic!()
        };
        next = again;
    }
    let Ok(Step::Done(credentials)) = next.resume(Ok(Response::new(GOOD.as_bytes().to_vec())), now) else {
        panic!()
    };
    assert_eq!(credentials.obtained_at(), now);
    assert!(now > NOW);
}

#[test]
fn a_redirect_is_not_followed_and_a_huge_body_not_read() {
    let error = answer(307, &[("location", "https://evil.example")], "").unwrap_err();
    assert!(
        error.to_string().contains("a redirect, which is not followed"),
        "{error}"
    );
    let error = answer(200, &[], vec![b' '; 1 << 20]).unwrap_err();
    assert!(
        error.to_string().contains("beyond the limit of 1048576 bytes"),
        "{error}"
    );
}

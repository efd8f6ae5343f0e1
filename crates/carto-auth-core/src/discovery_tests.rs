use http::Response;

use super::*;
use crate::error::ErrorKind;
use crate::secret::Secret;
use crate::step::{AwaitResponse, Outgoing};

const T0: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

fn ok(body: &str) -> Response<Vec<u8>> {
    Response::new(body.as_bytes().to_vec())
}

fn sent(step: Step<Discovery>) -> (Outgoing, AwaitResponse<Discovery>) {
    match step {
        Step::Send(out, next) => (out, next),
        other => panic!("expected a request, got {other:?}"),
    }
}

fn start(endpoints: Endpoints) -> (Outgoing, AwaitResponse<Discovery>) {
    let token = AccessToken::new(Secret::new("the-token"), None).unwrap();
    sent(Discovery::start(&token, endpoints, Jitter::new(7), T0))
}

/// What the tenant named by the accounts service is asked, and what comes of its answer.
fn tenant(endpoints: Endpoints, domain: &str) -> Result<(Outgoing, AwaitResponse<Discovery>), Error> {
    let (_, next) = start(endpoints);
    let body = serde_json::json!({"tenant_domain": domain}).to_string();
    next.resume(Ok(ok(&body)), T0).map(sent)
}

fn discovered(endpoints: Endpoints, base: &str) -> Result<String, Error> {
    let (_, next) = tenant(endpoints, "acme.app.carto.com")?;
    match next.resume(Ok(ok(&format!("apis:\n  baseUrl: {base}\n"))), T0)? {
        Step::Done(base) => Ok(base.to_string()),
        other => panic!("expected the end, got {other:?}"),
    }
}

#[test]
fn the_token_goes_to_the_accounts_service_and_not_to_the_tenant() {
    let (out, next) = start(Endpoints::carto());
    assert_eq!(out.request.uri(), "https://accounts.app.carto.com/accounts");
    assert_eq!(out.request.headers()["authorization"], "Bearer the-token");
    assert!(out.request.headers()["authorization"].is_sensitive());
    let (out, _) = sent(
        next.resume(Ok(ok(r#"{"tenant_domain":"Acme.app.carto.com"}"#)), T0)
            .unwrap(),
    );
    assert_eq!(out.request.uri(), "https://acme.app.carto.com/config.yaml");
    assert_eq!(out.request.method(), "GET");
    assert!(!out.request.headers().contains_key("authorization"));
    assert_eq!(out.body_limit, 256 << 10);
}

#[test]
fn an_accounts_service_with_a_path_prefix_keeps_it() {
    let endpoints = Endpoints::carto()
        .with_accounts_url("https://carto.acme.com/accounts-api/")
        .unwrap();
    let (out, _) = start(endpoints);
    assert_eq!(out.request.uri(), "https://carto.acme.com/accounts-api/accounts");
}

#[test]
fn a_tenant_domain_of_a_hostile_shape_is_refused() {
    for hostile in [
        "",
        "acme",
        "acme.com:8443",
        "me:pw@acme.com",
        "acme.com/x",
        "acme.com?",
        "acme.com#",
        "127.0.0.1",
        "[::1]",
        "169.254.169.254",
        "localhost",
        "localhost:80",
        "acme.com\r\nx: y",
        "acme.com ",
        "//acme.com",
        "0x7f.1",
        "acme.com\\@evil.example",
        "xn--.",
        "acme..com",
    ] {
        let error = tenant(Endpoints::carto(), hostile).unwrap_err();
        let Error::Reply(reply) = &error else {
            panic!("{hostile}: {error}")
        };
        assert_eq!(reply.problem(), &ReplyProblem::TenantDomain, "{hostile}");
        assert!(
            hostile.len() < 2 || !error.to_string().contains(hostile),
            "{hostile}: it is not quoted"
        );
    }
}

#[test]
fn a_tenant_on_loopback_is_for_an_accounts_service_on_loopback() {
    let here = Endpoints::carto()
        .with_accounts_url("http://127.0.0.1:8080")
        .unwrap();
    let (out, _) = tenant(here.clone(), "127.0.0.1:8080").unwrap();
    assert_eq!(out.request.uri(), "http://127.0.0.1:8080/config.yaml");
    for elsewhere in [
        "10.0.0.1:80",
        "localhost.evil.example:80/",
        "me@127.0.0.1:80",
        "127.0.0.1:80/x",
    ] {
        assert!(tenant(here.clone(), elsewhere).is_err(), "{elsewhere}");
    }
}

#[test]
fn the_api_base_url_is_on_carto_or_on_an_allowed_domain() {
    let base = |text| discovered(Endpoints::carto(), text);
    assert_eq!(
        base("https://gcp-us-east1.api.carto.com/").unwrap(),
        "https://gcp-us-east1.api.carto.com"
    );
    for foreign in [
        "https://api.evil.example",
        "https://evilcarto.com",
        "https://127.0.0.1",
        "https://carto.com.evil.example",
    ] {
        let error = base(foreign).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the apis.baseUrl that acme.app.carto.com serves is not on carto.com or a domain that was allowed"
        );
        assert_eq!(error.kind(), ErrorKind::BadApiBaseUrl);
        assert!(error.hint().contains("allow its domain"));
    }
    for hostile in [
        "http://api.carto.com",
        "https://me:pw@api.carto.com",
        "https://api.carto.com/?x",
        "nonsense",
        "''",
    ] {
        let error = base(hostile).unwrap_err();
        assert!(matches!(error, Error::TenantAddress { .. }), "{hostile}: {error}");
    }
    let acme = Endpoints::carto().with_allowed_domain("acme.com").unwrap();
    assert_eq!(
        discovered(acme, "https://carto.acme.com/api").unwrap(),
        "https://carto.acme.com/api"
    );
}

#[test]
fn strange_answers_of_both_have_their_words() {
    let accounts = |reply| {
        start(Endpoints::carto())
            .1
            .resume(Ok(reply), T0)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        accounts(ok(r#"{"id":"ac_x"}"#)),
        "accounts.app.carto.com answered with JSON without \"tenant_domain\", having id (HTTP 200, no content type, 13 bytes)"
    );
    let status = |status, body: &str| {
        Response::builder()
            .status(status)
            .body(body.as_bytes().to_vec())
            .unwrap()
    };
    assert_eq!(
        accounts(status(401, r#"{"error":"Unauthorized"}"#)),
        "accounts.app.carto.com refused: HTTP 401, Unauthorized; the session has ended"
    );
    assert!(accounts(status(302, "")).contains("a redirect, which is not followed"));

    let config = |reply| {
        let (_, next) = tenant(Endpoints::carto(), "acme.app.carto.com").unwrap();
        next.resume(Ok(reply), T0).unwrap_err().to_string()
    };
    assert!(config(status(404, "<html>canary</html>")).contains("a body that is not JSON"));
    assert!(config(status(301, "")).contains("a redirect, which is not followed"));
    assert!(config(ok("apis: {}")).contains("a config.yaml without apis.baseUrl"));
    assert!(config(ok("a: [canary")).contains("a config.yaml that is not YAML, at line"));
    let compressed = Response::builder().header("content-encoding", "gzip");
    let text = b"apis: {baseUrl: https://api.carto.com}".to_vec();
    assert!(config(compressed.body(text).unwrap()).contains("a compressed body, which was not asked for"));
    assert!(config(ok(&"x".repeat(256 << 10))).contains("a body beyond the limit of 262144 bytes"));
}

#[test]
fn a_busy_tenant_is_asked_again_without_asking_the_accounts_service_again() {
    let (_, next) = tenant(Endpoints::carto(), "acme.app.carto.com").unwrap();
    let busy = Response::builder().status(503).body(Vec::new()).unwrap();
    let Step::Sleep(_, timer) = next.resume(Ok(busy), T0).unwrap() else {
        panic!()
    };
    let (out, _) = sent(timer.resume(T0).unwrap());
    assert_eq!(out.request.uri(), "https://acme.app.carto.com/config.yaml");
}

#[test]
fn both_conversations_together_have_ninety_seconds() {
    let (_, next) = start(Endpoints::carto());
    let late = T0 + std::time::Duration::from_secs(30);
    let body = r#"{"tenant_domain":"acme.app.carto.com"}"#;
    let (mut out, mut next) = sent(next.resume(Ok(ok(body)), late).unwrap());
    assert_eq!(out.timeout.as_secs(), 30);
    let mut now = late;
    let busy = || Response::builder().status(503).body(Vec::new()).unwrap();
    loop {
        now = now + out.timeout;
        match next.resume(Ok(busy()), now) {
            Ok(Step::Sleep(wait, timer)) => {
                now = now + wait;
                (out, next) = sent(timer.resume(now).unwrap());
            }
            Err(_) => break,
            Ok(step) => panic!("{step:?}"),
        }
    }
    assert!(now.since(T0).as_secs() <= 90, "{:?}", now.since(T0));
}

#[test]
fn a_secret_that_is_sent_back_as_a_key_or_content_type_is_blotted_out() {
    let reply = Response::builder()
        .header("content-type", "text/the-token")
        .body(br#"{"the-token":1}"#.to_vec())
        .unwrap();
    let error = start(Endpoints::carto()).1.resume(Ok(reply), T0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "accounts.app.carto.com answered with JSON without \"tenant_domain\", having [secret] (HTTP 200, text/[secret], 15 bytes)"
    );
}

#[test]
fn a_tenant_that_repeats_the_token_does_not_have_it_told() {
    let (_, next) = tenant(Endpoints::carto(), "acme.app.carto.com").unwrap();
    let mut reply = ok(r#"{"error":"no the-token here"}"#);
    *reply.status_mut() = http::StatusCode::NOT_FOUND;
    let error = next.resume(Ok(reply), T0).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("the-token"), "{error:?}");
}

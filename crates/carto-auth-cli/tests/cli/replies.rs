//! A CARTO that fails or says strange things: exit code 5, each with its hint.

use std::process::Command;

use carto_auth_sandbox::{Endpoint, Fault};
use carto_auth_tests::{Certificates, Outcome, Reply, Scripted, free_port, http, run};

use crate::world::{World, error_of};

const GRANTED: &str = r#"{"access_token":"granted","token_type":"Bearer","expires_in":86400}"#;

/// `token` against another login service than the sandbox.
fn token_from(world: &World, auth_url: &str, more: impl Fn(&mut Command) -> &mut Command) -> Outcome {
    let mut command = world.command(&["token", "--credentials", "ci.json"]);
    run(more(command.env("CARTO_AUTH_URL", auth_url)), "").unwrap()
}

fn answered(reply: Reply) -> Outcome {
    let server = Scripted::http(vec![reply]).unwrap();
    token_from(&World::new(), &server.url(), |command| command)
}

#[test]
fn a_server_that_is_busy_or_out_of_order_is_tried_again_later() {
    let world = World::new();
    world.carto.fail_always(
        Endpoint::Token,
        Fault::status(429).with_header("retry-after", "3600"),
    );
    let outcome = world.machine(&["token"]);
    assert_eq!(
        error_of(&outcome),
        (5, "127.0.0.1 asks to slow down: HTTP 429", "try again in 3600 s")
    );
    let json = world.machine(&["token", "--json"]);
    assert!(
        json.stderr.contains(r#""code":"rate_limited""#),
        "{}",
        json.stderr
    );

    world.carto.heal();
    world.carto.fail_next(Endpoint::Token, Fault::status(429));
    assert_eq!(
        world.machine(&["token"]).code,
        Some(0),
        "without Retry-After it is asked again"
    );

    let world = World::new();
    world.carto.fail_always(
        Endpoint::Token,
        Fault::status(500).with_body("text/html", "<h1>canary</h1>"),
    );
    let outcome = world.machine(&["token"]);
    let (code, error, hint) = error_of(&outcome);
    assert_eq!((code, error), (5, "127.0.0.1 is out of order: HTTP 500"));
    assert!(hint.starts_with("try again in a minute"), "{hint}");
}

#[test]
fn html_truncated_and_huge_bodies_are_described() {
    let hint = "is a proxy or captive portal in between, or the address not CARTO's? Otherwise try again";
    let html = answered(http(200, &[("content-type", "text/html")], "<h1>canary</h1>"));
    let error =
        "127.0.0.1 answered with a body that is not JSON: line 1, column 1 (HTTP 200, text/html, 15 bytes)";
    assert_eq!(error_of(&html), (5, error, hint));

    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 52428800\r\n\r\n".to_vec();
    let huge = answered(Reply::Flood(head, 50 << 20));
    let error = "127.0.0.1 answered with a body beyond the limit of 1048576 bytes (HTTP 200, no content type, 1048576 bytes)";
    assert_eq!(error_of(&huge), (5, error, hint));

    let truncated = answered(Reply::Bytes(
        b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{".to_vec(),
    ));
    let error = "cannot reach 127.0.0.1: the connection ended before the answer did";
    assert_eq!(
        error_of(&truncated),
        (
            5,
            error,
            "check the address, and whether its server runs on this machine; `carto-auth doctor` tests each step"
        )
    );
}

#[test]
fn strange_lives_and_types_of_tokens() {
    let token = |expires_in: &str, token_type: &str| {
        answered(http(
            200,
            &[],
            &format!(r#"{{"access_token":"x"{expires_in},"token_type":"{token_type}"}}"#),
        ))
    };
    for huge in [r#","expires_in":86400"#, r#","expires_in":1e300"#, ""] {
        assert_eq!(
            (token(huge, "Bearer").stdout.as_str(), token(huge, "bearer").code),
            ("x\n", Some(0)),
            "{huge}"
        );
    }
    for (expires_in, token_type, exit, words) in [
        (
            r#","expires_in":"86400""#,
            "Bearer",
            5,
            "a string as \"expires_in\"",
        ),
        // Each other try would cost another token.
        (
            r#","expires_in":-1"#,
            "Bearer",
            3,
            "a token that had already expired",
        ),
        (
            r#","expires_in":86400"#,
            "mac",
            5,
            "a token type that is not Bearer",
        ),
    ] {
        let outcome = token(expires_in, token_type);
        let (code, error, _) = error_of(&outcome);
        assert_eq!(code, exit);
        assert!(
            error.starts_with(&format!("127.0.0.1 answered with {words} (")),
            "{error}"
        );
    }
}

#[test]
fn a_redirect_to_another_host_carries_no_byte_there() {
    let other = Scripted::http(vec![http(200, &[], GRANTED)]).unwrap();
    let outcome = answered(http(307, &[("location", &other.url())], ""));
    let (code, error, _) = error_of(&outcome);
    assert_eq!(code, 5);
    assert!(
        error.starts_with("127.0.0.1 answered with a redirect, which is not followed"),
        "{error}"
    );
    assert!(other.requests().is_empty());
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let world = World::new();
    let port = free_port();
    let gone = token_from(&world, &format!("http://127.0.0.1:{port}"), |command| command);
    let hint =
        "check the address, and whether its server runs on this machine; `carto-auth doctor` tests each step";
    assert_eq!(
        error_of(&gone),
        (5, "cannot reach 127.0.0.1: connection refused", hint)
    );
}

#[test]
fn a_company_ca_counts_through_ssl_cert_file_and_no_other() {
    let certificates = Certificates::generate().unwrap();
    let server = Scripted::https(vec![http(200, &[], GRANTED)], certificates.server).unwrap();
    let world = World::new();
    let url = format!("https://localhost:{}", server.port());

    let distrusted = token_from(&world, &url, |command| command);
    let (code, error, hint) = error_of(&distrusted);
    assert_eq!(code, 5);
    assert!(
        error.starts_with("cannot reach localhost: the server's certificate is not trusted"),
        "{error}"
    );
    assert!(hint.contains("SSL_CERT_FILE"), "{hint}");
    assert!(server.requests().is_empty(), "no byte of a request has left");

    let pem = world.path("ca.pem");
    std::fs::write(&pem, certificates.ca_pem).unwrap();
    let trusted = token_from(&world, &url, |command| command.env("SSL_CERT_FILE", &pem));
    assert_eq!(
        (trusted.stdout.as_str(), trusted.code),
        ("granted\n", Some(0)),
        "{}",
        trusted.stderr
    );
}

#[test]
fn a_proxy_is_used_for_https_and_never_for_loopback_and_its_password_is_not_shown() {
    let proxy = Scripted::http(vec![http(407, &[], "")]).unwrap();
    let world = World::new();
    let address = format!("http://me:canary@127.0.0.1:{}", proxy.port());
    let through = token_from(&world, "https://auth.carto.test", |command| {
        command.env("HTTPS_PROXY", &address)
    });
    let hint = format!(
        "the way leads through the proxy http://127.0.0.1:{} (HTTPS_PROXY): the proxy wants a user name and a password that it knows: \
         http://USER:PASSWORD@… in the variable that names it; `carto-auth doctor` tests each step",
        proxy.port()
    );
    let error = "cannot reach auth.carto.test: the proxy refused the connection";
    assert_eq!(error_of(&through), (3, error, hint.as_str()));
    let [head] = &proxy.requests()[..] else {
        panic!("it is not asked again: {:?}", proxy.requests())
    };
    assert!(
        head.starts_with("CONNECT auth.carto.test:443 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(!format!("{}{}", through.stdout, through.stderr).contains("canary"));

    let before = proxy.requests().len();
    let direct = token_from(&world, &world.carto.auth_url(), |command| {
        command
            .env("HTTPS_PROXY", &address)
            .env("HTTP_PROXY", &address)
            .env("ALL_PROXY", &address)
    });
    assert_eq!(
        (direct.code, proxy.requests().len()),
        (Some(0), before),
        "{}",
        direct.stderr
    );
}

#[test]
fn a_proxy_that_is_not_there_is_named_with_its_variable() {
    let world = World::new();
    let port = free_port();
    let address = format!("me:canary@127.0.0.1:{port}");
    let gone = token_from(&world, "https://auth.carto.test", |command| {
        command.env("all_proxy", &address)
    });
    let hint = format!(
        "the way leads through the proxy http://127.0.0.1:{port} (all_proxy): check that variable; NO_PROXY names hosts that \
         are asked without a proxy; `carto-auth doctor` tests each step"
    );
    let error = "cannot reach auth.carto.test: connection refused";
    assert_eq!(error_of(&gone), (5, error, hint.as_str()));
    let exempt = token_from(&world, "https://auth.carto.invalid", |command| {
        command
            .env("all_proxy", &address)
            .env("NO_PROXY", "carto.invalid")
    });
    let (_, error, hint) = error_of(&exempt);
    assert_eq!(error, "cannot reach auth.carto.invalid: host name not found");
    assert!(
        hint.starts_with("check the connection; NO_PROXY names this host"),
        "{hint}"
    );
}

//! What every transport with TLS and proxies must do alike.

use std::env;

use carto_auth_core::ErrorKind;
use carto_auth_sandbox::Sandbox;
use carto_auth_tests::{Certificates, Scripted, http, passes_alone};

use super::suite::{GRANTED, refused, step};
use super::transport;

#[test]
fn a_certificate_that_nobody_vouches_for_gets_no_byte_of_a_request() {
    let certificates = Certificates::generate().unwrap();
    let server = Scripted::https(vec![http(200, &[], GRANTED)], certificates.server).unwrap();
    let error = refused(&format!("https://localhost:{}", server.port()));
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(
        error
            .to_string()
            .starts_with("cannot reach localhost: the server's certificate is not trusted"),
        "{error}"
    );
    assert!(server.requests().is_empty());
}

#[test]
fn a_proxy_that_refuses_is_blamed_without_its_password_and_sees_nothing_of_loopback() {
    if env::var_os("HTTPS_PROXY").is_some_and(|proxy| proxy.to_string_lossy().contains("canary")) {
        let error = refused("https://auth.example");
        assert_eq!(
            error.to_string(),
            "cannot reach auth.example: the proxy refused the connection"
        );
        assert!(!format!("{error:?}").contains("canary"));
        let carto = Sandbox::builder().client("the-id", "the-secret").start().unwrap();
        transport::ask(step(&carto.auth_url())).unwrap();
        return;
    }
    for status in [403, 407, 502] {
        let proxy = Scripted::http(vec![http(status, &[], "no")]).unwrap();
        let url = format!("http://me:canary@127.0.0.1:{}", proxy.port());
        let test = "beyond::a_proxy_that_refuses_is_blamed_without_its_password_and_sees_nothing_of_loopback";
        let variables = [("HTTPS_PROXY", &*url), ("HTTP_PROXY", &*url)];
        assert!(passes_alone(test, &variables).unwrap());
        let asked = proxy.requests();
        assert_eq!(asked.len(), 3, "it is tried three times");
        for request in asked {
            assert!(
                request.starts_with("CONNECT auth.example:443 HTTP/1.1\r\n"),
                "{request}"
            );
            assert!(!request.contains("the-secret"));
        }
    }
}

//! What every transport with TLS and proxies must do alike.

use std::env;
use std::process::Command;
use std::sync::Arc;

use carto_auth_core::{ErrorKind, Remedy};
use carto_auth_sandbox::Sandbox;
use carto_auth_tests::{Certificates, Scripted, http, note, passes_alone, scenario};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};

use super::suite::{GRANTED, ask, refused, step};
use super::transport;

#[test]
fn a_certificate_that_nobody_vouches_for_gets_no_byte_of_a_request() {
    let _scenario = scenario!();
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
    let _scenario = scenario!();
    if env::var_os("HTTPS_PROXY").is_some_and(|proxy| proxy.to_string_lossy().contains("canary")) {
        let error = refused("https://auth.example");
        assert_eq!(
            error.to_string(),
            "cannot reach auth.example: the proxy refused the connection"
        );
        assert!(!format!("{error:?}").contains("canary"));
        let carto = Sandbox::builder().client("the-id", "the-secret").start().unwrap();
        ask(step(&carto.auth_url())).unwrap();
        return;
    }
    // What may be otherwise in a moment is asked again, if the client tells the status.
    let tries = |status| match (status, env!("CARGO_CRATE_NAME")) {
        (502, "ureq") => 3,
        _ => 1,
    };
    for status in [403, 407, 502] {
        let replies = (0..3).map(|_| http(status, &[], "no")).collect();
        let proxy = Scripted::http(replies).unwrap();
        let url = format!("http://me:canary@127.0.0.1:{}", proxy.port());
        let test = "beyond::a_proxy_that_refuses_is_blamed_without_its_password_and_sees_nothing_of_loopback";
        let variables = [("HTTPS_PROXY", &*url), ("HTTP_PROXY", &*url)];
        assert!(passes_alone(test, &variables).unwrap());
        let asked = proxy.requests();
        assert_eq!(asked.len(), tries(status), "{status}");
        for request in asked {
            assert!(
                request.starts_with("CONNECT auth.example:443 HTTP/1.1\r\n"),
                "{request}"
            );
            assert!(!request.contains("the-secret"));
        }
    }
}

/// Nobody is asked around a proxy that was meant, and a blank variable means none.
#[test]
fn a_variable_that_names_no_proxy_is_named_and_loopback_and_exempt_hosts_need_none() {
    let _scenario = scenario!();
    let test = "beyond::a_variable_that_names_no_proxy_is_named_and_loopback_and_exempt_hosts_need_none";
    if let Some(name) = env::var_os("CARTO_AUTH_ALONE") {
        let error = refused("https://auth.example");
        let expected = format!("{} is not the address of a proxy", name.display());
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.remedy(), Remedy::FixConfig);
        assert!(!format!("{error:?} {}", error.hint()).contains("canary"));
        let carto = Sandbox::builder().client("the-id", "the-secret").start().unwrap();
        ask(step(&carto.auth_url())).unwrap();
        // No name is that long, so no server of names is asked.
        let exempt = step(&format!("https://{}.exempt.example", "x".repeat(70)));
        let error = transport::ask(exempt).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network, "{error}");
        return;
    }
    let proxy = Scripted::http(vec![http(407, &[], "")]).unwrap();
    let url = format!("http://127.0.0.1:{}", proxy.port());
    let unusable = [
        "ftp://me:canary@proxy",
        "http://:8080",
        "http://me:canary@proxy:99999",
        "me:canary@pro xy",
        "http://me:canary^@proxy:3128",
        "me:canary/x@proxy:3128",
        "http://\"proxy\":3128",
        "proxy:3128/path",
        "127.1:3128",
    ];
    for value in unusable {
        // Both front ends come to `ALL_PROXY` before they come to `all_proxy`.
        for (name, rest) in [("ALL_PROXY", "all_proxy"), ("HTTPS_PROXY", "https_proxy")] {
            let given = [
                ("CARTO_AUTH_ALONE", name),
                (name, value),
                (rest, &url),
                ("NO_PROXY", "exempt.example"),
            ];
            assert!(passes_alone(test, &given).unwrap(), "{name}={value}");
        }
    }
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_proxy_is_spelled_in_many_ways_and_a_blank_variable_is_as_good_as_none() {
    let _scenario = scenario!();
    if env::var_os("CARTO_AUTH_ALONE").is_some() {
        refused("https://auth.example");
        return;
    }
    let test = "beyond::a_proxy_is_spelled_in_many_ways_and_a_blank_variable_is_as_good_as_none";
    for (blank, before, after) in [
        ("", "", ""),
        ("  ", "", "/"),
        ("", "http://", "/"),
        ("", "HTTP://", ""),
        ("", "me:p%40ss@", "/"),
        ("", "http://me@", ""),
    ] {
        let proxy = Scripted::http(vec![http(407, &[], "")]).unwrap();
        let url = format!("{before}127.0.0.1:{}{after}", proxy.port());
        let variables = [
            ("CARTO_AUTH_ALONE", "1"),
            ("ALL_PROXY", blank),
            ("HTTPS_PROXY", blank),
            ("https_proxy", &url),
        ];
        assert!(passes_alone(test, &variables).unwrap());
        assert_eq!(proxy.requests().len(), 1, "it is not asked again");
    }
}

#[cfg(unix)]
#[test]
fn a_machine_that_names_nobody_to_trust_is_told_so_and_waits_for_no_pipe() {
    let _scenario = scenario!();
    if let Ok(url) = env::var("CARTO_AUTH_ASKED") {
        let error = refused(&url);
        note(format_args!("{error}: {}", error.hint()));
        assert_eq!(
            (error.kind(), error.remedy()),
            (ErrorKind::Tls, Remedy::FixConfig)
        );
        return;
    }
    let certificates = Certificates::generate().unwrap();
    let server = Scripted::https(vec![http(200, &[], GRANTED)], certificates.server).unwrap();
    let url = format!("https://localhost:{}", server.port());
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for file in ["/nonexistent", "/dev/zero", pipe.to_str().unwrap()] {
        let test = "beyond::a_machine_that_names_nobody_to_trust_is_told_so_and_waits_for_no_pipe";
        let variables = [
            ("SSL_CERT_FILE", file),
            ("SSL_CERT_DIR", "/nonexistent"),
            ("CARTO_AUTH_ASKED", &url),
        ];
        assert!(passes_alone(test, &variables).unwrap(), "{file}");
    }
    assert!(server.requests().is_empty());
}

/// A program may have installed a provider of its own, with FIPS for instance; ring's is for those who have not.
#[test]
fn the_provider_that_the_program_installed_counts() {
    let _scenario = scenario!();
    let only = |suite| CryptoProvider {
        cipher_suites: vec![suite],
        ..ring::default_provider()
    };
    if env::var_os("CARTO_AUTH_ALONE").is_some() {
        let chacha = ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256;
        only(chacha).install_default().unwrap();
        let certificates = Certificates::generate().unwrap();
        let aes = only(ring::cipher_suite::TLS13_AES_256_GCM_SHA384);
        let server = ServerConfig::builder_with_provider(Arc::new(aes))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&certificates.server.cert_resolver));
        let server = Scripted::https(vec![http(200, &[], GRANTED)], Arc::new(server)).unwrap();
        let error = refused(&format!("https://localhost:{}", server.port()));
        assert_eq!(
            error.to_string(),
            "cannot reach localhost: TLS failed (received fatal alert: HandshakeFailure)"
        );
        return;
    }
    let test = "beyond::the_provider_that_the_program_installed_counts";
    assert!(passes_alone(test, &[("CARTO_AUTH_ALONE", "1")]).unwrap());
}

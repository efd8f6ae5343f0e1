//! The transport suite over reqwest, and what only reqwest can get wrong.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "transport.rs"]
mod suite;
#[path = "transport_beyond.rs"]
mod beyond;
#[path = "hostile.rs"]
mod hostile;
#[path = "hostile_beyond.rs"]
mod hostile_beyond;
#[path = "hostile_tls.rs"]
mod hostile_tls;
#[path = "no_proxy.rs"]
mod no_proxy;

mod transport {
    use carto_auth_core::{Error, Flow, Step};
    use carto_auth_reqwest::{Transport, drive};

    pub(crate) fn ask<F: Flow>(step: Step<F>) -> Result<F::Output, Error> {
        ask_over(&Transport::new(), step)
    }

    pub(crate) fn ask_over<F: Flow>(over: &Transport, step: Step<F>) -> Result<F::Output, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(drive(over, step))
    }
}

use std::env;
use std::future::ready;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

use carto_auth_core::{Endpoints, Error, ErrorKind, Jitter, M2mCredentials, Remedy, Step, TokenRequest};
use carto_auth_reqwest::Transport;
use carto_auth_sandbox::Sandbox;
use carto_auth_tests::{Certificates, Scripted, free_port, http, passes_alone};
use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Proxy, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

const GRANTED: &str = r#"{"access_token":"granted","token_type":"Bearer","expires_in":86400}"#;

fn step(auth_url: &str) -> Step<TokenRequest> {
    let machine = M2mCredentials::new("https://api.example", "the-id", "the-secret").unwrap();
    let endpoints = Endpoints::carto().with_auth_url(auth_url).unwrap();
    TokenRequest::client_credentials(&machine, &endpoints, Jitter::new(7), SystemTime::now())
}

/// A client that trusts nobody but the CA, and finds `auth.example` on this machine.
fn client(ca_pem: &str) -> ClientBuilder {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .resolve("auth.example", SocketAddr::from(([127, 0, 0, 1], 0)))
}

#[test]
fn a_client_of_the_callers_sends_what_goes_beyond_loopback() {
    let certificates = Certificates::generate().unwrap();
    let server = Scripted::https(vec![http(200, &[], GRANTED)], certificates.server).unwrap();
    let client = client(&certificates.ca_pem).build();
    let over = Transport::with_client(client.unwrap());
    let grant = transport::ask_over(&over, step(&format!("https://auth.example:{}", server.port())));
    assert_eq!(grant.unwrap().access_token.expose(), "granted");
}

#[test]
fn a_client_that_follows_redirects_is_refused_loudly_and_sends_nothing() {
    let certificates = Certificates::generate().unwrap();
    let words = "the HTTP client follows redirects; build it with redirect::Policy::none()";
    for policy in [redirect::Policy::default(), redirect::Policy::limited(1)] {
        let replies = vec![http(200, &[], GRANTED)];
        let server = Scripted::https(replies, Arc::clone(&certificates.server)).unwrap();
        let client = client(&certificates.ca_pem).redirect(policy).build().unwrap();
        let over = Transport::with_client(client);
        for _ in 0..2 {
            let error = transport::ask_over(&over, step(&format!("https://auth.example:{}", server.port())));
            assert_eq!(error.unwrap_err().to_string(), words);
        }
        assert!(server.requests().is_empty());
    }
}

/// Such a client cannot be led to http on loopback.
#[test]
fn a_client_that_followed_a_redirect_is_refused_loudly_where_it_could_not_be_tried() {
    let certificates = Certificates::generate().unwrap();
    let moved = http(302, &[("location", "/elsewhere")], "");
    let replies = vec![moved.clone(), http(200, &[], GRANTED)];
    let server = Scripted::https(replies, Arc::clone(&certificates.server)).unwrap();
    let over = || {
        let follows = client(&certificates.ca_pem).redirect(redirect::Policy::default());
        Transport::with_client(follows.https_only(true).build().unwrap())
    };
    let words = "cannot reach auth.example: the request failed (the HTTP client followed a redirect; build it with \
                 redirect::Policy::none())";
    let error =
        transport::ask_over(&over(), step(&format!("https://auth.example:{}", server.port()))).unwrap_err();
    assert_eq!(error.to_string(), words);
    assert_eq!(server.requests().len(), 2);

    let server = Scripted::https(vec![moved], Arc::clone(&certificates.server)).unwrap();
    let error =
        transport::ask_over(&over(), step(&format!("https://auth.example:{}", server.port()))).unwrap_err();
    assert_eq!(error.to_string(), words, "one that gave up following, too");
}

#[test]
fn a_client_of_the_callers_is_not_shown_and_not_used_for_loopback() {
    let port = free_port();
    let nowhere = Proxy::all(format!("http://me:canary@127.0.0.1:{port}")).unwrap();
    let client = client(&Certificates::generate().unwrap().ca_pem).proxy(nowhere);
    let over = Transport::with_client(client.build().unwrap());
    let carto = Sandbox::builder().client("the-id", "the-secret").start().unwrap();
    assert!(transport::ask_over(&over, step(&carto.auth_url())).is_ok());
    assert_eq!(format!("{over:?}"), "Transport { .. }");
}

#[test]
fn a_name_without_an_address_is_said_to_have_none() {
    struct NoName;
    impl Resolve for NoName {
        fn resolve(&self, _: Name) -> Resolving {
            Box::pin(ready(Err("no such name".into())))
        }
    }
    let client = client(&Certificates::generate().unwrap().ca_pem).dns_resolver(NoName);
    let over = Transport::with_client(client.build().unwrap());
    let error = transport::ask_over(&over, step("https://carto.example")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot reach carto.example: host name not found"
    );
}

#[test]
fn a_socks_proxy_that_refuses_is_blamed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The greeting, and that none of the offered methods will do (RFC 1928, section 3).
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(&[5, 0xff]);
        }
    });
    let proxy = Proxy::all(format!("socks5h://me:canary@127.0.0.1:{port}")).unwrap();
    let client = client(&Certificates::generate().unwrap().ca_pem).proxy(proxy);
    let over = Transport::with_client(client.build().unwrap());
    let error = transport::ask_over(&over, step("https://auth.example")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot reach auth.example: the proxy refused the connection"
    );
}

/// Not the clients' fault, and nothing that another try would mend.
fn nobody_is_trusted(error: &Error) {
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::Tls, Remedy::FixConfig)
    );
    assert_eq!(
        error.to_string(),
        "cannot reach auth.example: TLS failed (No CA certificates were loaded from the system)"
    );
    assert!(error.hint().starts_with("install the system's certificates"));
}

#[test]
fn a_machine_without_certificates_can_ask_loopback_and_is_told_what_is_missing_beyond() {
    if env::var_os("SSL_CERT_FILE").is_some_and(|path| path == "/nonexistent") {
        let carto = Sandbox::builder().client("the-id", "the-secret").start().unwrap();
        assert!(transport::ask(step(&carto.auth_url())).is_ok());
        let error = transport::ask(step("https://auth.example")).unwrap_err();
        nobody_is_trusted(&error);
        return;
    }
    let test = "a_machine_without_certificates_can_ask_loopback_and_is_told_what_is_missing_beyond";
    let nowhere = [
        ("SSL_CERT_FILE", "/nonexistent"),
        ("SSL_CERT_DIR", "/nonexistent"),
    ];
    assert!(passes_alone(test, &nowhere).unwrap());
}

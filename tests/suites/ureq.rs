//! The transport suite over ureq.
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
    use carto_auth_ureq::{default_agent, drive};

    pub(crate) fn ask<F: Flow>(step: Step<F>) -> Result<F::Output, Error> {
        drive(&default_agent(), step)
    }
}

#[test]
fn a_name_that_has_no_address_is_said_to_have_none() {
    use std::time::SystemTime;

    use carto_auth_core::{Endpoints, ErrorKind, Jitter, M2mCredentials, TokenRequest};

    // No name is that long, so no server of names is asked.
    let name = "x".repeat(70);
    let machine = M2mCredentials::new("https://api.example", "id", "secret").unwrap();
    let endpoints = Endpoints::carto()
        .with_auth_url(&format!("https://{name}.invalid"))
        .unwrap();
    let step = TokenRequest::client_credentials(&machine, &endpoints, Jitter::new(7), SystemTime::now());
    let error = transport::ask(step).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot reach {name}.invalid: host name not found")
    );
    assert_eq!(error.kind(), ErrorKind::Network);
}

#[test]
fn a_socks_proxy_that_refuses_is_blamed_with_its_reason() {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use carto_auth_core::{Probe, Timestamp};
    use carto_auth_ureq::drive;
    use ureq::{Agent, Proxy};

    let no_method: &[&[u8]] = &[&[5, 0xff]];
    let no_rule: &[&[u8]] = &[&[5, 0], &[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]];
    for (answers, reason) in [
        (no_method, "no acceptable auth methods"),
        (no_rule, "connection not allowed by ruleset"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answering = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for answer in answers {
                let _ = stream.read(&mut [0; 256]).unwrap();
                stream.write_all(answer).unwrap();
            }
        });
        let proxy = Proxy::new(&format!("socks5h://me:canary@127.0.0.1:{port}")).unwrap();
        let agent: Agent = Agent::config_builder().proxy(Some(proxy)).build().into();
        let step = Probe::start("https://auth.example", Timestamp::from_unix_seconds(0)).unwrap();
        let error = drive(&agent, step).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot reach auth.example: the proxy refused the connection ({reason})")
        );
        answering.join().unwrap();
    }
}

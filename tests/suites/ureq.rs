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

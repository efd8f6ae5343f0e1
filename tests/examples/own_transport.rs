//! An embedder drives the sans-IO core with a transport of its own: the loop is all there is to it.
//!
//! Run it with `cargo run -p carto-auth-tests --example own_transport`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

mod plain_http;

use std::thread;
use std::time::SystemTime;

use carto_auth_core::{AccessToken, Endpoints, Error, Flow, Jitter, M2mCredentials, Step, TokenRequest};
use carto_auth_sandbox::Sandbox;

/// The driver: for every flow, and the same for every transport.
fn drive<F: Flow>(mut step: Step<F>) -> Result<F::Output, Error> {
    loop {
        step = match step {
            Step::Done(output) => return Ok(output),
            Step::Sleep(duration, next) => {
                thread::sleep(duration);
                next.resume(SystemTime::now())?
            }
            Step::Send(out, next) => next.resume(plain_http::send(&out), SystemTime::now())?,
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let carto = Sandbox::start()?;
    let machine = M2mCredentials::new(&carto.api_base_url(), carto.client_id(), carto.client_secret())?;
    let endpoints = Endpoints::carto().with_auth_url(&carto.auth_url())?;
    let grant = drive(TokenRequest::client_credentials(
        &machine,
        &endpoints,
        Jitter::new(7),
        SystemTime::now(),
    ))?;
    let token =
        AccessToken::new(grant.access_token, grant.expires_at).ok_or("no header can carry the token")?;
    let audience = token.claims().map(|claims| claims.audience.join(", "));
    println!("a token for {}", audience.unwrap_or_default());
    Ok(())
}

//! A machine gets a token, and asks an API of CARTO with it. Here the sandbox stands for CARTO; with an account, `auth` is
//! `CartoAuth::from_m2m("carto_credentials.json")?`.
//!
//! Run it with `cargo run -p carto-auth-ureq --example machine_token`.
#![expect(clippy::print_stdout, reason = "an example")]

use carto_auth_sandbox::Sandbox;
use carto_auth_ureq::{CartoAuth, Endpoints, M2mCredentials, default_agent};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let carto = Sandbox::start()?;
    let machine = M2mCredentials::from_json(carto.credentials_json().as_bytes(), "the sandbox")?;
    let auth = CartoAuth::m2m(machine)
        .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url())?)
        .without_cache()
        .connect()?;

    let token = auth.access_token()?;
    let audience = token.claims().map(|claims| claims.audience.join(", "));
    println!("a token for {}", audience.unwrap_or_default());

    let url = auth.api_base_url()?.join("v3/connections/carto-dw/token");
    let reply = auth.authorize(default_agent().get(url))?.call()?;
    println!("CARTO answers {}", reply.status());
    Ok(())
}

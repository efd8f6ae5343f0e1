//! A machine gets a token, and asks an API of CARTO with it. Here the sandbox stands for CARTO; with an account, `auth` is
//! `CartoAuth::from_m2m("carto_credentials.json").await?`.
//!
//! Run it with `cargo run -p carto-auth-reqwest --example machine_token_async`.
#![expect(clippy::print_stdout, reason = "an example")]

use carto_auth_reqwest::{CartoAuth, Endpoints, M2mCredentials, default_client};
use carto_auth_sandbox::Sandbox;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let carto = Sandbox::start()?;
    let machine = M2mCredentials::from_json(carto.credentials_json().as_bytes(), "the sandbox")?;
    let auth = CartoAuth::m2m(machine)
        .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url())?)
        .without_cache()
        .connect()
        .await?;

    let token = auth.access_token().await?;
    let audience = token.claims().map(|claims| claims.audience.join(", "));
    println!("a token for {}", audience.unwrap_or_default());

    let url = auth.api_base_url().await?.join("v3/connections/carto-dw/token");
    let reply = auth.authorize(default_client()?.get(url)).await?.send().await?;
    println!("CARTO answers {}", reply.status());
    Ok(())
}

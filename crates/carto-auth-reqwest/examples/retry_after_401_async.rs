//! CARTO can end a token before its time, and says so by a 401: `send` rejects the token, and sends the request once more
//! with another one.
//!
//! Run it with `cargo run -p carto-auth-reqwest --example retry_after_401_async`. The sandbox stands for CARTO.
#![expect(clippy::print_stdout, reason = "an example")]

use carto_auth_reqwest::{CartoAuth, Endpoints, M2mCredentials, default_client};
use carto_auth_sandbox::{Endpoint, Sandbox};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let carto = Sandbox::start()?;
    let machine = M2mCredentials::from_json(carto.credentials_json().as_bytes(), "the sandbox")?;
    let auth = CartoAuth::m2m(machine)
        .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url())?)
        .without_cache()
        .connect()
        .await?;
    let url = auth.api_base_url().await?.join("v3/connections/carto-dw/token");

    carto.revoke_access_tokens();
    let reply = auth.send(default_client()?.get(url)).await?;
    println!("CARTO answers {}", reply.status());
    println!(
        "after {} requests with {} tokens",
        carto.count(Endpoint::Warehouse),
        carto.count(Endpoint::Token)
    );
    Ok(())
}

//! CARTO can end a token before its time, and says so by a 401: the token is rejected, and the request sent once more with
//! another one.
//!
//! Run it with `cargo run -p carto-auth-ureq --example retry_after_401`. The sandbox stands for CARTO.
#![expect(clippy::print_stdout, reason = "an example")]

use carto_auth_sandbox::{Endpoint, Sandbox};
use carto_auth_ureq::{AccessToken, CartoAuth, Endpoints, M2mCredentials, default_agent};
use ureq::Body;
use ureq::http::Response;

fn get(auth: &CartoAuth, url: &str) -> Result<Response<Body>, Box<dyn std::error::Error>> {
    let agent = default_agent();
    let ask = |token: &AccessToken| {
        let request = agent
            .get(url)
            .header("Authorization", token.authorization_header());
        request.call()
    };
    let token = auth.access_token()?;
    match ask(&token) {
        Err(ureq::Error::StatusCode(401)) => {
            auth.reject(&token);
            Ok(ask(&auth.access_token()?)?)
        }
        outcome => Ok(outcome?),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let carto = Sandbox::start()?;
    let machine = M2mCredentials::from_json(carto.credentials_json().as_bytes(), "the sandbox")?;
    let auth = CartoAuth::m2m(machine)
        .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url())?)
        .without_cache()
        .connect()?;
    let url = auth.api_base_url()?.join("v3/connections/carto-dw/token");

    carto.revoke_access_tokens();
    println!("CARTO answers {}", get(&auth, &url)?.status());
    println!(
        "after {} requests with {} tokens",
        carto.count(Endpoint::Warehouse),
        carto.count(Endpoint::Token)
    );
    Ok(())
}

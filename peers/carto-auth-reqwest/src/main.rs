//! carto-auth over `reqwest`, as its README has it, without a cache on disk: the others have none.

use std::path::Path;
use std::process::ExitCode;

use carto_auth_reqwest::{AccessToken, CartoAuth, Endpoints, M2mCredentials};
use peer::tasks::{Source, run};
use peer::{CLIENT_ID, CLIENT_SECRET, Result, trusted_by_the_system};

struct Ours(CartoAuth);

fn main() -> ExitCode {
    run(async |url: &str, ca: Option<&Path>| {
        trusted_by_the_system(ca)?;
        let machine = M2mCredentials::new(url, CLIENT_ID, CLIENT_SECRET)?;
        let endpoints = Endpoints::carto().with_auth_url(url)?;
        let auth = CartoAuth::m2m(machine).endpoints(endpoints).without_cache();
        Ok(Ours(auth.build()))
    })
}

impl Source for Ours {
    type Token = AccessToken;

    async fn token(&self) -> Result<AccessToken> {
        Ok(self.0.access_token().await?)
    }

    fn text(token: &AccessToken) -> &str {
        token.secret().expose()
    }
}

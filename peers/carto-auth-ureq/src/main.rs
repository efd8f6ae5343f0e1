//! carto-auth over `ureq`, as its README has it, without a cache on disk: the others have none.

use std::process::ExitCode;

use carto_auth_ureq::{AccessToken, CartoAuth, Endpoints, M2mCredentials};
use peer::threads::{Source, run};
use peer::{CLIENT_ID, CLIENT_SECRET, Result, trusted_by_the_system};

struct Ours(CartoAuth);

fn main() -> ExitCode {
    run(|url, ca| {
        trusted_by_the_system(ca)?;
        let machine = M2mCredentials::new(url, CLIENT_ID, CLIENT_SECRET)?;
        let endpoints = Endpoints::carto().with_auth_url(url)?;
        let auth = CartoAuth::m2m(machine).endpoints(endpoints).without_cache();
        Ok(Ours(auth.build()))
    })
}

impl Source for Ours {
    type Token = AccessToken;

    fn token(&self) -> Result<AccessToken> {
        Ok(self.0.access_token()?)
    }

    fn text(token: &AccessToken) -> &str {
        token.secret().expose()
    }
}

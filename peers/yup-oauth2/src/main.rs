//! `yup-oauth2`, with a service account: its grant for machines.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use peer::tasks::{Source, run};
use peer::{Result, trusted_by_the_system};
use yup_oauth2::authenticator::DefaultAuthenticator;
use yup_oauth2::{AccessToken, ServiceAccountAuthenticator, read_service_account_key};

const SCOPES: [&str; 1] = ["https://www.googleapis.com/auth/cloud-platform"];

struct Yup(DefaultAuthenticator);

fn main() -> ExitCode {
    run(async |url: &str, ca: Option<&Path>| {
        trusted_by_the_system(ca)?;
        let path = env::var_os("PEER_KEY")
            .ok_or("PEER_KEY names no service account's key; server keys FILE makes one")?;
        let mut key = read_service_account_key(path).await?;
        key.token_uri = format!("{url}/oauth/token");
        Ok(Yup(ServiceAccountAuthenticator::builder(key).build().await?))
    })
}

impl Source for Yup {
    type Token = AccessToken;

    async fn token(&self) -> Result<AccessToken> {
        Ok(self.0.token(&SCOPES).await?)
    }

    fn text(token: &AccessToken) -> &str {
        token.token().unwrap_or_default()
    }
}

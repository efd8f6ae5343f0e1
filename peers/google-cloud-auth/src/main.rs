//! `google-cloud-auth`, with a refresh token: a service account's key asks nobody, it signs its tokens itself.

use std::path::Path;
use std::process::ExitCode;

use google_cloud_auth::credentials::{AccessToken, AccessTokenCredentials, user_account};
use peer::tasks::{Source, run};
use peer::{CLIENT_ID, CLIENT_SECRET, Result, trusted_by_the_system};
use serde_json::json;

struct Google(AccessTokenCredentials);

fn main() -> ExitCode {
    run(async |url: &str, ca: Option<&Path>| {
        trusted_by_the_system(ca)?;
        let user = json!({
            "type": "authorized_user", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
            "refresh_token": "refresh-token-of-the-benchmarks",
        });
        let credentials = user_account::Builder::new(user).with_token_uri(format!("{url}/oauth/token"));
        Ok(Google(credentials.build_access_token_credentials()?))
    })
}

impl Source for Google {
    type Token = AccessToken;

    async fn token(&self) -> Result<AccessToken> {
        Ok(self.0.access_token().await?)
    }

    fn text(token: &AccessToken) -> &str {
        &token.token
    }
}

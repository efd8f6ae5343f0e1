//! `azure_identity`, with a client secret.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, Secret, TokenCredential as _};
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, Transport, new_http_client};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use peer::tasks::{Source, run};
use peer::{CLIENT_ID, CLIENT_SECRET, Result, trusted_by_the_system};

const SCOPES: [&str; 1] = ["https://management.azure.com/.default"];

struct Azure(Arc<ClientSecretCredential>);

fn main() -> ExitCode {
    run(async |url: &str, ca: Option<&Path>| {
        trusted_by_the_system(ca)?;
        let mut cloud = CustomConfiguration::default();
        let mut client = ClientOptions::default();
        // It takes no http; the transport below it does.
        if let Some(host) = url.strip_prefix("http:") {
            cloud.authority_host = format!("https:{host}");
            client.transport = Some(Transport::new(Arc::new(Plain(new_http_client(None)))));
        } else {
            cloud.authority_host = url.to_owned();
        }
        client.cloud = Some(Arc::new(CloudConfiguration::Custom(cloud)));
        let options = ClientSecretCredentialOptions {
            client_options: client,
        };
        Ok(Azure(ClientSecretCredential::new(
            "tenant",
            CLIENT_ID.into(),
            Secret::new(CLIENT_SECRET),
            Some(options),
        )?))
    })
}

impl Source for Azure {
    type Token = AccessToken;

    async fn token(&self) -> Result<AccessToken> {
        Ok(self.0.get_token(&SCOPES, None).await?)
    }

    fn text(token: &AccessToken) -> &str {
        token.token.secret()
    }
}

/// Its own transport, by http.
#[derive(Debug)]
struct Plain(Arc<dyn HttpClient>);

#[async_trait::async_trait]
impl HttpClient for Plain {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut request = request.clone();
        // From https to http there is nothing to refuse.
        let _ = request.url_mut().set_scheme("http");
        self.0.execute_request(&request).await
    }
}

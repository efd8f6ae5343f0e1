//! `oauth2` over `reqwest` 0.13, with ring.

use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, PoisonError};

use oauth2::basic::BasicClient;
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpClientError,
    HttpRequest, HttpResponse, TokenResponse as _, TokenUrl,
};
use peer::tasks::{Source, run};
use peer::{CLIENT_ID, CLIENT_SECRET, Kept, Result};
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Mutex;

struct Oauth2 {
    client: BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>,
    http: Http,
    kept: std::sync::Mutex<Kept>,
    fetching: Mutex<()>,
}

fn main() -> ExitCode {
    run(async |url: &str, ca: Option<&Path>| {
        let client = BasicClient::new(ClientId::new(CLIENT_ID.into()))
            .set_client_secret(ClientSecret::new(CLIENT_SECRET.into()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::new(format!("{url}/oauth/token"))?);
        Ok(Oauth2 {
            client,
            http: Http(http(ca)?),
            kept: std::sync::Mutex::default(),
            fetching: Mutex::default(),
        })
    })
}

/// A client that trusts this authority alone; by default it would read the system's, for http as well.
fn http(ca: Option<&Path>) -> Result<reqwest::Client> {
    let mut roots = RootCertStore::empty();
    if let Some(ca) = ca {
        roots.add(CertificateDer::from_pem_slice(&fs::read(ca)?)?)?;
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // As the documentation of oauth2 has it: no redirects.
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .build()?)
}

/// What oauth2 does for reqwest 0.12.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpClientError<reqwest::Error>;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request = request.try_into().map_err(Box::new)?;
            let reply = self.0.execute(request).await.map_err(Box::new)?;
            let (status, headers) = (reply.status(), reply.headers().clone());
            let mut response = HttpResponse::new(reply.bytes().await.map_err(Box::new)?.to_vec());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

impl Oauth2 {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Oauth2 {
    type Token = String;

    async fn token(&self) -> Result<String> {
        if let Some(token) = self.kept().good() {
            return Ok(token);
        }
        let _one_at_a_time = self.fetching.lock().await;
        if let Some(token) = self.kept().good() {
            return Ok(token);
        }
        let request = self
            .client
            .exchange_client_credentials()
            .add_extra_param("audience", "carto-cloud-native-api");
        let reply = request.request_async(&self.http).await?;
        Ok(self
            .kept()
            .keep(reply.access_token().secret(), reply.expires_in()))
    }

    fn text(token: &String) -> &str {
        token
    }
}

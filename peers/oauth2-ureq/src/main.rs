//! `oauth2` over `ureq` 3, with ring.

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::{fs, io};

use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    TokenResponse as _, TokenUrl,
};
use peer::threads::{Source, run};
use peer::{CLIENT_ID, CLIENT_SECRET, Kept, Result};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

struct Oauth2 {
    client: BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>,
    agent: Agent,
    kept: Mutex<Kept>,
}

fn main() -> ExitCode {
    run(|url, ca| {
        let client = BasicClient::new(ClientId::new(CLIENT_ID.into()))
            .set_client_secret(ClientSecret::new(CLIENT_SECRET.into()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::new(format!("{url}/oauth/token"))?);
        Ok(Oauth2 {
            client,
            agent: agent(ca)?,
            kept: Mutex::default(),
        })
    })
}

fn agent(ca: Option<&Path>) -> Result<Agent> {
    let roots = match ca {
        Some(ca) => vec![Certificate::from_pem(&fs::read(ca)?)?],
        None => Vec::new(),
    };
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(roots)));
    // As the documentation of oauth2 has it: no redirects.
    let config = Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .tls_config(tls.build());
    Ok(config.build().into())
}

impl Oauth2 {
    fn send(&self, request: HttpRequest) -> std::result::Result<HttpResponse, ureq::Error> {
        let (parts, mut body) = self.agent.run(request)?.into_parts();
        Ok(HttpResponse::from_parts(parts, body.read_to_vec()?))
    }
}

impl Source for Oauth2 {
    type Token = String;

    fn token(&self) -> Result<String> {
        let mut kept = self.kept.lock().map_err(|_| io::Error::other("poisoned"))?;
        if let Some(token) = kept.good() {
            return Ok(token);
        }
        let request = self
            .client
            .exchange_client_credentials()
            .add_extra_param("audience", "carto-cloud-native-api");
        let reply = request.request(&|request| self.send(request))?;
        Ok(kept.keep(reply.access_token().secret(), reply.expires_in()))
    }

    fn text(token: &String) -> &str {
        token
    }
}

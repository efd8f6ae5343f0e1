//! The login of a machine.

use std::path::Path;
use std::time::Duration;

use carto_auth_core::{Endpoints, Error, M2mCredentials};
use carto_auth_native::{FileStore, NoStore, SharedSession, TokenStore};
use reqwest::Client;

use crate::carto_auth::CartoAuth;
use crate::transport::Transport;

/// The options of a machine's login.
#[must_use = "a builder does nothing until `connect` or `build`"]
#[derive(Debug)]
pub struct M2mBuilder {
    credentials: M2mCredentials,
    endpoints: Endpoints,
    store: Option<Box<dyn TokenStore>>,
    carto_dw_lifetime: Option<Duration>,
    transport: Transport,
}

impl M2mBuilder {
    pub(crate) fn new(credentials: M2mCredentials) -> Self {
        Self {
            credentials,
            endpoints: Endpoints::carto(),
            store: None,
            carto_dw_lifetime: None,
            transport: Transport::new(),
        }
    }

    /// Keeps the token at a place of the caller's instead of `~/.carto-auth/token_m2m.json`. A leading `~/` is
    /// expanded; a missing folder is made.
    pub fn cache_file(self, path: impl AsRef<Path>) -> Self {
        self.store(FileStore::at(path))
    }

    /// Keeps the token in memory only, and touches no file.
    pub fn without_cache(self) -> Self {
        self.store(NoStore)
    }

    /// Keeps the token in a store of the caller's.
    pub fn store(mut self, store: impl TokenStore + 'static) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Keeps the credentials of the Data Warehouse for this long instead of 5 minutes, in memory; more than 55 minutes
    /// counts as that, and with zero they are not kept. CARTO does not say when their token ends; it lives for an hour at
    /// most.
    pub fn carto_dw_lifetime(mut self, lifetime: Duration) -> Self {
        self.carto_dw_lifetime = Some(lifetime);
        self
    }

    /// Uses other endpoints than CARTO's cloud.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Sends with the caller's client, with its TLS and proxy settings. It must be built with
    /// `redirect::Policy::none()`; see [`Transport::with_client`].
    pub fn client(mut self, client: Client) -> Self {
        self.transport = Transport::with_client(client);
        self
    }

    /// Makes the login without any I/O; the first [`CartoAuth::access_token`] does it.
    #[must_use]
    pub fn build(self) -> CartoAuth {
        let store = self
            .store
            .unwrap_or_else(|| FileStore::or_nothing(FileStore::machine_default()));
        let mut session = SharedSession::machine(self.credentials, self.endpoints.clone(), store);
        if let Some(lifetime) = self.carto_dw_lifetime {
            session = session.with_carto_dw_lifetime(lifetime);
        }
        CartoAuth::new(session, self.endpoints, None, self.transport)
    }

    /// Makes the login and gets a token, from the cache or from CARTO, so that what is wrong shows here.
    ///
    /// # Errors
    /// As [`CartoAuth::access_token`].
    pub async fn connect(self) -> Result<CartoAuth, Error> {
        let auth = self.build();
        auth.access_token().await?;
        Ok(auth)
    }
}

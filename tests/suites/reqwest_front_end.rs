//! The async front end, called as the blocking one is, so that one suite runs over both.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use carto_auth_reqwest as front;
use tokio::runtime::{Builder, Runtime};

pub(crate) use carto_auth_reqwest::{
    AccessToken, Cancelled, CartoDwCredentials, Endpoints, Error, ErrorKind, Freshness, Ignored,
    LoginInteraction, LoginOptions, LoginPrompt, M2mCredentials, Remedy, Secret, Timestamp, Way,
};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
});

#[derive(Clone)]
pub(crate) struct CartoAuth(front::CartoAuth);

impl CartoAuth {
    pub(crate) fn oauth() -> OauthBuilder {
        OauthBuilder(front::CartoAuth::oauth())
    }

    pub(crate) fn m2m(credentials: M2mCredentials) -> M2mBuilder {
        M2mBuilder(front::CartoAuth::m2m(credentials))
    }

    pub(crate) fn from_token_until(
        api_base_url: &str,
        token: Secret,
        end: impl Into<Timestamp>,
    ) -> Result<Self, Error> {
        front::CartoAuth::from_token_until(api_base_url, token, end).map(Self)
    }

    pub(crate) fn access_token(&self) -> Result<AccessToken, Error> {
        RUNTIME.block_on(self.0.access_token())
    }

    pub(crate) fn access_token_with(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        RUNTIME.block_on(self.0.access_token_with(freshness))
    }

    pub(crate) fn new_token(&self) -> Result<AccessToken, Error> {
        RUNTIME.block_on(self.0.new_token())
    }

    pub(crate) fn carto_dw_credentials(&self) -> Result<CartoDwCredentials, Error> {
        RUNTIME.block_on(self.0.carto_dw_credentials())
    }

    pub(crate) fn new_carto_dw_credentials(&self) -> Result<CartoDwCredentials, Error> {
        RUNTIME.block_on(self.0.new_carto_dw_credentials())
    }

    pub(crate) fn reject_carto_dw(&self, credentials: &CartoDwCredentials) -> bool {
        self.0.reject_carto_dw(credentials)
    }

    pub(crate) fn cached_token(&self) -> Option<AccessToken> {
        RUNTIME.block_on(self.0.cached_token())
    }

    pub(crate) fn login_reason(&self) -> Option<Error> {
        RUNTIME.block_on(self.0.login_reason()).unwrap()
    }

    pub(crate) fn last_token(&self) -> Option<AccessToken> {
        RUNTIME.block_on(self.0.last_token())
    }

    pub(crate) fn api_base_url(&self) -> Result<front::ApiBaseUrl, Error> {
        RUNTIME.block_on(self.0.api_base_url())
    }

    pub(crate) fn log_in(&self, options: &LoginOptions) -> Result<AccessToken, Error> {
        RUNTIME.block_on(self.0.log_in(options))
    }

    pub(crate) fn verify(&self, token: &AccessToken) -> Result<bool, Error> {
        RUNTIME.block_on(self.0.verify(token))
    }

    pub(crate) fn reject(&self, token: &AccessToken) -> bool {
        RUNTIME.block_on(self.0.reject(token))
    }

    pub(crate) fn log_out(&self) -> Result<Vec<PathBuf>, Error> {
        RUNTIME.block_on(self.0.log_out())
    }

    pub(crate) fn settle(&self, patience: Duration) {
        RUNTIME.block_on(self.0.settle(patience));
    }
}

pub(crate) struct OauthBuilder(front::OauthBuilder);

impl OauthBuilder {
    pub(crate) fn endpoints(self, endpoints: Endpoints) -> Self {
        Self(self.0.endpoints(endpoints))
    }

    pub(crate) fn cache_file(self, path: impl AsRef<Path>) -> Self {
        Self(self.0.cache_file(path))
    }

    pub(crate) fn without_cache(self) -> Self {
        Self(self.0.without_cache())
    }

    pub(crate) fn organization(self, organization: &str) -> Self {
        Self(self.0.organization(organization))
    }

    pub(crate) fn api_base_url(self, address: &str) -> Result<Self, Error> {
        self.0.api_base_url(address).map(Self)
    }

    pub(crate) fn scope(self, scope: &str) -> Self {
        Self(self.0.scope(scope))
    }

    pub(crate) fn with_callback(self) -> Self {
        Self(self.0.with_callback())
    }

    pub(crate) fn interaction(self, interaction: impl LoginInteraction + 'static) -> Self {
        Self(self.0.interaction(interaction))
    }

    pub(crate) fn timeout(self, timeout: Duration) -> Self {
        Self(self.0.timeout(timeout))
    }

    pub(crate) fn log_in_when_needed(self) -> Self {
        Self(self.0.log_in_when_needed())
    }

    pub(crate) fn build(self) -> CartoAuth {
        CartoAuth(self.0.build())
    }

    pub(crate) fn connect(self) -> Result<CartoAuth, Error> {
        RUNTIME.block_on(self.0.connect()).map(CartoAuth)
    }
}

pub(crate) struct M2mBuilder(front::M2mBuilder);

impl M2mBuilder {
    pub(crate) fn endpoints(self, endpoints: Endpoints) -> Self {
        Self(self.0.endpoints(endpoints))
    }

    pub(crate) fn cache_file(self, path: impl AsRef<Path>) -> Self {
        Self(self.0.cache_file(path))
    }

    pub(crate) fn without_cache(self) -> Self {
        Self(self.0.without_cache())
    }

    pub(crate) fn carto_dw_lifetime(self, lifetime: Duration) -> Self {
        Self(self.0.carto_dw_lifetime(lifetime))
    }

    pub(crate) fn store(self, store: impl front::TokenStore + 'static) -> Self {
        Self(self.0.store(store))
    }

    pub(crate) fn build(self) -> CartoAuth {
        CartoAuth(self.0.build())
    }

    pub(crate) fn connect(self) -> Result<CartoAuth, Error> {
        RUNTIME.block_on(self.0.connect()).map(CartoAuth)
    }
}

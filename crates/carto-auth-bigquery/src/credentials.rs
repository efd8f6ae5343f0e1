//! The warehouse's token, as Google's clients ask for it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use carto_auth_core::Error;
use carto_auth_reqwest::{CartoAuth, CartoDwCredentials};
use google_cloud_auth::credentials::{CacheableResource, Credentials, CredentialsProvider, EntityTag};
use google_cloud_auth::errors::CredentialsError;
use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap};

/// Credentials for Google's clients: the warehouse's token, asked for anew before it ends.
///
/// A client that is given these alone has no other token asked for when Google refuses one; [`carto_dw`](crate::carto_dw)
/// makes one that has. It needs a `CryptoProvider` of rustls, which the program installs.
#[must_use]
pub fn google_credentials(auth: &CartoAuth) -> Credentials {
    Warehouse::new(auth).into()
}

/// What the credentials and the retry policy of one client share.
#[derive(Clone)]
pub(crate) struct Warehouse(Arc<Inner>);

struct Inner {
    auth: CartoAuth,
    handed_out: Mutex<Option<HandedOut>>,
}

/// What was handed out last.
struct HandedOut {
    credentials: CartoDwCredentials,
    /// Since when, and as which of all tokens.
    since: Instant,
    number: u64,
    is_refused: bool,
}

impl Warehouse {
    pub(crate) fn new(auth: &CartoAuth) -> Self {
        Self(Arc::new(Inner {
            auth: auth.clone(),
            handed_out: Mutex::default(),
        }))
    }

    /// Which token was handed out last, counted, and since when.
    pub(crate) fn last(&self) -> Option<(u64, Instant)> {
        let last = self.handed_out();
        last.as_ref().map(|last| (last.number, last.since))
    }

    /// Notes that Google has refused a token, if it is still the last: the next attempt is made with another.
    pub(crate) fn refuse(&self, number: u64) {
        if let Some(last) = &mut *self.handed_out() {
            last.is_refused |= last.number == number;
        }
    }

    async fn token(&self) -> Result<CartoDwCredentials, Error> {
        let refused = self
            .handed_out()
            .as_ref()
            .filter(|last| last.is_refused)
            .map(|last| last.credentials.clone());
        if let Some(credentials) = refused {
            self.0.auth.reject_carto_dw(&credentials);
        }
        let credentials = self.0.auth.carto_dw_credentials().await?;
        let mut last = self.handed_out();
        match &mut *last {
            // CARTO may have no other than the one that was refused.
            Some(last) if last.credentials.token() == credentials.token() => last.is_refused = false,
            other => {
                let number = other.as_ref().map_or(0, |last| last.number + 1);
                *other = Some(HandedOut {
                    credentials: credentials.clone(),
                    since: Instant::now(),
                    number,
                    is_refused: false,
                });
            }
        }
        Ok(credentials)
    }

    fn handed_out(&self) -> MutexGuard<'_, Option<HandedOut>> {
        // What is guarded is whole after every change.
        self.0.handed_out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warehouse").finish_non_exhaustive()
    }
}

impl CredentialsProvider for Warehouse {
    /// Google's clients ask before every attempt and keep nothing: there is nothing that could be "not modified".
    async fn headers(&self, _: Extensions) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        // Never transient for Google's client: what can be tried again has been.
        let credentials = self.token().await;
        let credentials = credentials.map_err(|error| CredentialsError::from_source(false, error))?;
        Ok(CacheableResource::New {
            entity_tag: EntityTag::new(),
            data: HeaderMap::from_iter([(AUTHORIZATION, credentials.authorization_header())]),
        })
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}

//! A login that is finished later, by another process or another request of a web application.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::endpoints::Endpoints;
use crate::json::JsonProblem;
use crate::login::Login;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

#[derive(Serialize, Deserialize)]
struct Keys<'a> {
    version: u32,
    exported_at: i64,
    #[serde(borrow)]
    authorize_url: Cow<'a, str>,
    #[serde(borrow)]
    organization: Option<Cow<'a, str>>,
    #[serde(borrow)]
    redirect_uri: Cow<'a, str>,
    #[serde(borrow)]
    verifier: Cow<'a, str>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow)]
    client_id: Cow<'a, str>,
    #[serde(borrow)]
    token_url: Cow<'a, str>,
}

const VERSION: u32 = 1;

/// How long an exported login can be finished.
pub const PENDING_LOGIN_LIFE: Duration = Duration::from_secs(600);

impl Login {
    /// Writes the login down, as JSON. Whoever holds this can finish the login within ten minutes: keep it where only
    /// this person's session can read it, and use it once.
    ///
    /// ```
    /// use carto_auth_core::{Endpoints, Entropy, Login, LoginRequest, Redirect, Timestamp};
    ///
    /// let now = Timestamp::from_unix_seconds(1_790_000_000);
    /// let login = LoginRequest::new(Endpoints::carto(), Redirect::CodePage).start(Entropy::new([7; 64]));
    /// let kept = login.export(now);
    /// let later = Login::import(kept.expose().as_bytes(), Endpoints::carto(), now)?;
    /// assert_eq!(later.authorize_url(), login.authorize_url());
    /// # Ok::<(), carto_auth_core::PendingLoginError>(())
    /// ```
    #[must_use]
    pub fn export(&self, now: impl Into<Timestamp>) -> Secret {
        let keys = Keys {
            version: VERSION,
            exported_at: now.into().as_unix_seconds(),
            authorize_url: self.authorize_url().into(),
            organization: self.organization.as_ref().map(|id| id.as_str().into()),
            redirect_uri: self.redirect_uri.as_ref().into(),
            verifier: self.verifier.expose().into(),
            state: self.state.expose().into(),
            client_id: self.endpoints.client_id().into(),
            token_url: self.endpoints.token_url_text().into(),
        };
        Secret::new(serde_json::to_string(&keys).unwrap_or_default())
    }

    /// Takes a login up again that was written down with the same endpoints.
    ///
    /// # Errors
    /// When the bytes are no such login, it is older than ten minutes, or was started with another client or login
    /// service.
    pub fn import(
        bytes: &[u8],
        endpoints: Endpoints,
        now: impl Into<Timestamp>,
    ) -> Result<Self, PendingLoginError> {
        let keys: Keys<'_> = serde_json::from_slice(bytes)
            .map_err(|error| PendingLoginError::Malformed(JsonProblem::from(&error)))?;
        if keys.version != VERSION {
            return Err(PendingLoginError::Version);
        }
        let (exported_at, now) = (Timestamp::from_unix_seconds(keys.exported_at), now.into());
        // A clock that went back must not make it last longer.
        if now.since(exported_at) >= PENDING_LOGIN_LIFE || exported_at.since(now) >= PENDING_LOGIN_LIFE {
            return Err(PendingLoginError::TooOld);
        }
        if keys.client_id != endpoints.client_id() || keys.token_url != endpoints.token_url_text() {
            return Err(PendingLoginError::OtherEndpoints);
        }
        let organization = keys.organization.map(|id| id.parse()).transpose();
        Ok(Self {
            organization: organization.map_err(|_| PendingLoginError::OtherEndpoints)?,
            authorize_url: Secret::new(keys.authorize_url),
            redirect_uri: keys.redirect_uri.into_owned().into(),
            verifier: Secret::new(keys.verifier),
            state: Secret::new(keys.state),
            endpoints,
            tried: Vec::new(),
        })
    }
}

/// Why a login cannot be taken up again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PendingLoginError {
    /// It is not what [`Login::export`] writes.
    #[error("is no pending login ({0})")]
    Malformed(JsonProblem),
    /// It is of another version.
    #[error("is a pending login of another version of carto-auth")]
    Version,
    /// It was written down more than ten minutes ago, or in the future by this machine's clock.
    #[error("is a pending login that is older than 10 minutes, or from the future by this clock")]
    TooOld,
    /// It was started with another client or login service.
    #[error("is a pending login of another client or login service")]
    OtherEndpoints,
}

//! How a person's login is done.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use carto_auth_core::{ApiBaseUrl, Error, LoginRequest, OrganizationId};

use crate::asking::without_cache;
use crate::browser::browser_obstacle;
use crate::interaction::{LoginInteraction, Way};
use crate::store::StoreError;
use crate::terminal::Terminal;

/// The options of one login.
///
/// ```
/// use std::time::Duration;
/// use carto_auth_native::LoginOptions;
///
/// let options = LoginOptions::default().organization("acme").timeout(Duration::from_secs(60));
/// ```
#[derive(Clone)]
#[must_use = "options do nothing until a login takes them"]
pub struct LoginOptions {
    organization: Option<String>,
    api_base_url: Option<ApiBaseUrl>,
    scope: Option<String>,
    force: bool,
    must_be_kept: bool,
    way: Option<Way>,
    timeout: Duration,
    interaction: Arc<dyn LoginInteraction>,
}

const TIMEOUT: Duration = Duration::from_secs(300);

impl Default for LoginOptions {
    /// A browser where one makes sense, the terminal otherwise, and five minutes.
    fn default() -> Self {
        Self {
            organization: None,
            api_base_url: None,
            scope: None,
            force: false,
            must_be_kept: false,
            way: None,
            timeout: TIMEOUT,
            interaction: Arc::new(Terminal),
        }
    }
}

impl LoginOptions {
    /// Logs in to an organization with single sign-on, by its name or its id (`org_…`).
    pub fn organization(mut self, organization: impl Into<String>) -> Self {
        self.organization = Some(organization.into());
        self
    }

    /// Takes this as the base of the account's APIs, and does not ask CARTO for it.
    pub fn api_base_url(mut self, api_base_url: ApiBaseUrl) -> Self {
        self.api_base_url = Some(api_base_url);
        self
    }

    /// Asks for these scopes, separated by blanks; none by default. `offline_access` asks for a refresh token.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Lets the person log in even if the browser still is (`prompt=login`).
    pub fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// Fails where the store does not take the login, instead of warning of it: for a program whose logins are for others. The
    /// browser is told that it failed. In memory it is there all the same.
    pub fn must_be_kept(mut self) -> Self {
        self.must_be_kept = true;
        self
    }

    /// Decides how the answer comes, whatever this machine looks like.
    pub fn way(mut self, way: Way) -> Self {
        self.way = Some(way);
        self
    }

    /// How long the login waits, instead of five minutes; a day at most.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Meets the person elsewhere than at the terminal.
    pub fn interaction(mut self, interaction: impl LoginInteraction + 'static) -> Self {
        self.interaction = Arc::new(interaction);
        self
    }

    /// The organization to log in to, as it was given.
    #[must_use]
    pub fn organization_name(&self) -> Option<&str> {
        self.organization.as_deref()
    }

    /// The base of the account's APIs, if it was given.
    #[must_use]
    pub fn given_api_base_url(&self) -> Option<&ApiBaseUrl> {
        self.api_base_url.as_ref()
    }

    /// Puts the options into a request; an organization must have been looked up before.
    pub fn apply(&self, request: LoginRequest, organization: Option<OrganizationId>) -> LoginRequest {
        let mut request = request;
        if let Some(id) = organization {
            request = request.organization(id);
        }
        if let Some(scope) = &self.scope {
            request = request.scope(scope);
        }
        if self.force {
            request = request.force();
        }
        request
    }

    /// Says whether a login that the store has not taken is a failure.
    ///
    /// # Errors
    /// [`Error::Store`] if it [must be kept](Self::must_be_kept).
    pub fn accept(&self, kept: Result<bool, StoreError>) -> Result<(), Error> {
        match kept {
            Err(error) if self.must_be_kept => Err(error.into()),
            Ok(false) if self.must_be_kept => {
                let nothing = io::Error::new(ErrorKind::Unsupported, "it does not have it afterwards");
                Err(StoreError::new("the store takes no login", nothing).into())
            }
            kept => {
                without_cache(kept);
                Ok(())
            }
        }
    }

    pub(crate) fn chosen_way(&self) -> Way {
        self.way.unwrap_or_else(|| match browser_obstacle() {
            Some(reason) => Way::Paste(reason),
            None => Way::Browser,
        })
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn meets(&self) -> Arc<dyn LoginInteraction> {
        Arc::clone(&self.interaction)
    }
}

impl std::fmt::Debug for LoginOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginOptions")
            .field("organization", &self.organization)
            .field("api_base_url", &self.api_base_url)
            .field("scope", &self.scope)
            .field("force", &self.force)
            .field("way", &self.way)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

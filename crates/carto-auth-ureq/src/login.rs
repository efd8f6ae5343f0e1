//! What `CartoAuth` does for a person: log in, and find the account's APIs.

use carto_auth_core::{
    AccessToken, ApiBaseUrl, Authorized, Discovery, Error, Identity, LoginRequest, OrganizationLookup,
    Redirect,
};
use carto_auth_native::{BrowserLogin, LoginOptions, StoreError, jitter, now};

use crate::carto_auth::{CartoAuth, lock};
use crate::drive::drive;

/// The token of a new login, and what came of keeping it.
type LoggedIn = (AccessToken, Result<bool, StoreError>);

impl CartoAuth {
    /// Logs a person in anew, whatever is cached.
    ///
    /// # Errors
    /// When the person refuses or does not come, CARTO refuses or cannot be reached. If only the account could not
    /// be asked for its APIs, the login is kept.
    pub fn log_in(&self, options: &LoginOptions) -> Result<AccessToken, Error> {
        let request = self.login_request(options)?;
        let mut login = BrowserLogin::start(request, &self.0.endpoints, options)?;
        let granted = loop {
            let granted = login.wait().and_then(|authorized| self.exchange(authorized));
            match granted {
                Err(error) if login.goes_on(&error) => {}
                granted => break granted,
            }
        };
        let outcome = granted.and_then(|logged_in| self.complete(logged_in, options));
        login.finish(outcome.as_ref().map(drop));
        outcome
    }

    /// What a login asks for, for a program that shows the address and takes the answer itself. An organization is
    /// looked up for it: the one of the options, or else the one that this `CartoAuth` is for.
    ///
    /// # Errors
    /// [`Error::NotAPerson`] for a machine or a given token, [`Error::UnknownOrganization`], or when CARTO cannot be
    /// reached to ask.
    pub fn login_request(&self, options: &LoginOptions) -> Result<LoginRequest, Error> {
        let identity = self.person()?;
        let organization = match options.organization_name().or(identity.organization()) {
            Some(name) => {
                let step = OrganizationLookup::start(name, &self.0.endpoints, jitter(), now())?;
                Some(drive(self.agent(), step)?)
            }
            None => None,
        };
        let request = LoginRequest::new(self.0.endpoints.clone(), Redirect::Loopback);
        Ok(options.apply(request, organization))
    }

    fn person(&self) -> Result<&Identity, Error> {
        self.identity()
            .filter(|identity| identity.is_person())
            .ok_or(Error::NotAPerson)
    }

    /// Takes what a login came to: exchanges the code, keeps the token and looks the account's APIs up. The options
    /// are those that the login was asked for with.
    ///
    /// # Errors
    /// When CARTO refuses the code or cannot be reached. If only the account could not be asked, the token is kept.
    pub fn finish_login(&self, authorized: Authorized, options: &LoginOptions) -> Result<AccessToken, Error> {
        self.person()?;
        self.exchange(authorized)
            .and_then(|logged_in| self.complete(logged_in, options))
    }

    fn exchange(&self, authorized: Authorized) -> Result<LoggedIn, Error> {
        let grant = drive(self.agent(), authorized.exchange(jitter(), now()))?;
        Ok(self.0.session.log_in(grant))
    }

    /// Sees that a new login is kept, and finds its account's APIs.
    fn complete(&self, (token, kept): LoggedIn, options: &LoginOptions) -> Result<AccessToken, Error> {
        options.accept(kept)?;
        if let Some(given) = options.given_api_base_url() {
            self.0.session.learn_api_base_url(&token, given.clone());
        } else if self.0.session.api_base_url().is_none() {
            self.discover(&token)?;
        }
        Ok(token)
    }

    /// Where the account's APIs are. For a person it is looked up once, and then kept beside the token.
    ///
    /// # Errors
    /// For a person, as [`access_token`](Self::access_token), or when CARTO does not say. A login is not lost by
    /// that: the next call asks again.
    pub fn api_base_url(&self) -> Result<ApiBaseUrl, Error> {
        if let Some(known) = self.0.session.api_base_url() {
            return Ok(known);
        }
        let token = self.access_token()?;
        let _one_at_a_time = lock(&self.0.logging_in);
        if let Some(known) = self.0.session.api_base_url() {
            return Ok(known);
        }
        self.discover(&token)
    }

    /// Where the account's APIs are, if that is known without asking CARTO.
    #[must_use]
    pub fn known_api_base_url(&self) -> Option<ApiBaseUrl> {
        self.0.session.api_base_url()
    }

    /// Takes this as where the APIs of a token's account are, if it is still the current token.
    pub fn keep_api_base_url(&self, token: &AccessToken, api_base_url: ApiBaseUrl) {
        self.0.session.learn_api_base_url(token, api_base_url);
    }

    pub(crate) fn discover(&self, token: &AccessToken) -> Result<ApiBaseUrl, Error> {
        let step = Discovery::start(token, self.0.endpoints.clone(), jitter(), now());
        let found = drive(self.agent(), step).inspect_err(|error| {
            if matches!(error, Error::SessionEnded(_)) {
                self.0.session.reject(token);
            }
        })?;
        self.0.session.learn_api_base_url(token, found.clone());
        Ok(found)
    }
}

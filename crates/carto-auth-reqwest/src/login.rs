//! What `CartoAuth` does for a person: log in, and find the account's APIs.

use carto_auth_core::{
    AccessToken, ApiBaseUrl, Authorized, Discovery, Error, Identity, LoginRequest, OrganizationLookup,
    Redirect,
};
use carto_auth_native::{BrowserLogin, LoginOptions, StoreError, jitter, now};

use crate::carto_auth::{CartoAuth, off_the_runtime};
use crate::drive::drive;

/// The token of a new login, and what came of keeping it.
type LoggedIn = (AccessToken, Result<bool, StoreError>);

impl CartoAuth {
    /// Logs a person in anew, whatever is cached. Dropping the future ends the login and frees the port.
    ///
    /// # Errors
    /// When the person refuses or does not come, CARTO refuses or cannot be reached. If only the account could not
    /// be asked for its APIs, the login is kept.
    pub async fn log_in(&self, options: &LoginOptions) -> Result<AccessToken, Error> {
        let request = self.login_request(options).await?;
        let (endpoints, chosen) = (self.0.endpoints.clone(), options.clone());
        let mut login = off_the_runtime(move || BrowserLogin::start(request, &endpoints, &chosen)).await??;
        let granted = loop {
            let (stopper, mut waiting) = (login.stopper(), login);
            let answer;
            (login, answer) = off_the_runtime(move || {
                let answer = waiting.wait();
                (waiting, answer)
            })
            .await?;
            stopper.defuse();
            let granted = match answer {
                Ok(authorized) => self.exchange(authorized).await,
                Err(error) => Err(error),
            };
            match granted {
                Err(error) if login.goes_on(&error) => {}
                granted => break granted,
            }
        };
        let outcome = match granted {
            Ok(logged_in) => self.complete(logged_in, options).await,
            Err(error) => Err(error),
        };
        let told = outcome.clone();
        off_the_runtime(move || login.finish(told.as_ref().map(drop))).await?;
        outcome
    }

    /// What a login asks for, for a program that shows the address and takes the answer itself. An organization is
    /// looked up for it: the one of the options, or else the one that this `CartoAuth` is for.
    ///
    /// # Errors
    /// [`Error::NotAPerson`] for a machine or a given token, [`Error::UnknownOrganization`], or when CARTO cannot be
    /// reached to ask.
    pub async fn login_request(&self, options: &LoginOptions) -> Result<LoginRequest, Error> {
        let identity = self.person()?;
        let organization = match options.organization_name().or(identity.organization()) {
            Some(name) => {
                let step = OrganizationLookup::start(name, &self.0.endpoints, jitter(), now())?;
                Some(drive(&self.0.transport, step).await?)
            }
            None => None,
        };
        let request = LoginRequest::new(self.0.endpoints.clone(), Redirect::Loopback);
        Ok(options.apply(request, organization))
    }

    fn person(&self) -> Result<&Identity, Error> {
        let identity = self.identity().filter(|identity| identity.is_person());
        identity.ok_or(Error::NotAPerson)
    }

    /// Takes what a login came to: exchanges the code, keeps the token and looks the account's APIs up. The options
    /// are those that the login was asked for with.
    ///
    /// # Errors
    /// When CARTO refuses the code or cannot be reached. If only the account could not be asked, the token is kept.
    pub async fn finish_login(
        &self,
        authorized: Authorized,
        options: &LoginOptions,
    ) -> Result<AccessToken, Error> {
        self.person()?;
        let logged_in = self.exchange(authorized).await?;
        self.complete(logged_in, options).await
    }

    async fn exchange(&self, authorized: Authorized) -> Result<LoggedIn, Error> {
        let grant = drive(&self.0.transport, authorized.exchange(jitter(), now())).await?;
        self.with_session(move |session| session.log_in(grant)).await
    }

    /// Sees that a new login is kept, and finds its account's APIs.
    async fn complete(&self, (token, kept): LoggedIn, options: &LoginOptions) -> Result<AccessToken, Error> {
        options.accept(kept)?;
        if let Some(given) = options.given_api_base_url() {
            self.keep_api_base_url(&token, given.clone()).await?;
        } else if self.known_api_base_url().await.is_none() {
            self.discover(&token).await?;
        }
        Ok(token)
    }

    /// Where the account's APIs are. For a person it is looked up once, and then kept beside the token.
    ///
    /// # Errors
    /// For a person, as [`access_token`](Self::access_token), or when CARTO does not say. A login is not lost by
    /// that: the next call asks again.
    pub async fn api_base_url(&self) -> Result<ApiBaseUrl, Error> {
        if let Some(known) = self.known_api_base_url().await {
            return Ok(known);
        }
        let token = self.access_token().await?;
        let _one_at_a_time = self.0.logging_in.lock().await;
        match self.known_api_base_url().await {
            Some(known) => Ok(known),
            None => self.discover(&token).await,
        }
    }

    /// Where the account's APIs are, if that is known without asking CARTO.
    pub async fn known_api_base_url(&self) -> Option<ApiBaseUrl> {
        self.with_session(|session| session.api_base_url()).await.ok()?
    }

    /// Takes this as where the APIs of a token's account are, if it is still the current token.
    ///
    /// # Errors
    /// When the runtime is shutting down.
    pub async fn keep_api_base_url(
        &self,
        token: &AccessToken,
        api_base_url: ApiBaseUrl,
    ) -> Result<(), Error> {
        let token = token.clone();
        self.with_session(move |session| session.learn_api_base_url(&token, api_base_url))
            .await
    }

    pub(crate) async fn discover(&self, token: &AccessToken) -> Result<ApiBaseUrl, Error> {
        let step = Discovery::start(token, self.0.endpoints.clone(), jitter(), now());
        match drive(&self.0.transport, step).await {
            Ok(found) => {
                self.keep_api_base_url(token, found.clone()).await?;
                Ok(found)
            }
            Err(error) => {
                if matches!(error, Error::SessionEnded(_)) {
                    self.reject(token).await;
                }
                Err(error)
            }
        }
    }
}

//! What `CartoAuth` does for the Data Warehouse: get its credentials.

use std::time::Duration;

use carto_auth_core::{AccessToken, CartoDwCredentials, CartoDwRequest, Error, Freshness};
use carto_auth_native::{AskingCartoDw, Landed, NextCartoDw, jitter, now};
use tokio::task;
use tokio::time::timeout;

use crate::carto_auth::CartoAuth;
use crate::drive::drive;

/// How long somebody waits for credentials that another task asks for: two flows, a renewal between them, and a little
/// more.
const FOLLOWERS_PATIENCE: Duration = Duration::from_secs(300);

impl CartoAuth {
    /// The credentials of the CARTO Data Warehouse: a Google project and a token for BigQuery. They are kept in memory
    /// only, for 5 minutes or what the builder says: CARTO does not tell when the token ends, and it may be part through
    /// its hour.
    ///
    /// An access token that CARTO no longer takes is rejected, and another one tried, once. If that is not taken either,
    /// it stays for a few minutes: a machine's tokens are counted.
    ///
    /// ```no_run
    /// # async fn run(auth: carto_auth_reqwest::CartoAuth) -> Result<(), Box<dyn std::error::Error>> {
    /// let warehouse = auth.carto_dw_credentials().await?;
    /// let project = warehouse.project_id();
    /// let url = format!("https://bigquery.googleapis.com/bigquery/v2/projects/{project}/datasets");
    /// let request = carto_auth_reqwest::default_client()?.get(url).header("Authorization", warehouse.authorization_header());
    /// let reply = request.send().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token); [`Error::NoWarehouseAccess`] and [`Error::NoWarehouse`] where there are
    /// none for this account, and when CARTO refuses or cannot be reached.
    pub async fn carto_dw_credentials(&self) -> Result<CartoDwCredentials, Error> {
        self.carto_dw(Freshness::default()).await
    }

    /// Credentials that are newer than this call, for when the kept ones are not wanted.
    ///
    /// # Errors
    /// As [`carto_dw_credentials`](Self::carto_dw_credentials).
    pub async fn new_carto_dw_credentials(&self) -> Result<CartoDwCredentials, Error> {
        self.carto_dw(Freshness::newer_than(now())).await
    }

    /// Forgets credentials that an API of Google's refused, if they are still the ones that are kept. Says whether they
    /// were; in either case the next ones are others, unless CARTO hands the same token out again. It does not wait.
    #[expect(
        clippy::must_use_candidate,
        reason = "most callers ask for the next ones in either case"
    )]
    pub fn reject_carto_dw(&self, credentials: &CartoDwCredentials) -> bool {
        self.0.session.reject_carto_dw(credentials)
    }

    async fn carto_dw(&self, freshness: Freshness) -> Result<CartoDwCredentials, Error> {
        loop {
            let token = self.access_token().await?;
            // Who asks waits as the others do: a caller that is dropped takes nothing from them.
            let (follower, is_ours) = match self.0.session.carto_dw(&token, freshness) {
                NextCartoDw::Credentials(credentials) => return Ok(credentials),
                NextCartoDw::Ask(asking) => {
                    let follower = asking.follower();
                    self.ask_for_carto_dw_behind(asking);
                    (follower, true)
                }
                NextCartoDw::Wait(follower) => (follower, false),
            };
            let landed = timeout(FOLLOWERS_PATIENCE, follower)
                .await
                .map_err(|_| Error::Busy)?;
            match landed {
                Landed::Outcome(outcome) if is_ours => return outcome,
                // To try again would end in the same way.
                Landed::Unknown if is_ours => {
                    return Err(Error::Client(
                        "the question for the Data Warehouse has ended without an answer".to_owned(),
                    ));
                }
                landed => {
                    if let Some(outcome) = self.0.session.carto_dw_outcome(landed, freshness) {
                        return outcome;
                    }
                }
            }
        }
    }

    /// Asks in a task of its own.
    fn ask_for_carto_dw_behind(&self, asking: AskingCartoDw) {
        let auth = self.clone();
        task::spawn(async move {
            let outcome = auth.ask_for_carto_dw(&asking).await;
            drop(asking.finish(outcome));
        });
    }

    /// Asks with the present access token, and with another one if it is not taken.
    async fn ask_for_carto_dw(&self, asking: &AskingCartoDw) -> Result<CartoDwCredentials, Error> {
        match self.request_carto_dw(asking.token()).await {
            Err(refused) if asking.wants_another_token(&refused) => {
                self.reject(asking.token()).await;
                match self.token_without_login(Freshness::default()).await {
                    Ok(another) => self.request_carto_dw(&another).await,
                    Err(error) => Err(AskingCartoDw::failure(refused, error)),
                }
            }
            outcome => outcome,
        }
    }

    async fn request_carto_dw(&self, token: &AccessToken) -> Result<CartoDwCredentials, Error> {
        let base = match self.0.session.api_base_url_of(token) {
            Some(known) => known,
            None => self.discover(token).await?,
        };
        let step = CartoDwRequest::start(&base, token, jitter(), now())?;
        drive(&self.0.transport, step).await
    }
}

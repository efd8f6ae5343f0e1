//! Making the client.

use carto_auth_core::{ApiBaseUrl, Error};
use carto_auth_reqwest::CartoAuth;
use google_cloud_bigquery::client::BigQuery;
use rustls::crypto::{CryptoProvider, ring};

use crate::credentials::Warehouse;
use crate::renewal::Renewal;

/// A BigQuery client for the warehouse of a login, of the warehouse's project.
///
/// # Errors
/// As [`CartoDw::connect`].
pub async fn carto_dw_client(auth: &CartoAuth) -> Result<BigQuery, Error> {
    carto_dw(auth).connect().await
}

/// Prepares a BigQuery client for the warehouse of a login.
pub fn carto_dw(auth: &CartoAuth) -> CartoDw {
    CartoDw {
        auth: auth.clone(),
        endpoint: None,
    }
}

/// A BigQuery client in the making.
#[must_use = "it makes the client when it connects"]
#[derive(Clone, Debug)]
pub struct CartoDw {
    auth: CartoAuth,
    endpoint: Option<String>,
}

impl CartoDw {
    /// Another place than `https://bigquery.googleapis.com`, such as a private endpoint or an emulator.
    ///
    /// # Errors
    /// [`Error::Address`] when it is neither https nor on loopback: it is sent the warehouse's token.
    pub fn endpoint(mut self, endpoint: &str) -> Result<Self, Error> {
        let checked: ApiBaseUrl = endpoint.parse().map_err(|problem| Error::Address {
            setting: "endpoint",
            problem,
        })?;
        self.endpoint = Some(checked.as_str().to_owned());
        Ok(self)
    }

    /// Asks CARTO for the project of the warehouse, and makes the client. It renews its token as long as it lives.
    ///
    /// # Errors
    /// Those of [`CartoAuth::carto_dw_credentials`], and [`Error::Client`] when the client cannot be made.
    pub async fn connect(self) -> Result<BigQuery, Error> {
        if CryptoProvider::get_default().is_none() {
            // Another thread may have installed one in the meantime, which is as good.
            let _ = ring::default_provider().install_default();
        }
        let project = self.auth.carto_dw_credentials().await?;
        let warehouse = Warehouse::new(&self.auth);
        let renewal = Renewal::new(warehouse.clone());
        let client = BigQuery::builder()
            .with_project_id(project.project_id())
            .with_credentials(warehouse)
            .with_retry_policy(renewal.clone())
            .with_backoff_policy(renewal);
        let client = match self.endpoint {
            Some(endpoint) => client.with_endpoint(endpoint),
            None => client,
        };
        let client = client.build().await;
        client.map_err(|error| Error::Client(format!("the BigQuery client cannot be made: {error}")))
    }
}

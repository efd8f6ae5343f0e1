//! A BigQuery client for the CARTO Data Warehouse whose token renews itself.
//!
//! CARTO hands out a token of Google's for the warehouse, which lives for about an hour. The client made here asks
//! `carto-auth` for another before that, and again when BigQuery refuses one.
//!
//! ```
//! use carto_auth_bigquery::carto_dw;
//! use carto_auth_reqwest::{CartoAuth, Endpoints, M2mCredentials};
//! use carto_auth_sandbox::Sandbox;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let carto = Sandbox::start()?; // or CartoAuth::from_oauth(), and carto_dw_client(&auth)
//! let machine = M2mCredentials::new(&carto.api_base_url(), carto.client_id(), carto.client_secret())?;
//! let auth = CartoAuth::m2m(machine)
//!     .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url())?)
//!     .without_cache()
//!     .build();
//! let client = carto_dw(&auth).endpoint(&carto.bigquery_url())?.connect().await?;
//! let mut rows = client.query("SELECT 42 AS answer").until_done().await?.read();
//! let answer: i64 = rows.next().await.unwrap()?.get("answer")?;
//! assert_eq!(answer, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # In scope
//! [`carto_dw_client`] and [`carto_dw`]: a client of Google's crate [`bigquery`]; [`google_credentials`] for other clients
//! of Google's that take the warehouse's token.
//!
//! # Deliberately absent
//! Queries, rows and types: they are Google's. CARTO's SQL API, which needs no token of Google's.
//!
//! # Limits
//! Google's client takes TLS from rustls' process-wide `CryptoProvider` and panics without one. Where the program has
//! installed none, [`CartoDw::connect`] installs ring's: a program with another one installs it before. A query with a
//! retry policy of its own has no other token asked for after a 401. Google's client follows redirects, as ours never do.
//!
//! It also names the warehouse's project as the one to be charged (`x-goog-user-project`) with every request, which cannot
//! be turned off. Google may want the permission `serviceusage.services.use` on the project for that; whether CARTO's
//! tokens have it, only a live account can show.

mod credentials;
mod client;
mod renewal;

pub use client::{CartoDw, carto_dw, carto_dw_client};
pub use credentials::google_credentials;

/// Google's crate, so that one dependency line is enough.
pub use google_cloud_bigquery as bigquery;

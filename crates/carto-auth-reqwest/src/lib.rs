//! Authentication for CARTO with the async HTTP client `reqwest`.
//!
//! The async `CartoAuth` is not here yet. What is here carries out single conversations with CARTO, such as a
//! token request:
//!
//! ```
//! use std::time::SystemTime;
//!
//! use carto_auth_reqwest::{Endpoints, Error, Jitter, M2mCredentials, TokenRequest, Transport, drive};
//!
//! async fn token(machine: &M2mCredentials, at: &Endpoints) -> Result<String, Error> {
//!     let step = TokenRequest::client_credentials(machine, at, Jitter::new(7), SystemTime::now());
//!     let grant = drive(&Transport::new(), step).await?;
//!     Ok(grant.access_token.expose().to_owned())
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! let carto = carto_auth_sandbox::Sandbox::builder().client("id", "s3cr3t").start()?;
//! let machine = M2mCredentials::new("https://gcp-us-east1.api.carto.com", "id", "s3cr3t")?;
//! let at = Endpoints::carto().with_auth_url(&carto.auth_url())?;
//! let token = runtime.block_on(token(&machine, &at))?;
//! # assert_eq!(token.split('.').count(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # In scope
//! [`drive()`] for flows of the core, and the [`Transport`] it sends with. Both need a tokio runtime with its I/O
//! and time drivers.
//!
//! # Deliberately absent
//! The cache, renewal in time and everything else that an async `CartoAuth` will do. Decisions: what to send and
//! what to retry is decided in `carto-auth-core`. Blocking (`carto-auth-ureq`).
//!
//! # TLS and proxies
//! rustls with the platform's trust: a company CA in the system's store counts, and so do `SSL_CERT_FILE` and
//! `SSL_CERT_DIR`. Proxies are taken from `HTTPS_PROXY` and `ALL_PROXY`, or from the settings of macOS and
//! Windows, exceptions from `NO_PROXY`; requests to loopback never go through one. Redirects are never followed.
//! [`Transport::with_client`] is for everything else.

mod transport;
mod drive;

pub use drive::drive;
pub use transport::Transport;

pub use carto_auth_core::{
    AccessToken, AddressProblem, CredentialsError, CredentialsProblem, Endpoints, Error, ErrorKind, Flow,
    Jitter, M2mCredentials, Refusal, Remedy, Secret, Step, Timestamp, TokenGrant, TokenRequest,
};

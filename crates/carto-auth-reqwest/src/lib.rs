//! Authentication for CARTO with the async HTTP client `reqwest`.
//!
//! A machine's credentials go in, or a person logs in with the browser; a token comes out, is cached on disk beside
//! the Python package's and renewed in time.
//!
//! ```no_run
//! use carto_auth_reqwest::CartoAuth;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let auth = CartoAuth::from_m2m("carto_credentials.json").await?;
//! let url = auth.api_base_url().await?.join("v3/sql/carto_dw/query?q=select%201");
//! let reply = auth.send(carto_auth_reqwest::default_client()?.get(url)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # In scope
//! [`CartoAuth`], the same as the blocking one of `carto-auth-ureq` with `.await` added; [`drive()`] for flows of the
//! core, and the [`Transport`] it sends with. They need a tokio runtime with its I/O and time drivers, of whatever
//! kind; files are touched on the runtime's threads for blocking work. Renewals run in tasks of their own: a
//! current-thread runtime that is not driven in the middle of one holds the token file's lock meanwhile.
//!
//! # Deliberately absent
//! Decisions: what to send, what to retry and when a token is good is decided in `carto-auth-core`. Blocking
//! (`carto-auth-ureq`).
//!
//! # Examples
//! `machine_token_async` and `retry_after_401_async`, in the folder `examples`. Each starts the
//! sandbox in CARTO's place: `cargo run --example machine_token_async` needs no account.
//!
//! # TLS and proxies
//! rustls with the platform's trust: a company CA in the system's store counts. On Linux and other Unix, but not on macOS,
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` take the place of that store.
//!
//! Proxies are taken from `HTTPS_PROXY` and `ALL_PROXY`, or from the settings of macOS and Windows, exceptions from
//! `NO_PROXY` ([`is_exempt_from_proxies`](carto_auth_native::is_exempt_from_proxies)); requests to loopback never go through
//! one. Redirects are never followed. [`Transport::with_client`] is for everything else.
//!
//! # Features
//! - `rustls` (default): TLS by rustls, with the `CryptoProvider` that the program has installed, or with ring.
//! - `rustls-no-provider`: the same without ring; the program must install a provider, for http, too.
//! - neither: http alone, which reaches loopback. Bring a client with another TLS.

mod tls;
mod redirects;
mod transport;
mod drive;
mod carto_auth;
mod renewal;
mod login;
mod authorize;
mod carto_dw;
mod m2m;
mod oauth;

pub use authorize::SendError;
pub use carto_auth::CartoAuth;
pub use drive::drive;
pub use m2m::M2mBuilder;
pub use oauth::OauthBuilder;
pub use transport::{Transport, default_client};

pub use carto_auth_core::{
    AccessToken, AddressProblem, ApiBaseUrl, Authorized, Callback, CartoDwCredentials, Claims,
    CredentialsError, CredentialsProblem, Denial, Endpoints, Error, ErrorKind, Flow, Freshness, Identity,
    Ignored, Jitter, Login, LoginRequest, M2mCredentials, Redirect, Refusal, Remedy, Secret, Step, Timestamp,
    TokenGrant, TokenRecord, TokenRequest,
};
pub use carto_auth_native::{
    Cancelled, FileStore, Forget, Hold, LockedTokens, LoginInteraction, LoginOptions, LoginPrompt,
    MemoryStore, NoStore, Obstacle, StoreError, Terminal, TokenStore, Way, credentials, entropy,
};

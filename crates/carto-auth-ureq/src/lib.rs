//! Authentication for CARTO with the blocking HTTP client `ureq`.
//!
//! A machine's credentials go in, or a person logs in with the browser; a token comes out, is cached on disk beside
//! the Python package's and renewed in time.
//!
//! ```no_run
//! use carto_auth_ureq::{CartoAuth, default_agent};
//!
//! let auth = CartoAuth::from_m2m("carto_credentials.json")?;
//! let url = auth.api_base_url()?.join("v3/sql/carto_dw/query?q=select%201");
//! let token = auth.access_token()?;
//! let reply = default_agent().get(url).header("Authorization", token.authorization_header()).call();
//! # Ok::<(), carto_auth_ureq::Error>(())
//! ```
//!
//! # In scope
//! [`CartoAuth`], and [`drive()`] for flows of the core.
//!
//! # Deliberately absent
//! Decisions: what to send, what to retry and when a token is good is decided in `carto-auth-core`. Async.
//!
//! # Examples
//! `machine_token`, `browser_login`, `gui_login`, `web_application`, `retry_after_401`, `warehouse_query`, `own_store` and
//! `tested_application`, in the folder `examples`. Each starts the
//! sandbox in CARTO's place: `cargo run --example machine_token` needs no account.
//!
//! # TLS and proxies
//! rustls with the platform's trust: a company CA in the system's store counts. On Linux and other Unix, but not on macOS,
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` take the place of that store. [`default_agent`] has the same trust for requests of the
//! program's own; `ureq::get` trusts the authorities that ureq has built in.
//!
//! Proxies are taken from `ALL_PROXY`, `HTTPS_PROXY` and `HTTP_PROXY`, exceptions from `NO_PROXY`
//! ([`is_exempt_from_proxies`](carto_auth_native::is_exempt_from_proxies)); requests to loopback never go through one.
//! Redirects are never followed.
//!
//! # Logs
//! Through the crate `log`, without secrets. But ureq's own `ureq_proto` logs at trace every byte that it sends and receives:
//! a logger that shows that level of all crates must leave this one out.
//!
//! # Features
//! - `rustls` (default): TLS by rustls, with the `CryptoProvider` that the program has installed, or with ring.
//! - `rustls-no-provider`: the same without ring; the program must install a provider.
//! - neither: http alone, which reaches loopback. Bring an agent with another TLS.

mod agent;
mod via;
mod drive;
mod carto_auth;
mod renewal;
mod login;
mod authorize;
mod carto_dw;
mod m2m;
mod oauth;

pub use agent::default_agent;
pub use carto_auth::CartoAuth;
pub use drive::drive;
pub use m2m::M2mBuilder;
pub use oauth::OauthBuilder;
pub use via::Via;

pub use carto_auth_core::{
    AccessToken, AddressProblem, ApiBaseUrl, Authorized, Callback, CartoDwCredentials, Claims,
    CredentialsError, CredentialsProblem, Denial, Endpoints, Error, ErrorKind, Freshness, Identity, Ignored,
    Login, LoginRequest, M2mCredentials, Redirect, Refusal, Remedy, Secret, Timestamp, TokenRecord,
};
pub use carto_auth_native::{
    Cancelled, FileStore, Forget, Hold, LockedTokens, LoginInteraction, LoginOptions, LoginPrompt,
    MemoryStore, NoStore, Obstacle, StoreError, Terminal, TokenStore, Way, credentials, entropy,
};

//! A CARTO on loopback: a real HTTP server that behaves like CARTO's login services, for demos, examples and
//! tests, ours and yours. No account and no network are needed.
//!
//! # Testing your application
//! Start a sandbox, point your application at it, and look at what it asked for. The sandbox takes a free port,
//! stops when it is dropped, and can be told to fail:
//!
//! ```
//! use carto_auth_sandbox::{Endpoint, Fault, Sandbox};
//!
//! let carto = Sandbox::start()?;
//! // Your application reads its settings from the environment, or from a credentials file:
//! let settings = carto.environment();
//! assert!(settings.iter().any(|(name, _)| *name == "CARTO_AUTH_URL"));
//! let file = carto.credentials_json();
//! assert!(file.contains("client_secret"));
//!
//! // CARTO asks the next token request to slow down; the one after it succeeds.
//! carto.fail_next(Endpoint::Token, Fault::status(429).with_header("retry-after", "1"));
//!
//! // … your application runs …
//!
//! assert_eq!(carto.count(Endpoint::Token), 0, "nothing has asked yet");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Logging a person in
//! People log in with a browser. A test has none: [`UserAgent`] follows the redirects, fills in the form and presses
//! the button, as the [`Person`] you choose would.
//!
//! ```
//! use carto_auth_sandbox::{Person, Sandbox};
//!
//! let carto = Sandbox::start()?;
//! # let authorize_url = format!(
//! #     "{}/authorize?response_type=code&client_id={}&redirect_uri=http://localhost:10000/callback/&state=s\
//! #      &audience=carto-cloud-native-api&code_challenge_method=S256\
//! #      &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
//! #     carto.auth_url(),
//! #     Sandbox::PUBLIC_CLIENT_ID,
//! # );
//! // Your application makes the address that it would open in a browser, and waits for the callback.
//! let callback = carto.log_in_at(&authorize_url, Person::Accepts)?;
//! assert!(callback.starts_with("http://localhost:10000/callback/?code="));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Querying the Data Warehouse
//! The token that CARTO gives for its Data Warehouse ends after an hour, and nothing in the reply says so. The sandbox
//! also plays the BigQuery that takes the token, so that a test can see whether a client asks for the next one:
//!
//! ```
//! use carto_auth_sandbox::{Endpoint, Sandbox, WarehouseAccess};
//!
//! let carto = Sandbox::start()?;
//! // Your BigQuery client takes this as its endpoint. It can `SELECT 42 AS answer, 'text'`, and nothing but literals.
//! let endpoint = carto.bigquery_url();
//! assert!(endpoint.starts_with("http://127.0.0.1:"));
//!
//! // The hour is over: BigQuery answers 401 until the client has asked CARTO again.
//! carto.end_warehouse_tokens();
//! // From here on CARTO has no warehouse for this account.
//! carto.warehouse_access(WarehouseAccess::NotGranted);
//!
//! // … your application runs …
//!
//! assert_eq!(carto.count(Endpoint::BigQuery), 0, "nothing has asked yet");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # In scope
//! - The login of a person: the authorization endpoint with PKCE, login and consent pages, single sign-on,
//!   organizations, denials, and the app's pages on which a login ends.
//! - The token endpoint (client credentials, authorization codes, rotating refresh tokens) with RS256-signed tokens
//!   that carry CARTO's claims, revocation, and the key set.
//! - The accounts service, the tenant's `config.yaml`, and the Data Warehouse token.
//! - BigQuery's REST API, as far as a client needs it to run `SELECT` with literals, with BigQuery's errors.
//! - Faults for each of them.
//!
//! # Deliberately absent
//! TLS (loopback needs none), ID tokens, more than one person, plain PKCE (CARTO has no use for it), tables and every
//! other part of SQL, BigQuery's gRPC services, and security: the signing key is public, so nothing but a test may trust
//! these tokens.

mod endpoint;
mod fault;
mod request;
mod reply;
mod unguessable;
mod jwt;
mod connection;
mod http_date;
mod answer;
mod authorize;
mod page;
mod login;
mod codes;
mod refresh_tokens;
mod person;
mod tokens;
mod grant;
mod tenant;
mod warehouse;
mod bigquery;
mod bigquery_error;
mod select;
mod sandbox;
mod loopback_http;
mod user_agent;

pub use endpoint::Endpoint;
pub use fault::Fault;
pub use request::RecordedRequest;
pub use sandbox::{Builder, Sandbox};
pub use tokens::TokenFormat;
pub use user_agent::{Person, UserAgent, Visited};
pub use warehouse::WarehouseAccess;

/// The audience that CARTO's APIs insist on.
const AUDIENCE: &str = "carto-cloud-native-api";

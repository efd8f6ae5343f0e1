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
//! # In scope
//! - The login of a person: the authorization endpoint with PKCE, login and consent pages, single sign-on,
//!   organizations, denials, and the app's pages on which a login ends.
//! - The token endpoint (client credentials, authorization codes, rotating refresh tokens) with RS256-signed tokens
//!   that carry CARTO's claims, revocation, and the key set.
//! - The accounts service, the tenant's `config.yaml`, and the Data Warehouse token.
//! - Faults for each of them.
//!
//! # Deliberately absent
//! TLS (loopback needs none), ID tokens, more than one person, plain PKCE (CARTO has no use for it), and security:
//! the signing key is public, so nothing but a test may trust these tokens.

mod endpoint;
mod fault;
mod request;
mod reply;
mod unguessable;
mod jwt;
mod connection;
mod answer;
mod authorize;
mod page;
mod login;
mod codes;
mod refresh_tokens;
mod person;
mod grant;
mod tenant;
mod warehouse;
mod sandbox;
mod loopback_http;
mod user_agent;

pub use endpoint::Endpoint;
pub use fault::Fault;
pub use request::RecordedRequest;
pub use sandbox::{Builder, Sandbox};
pub use user_agent::{Person, UserAgent, Visited};
pub use warehouse::WarehouseAccess;

/// The audience that CARTO's APIs insist on.
const AUDIENCE: &str = "carto-cloud-native-api";

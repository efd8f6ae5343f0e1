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
//! # In scope
//! The token endpoint (client credentials) with RS256-signed tokens that carry CARTO's claims, the accounts
//! service, the tenant's `config.yaml`, the Data Warehouse token, the key set, and faults for each.
//!
//! # Deliberately absent
//! TLS (loopback needs none), the login of a person (it comes next), and security: the signing key is public,
//! so nothing but a test may trust these tokens.

mod endpoint;
mod fault;
mod request;
mod jwt;
mod connection;
mod answer;
mod sandbox;

pub use endpoint::Endpoint;
pub use fault::Fault;
pub use request::RecordedRequest;
pub use sandbox::{Builder, Sandbox};

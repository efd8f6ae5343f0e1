//! The sans-IO core of carto-auth: how to get, keep and renew an access token for CARTO (carto.com), without
//! doing any I/O.
//!
//! **The invariant:** nothing in this crate reads a clock, a file, a socket, an environment variable or a random
//! number. Time, randomness and bytes are arguments; a flow says what to do next ([`Step`]) and is told what
//! happened ([`AwaitResponse::resume`]).
//!
//! # In scope
//! The login of a person ([`LoginRequest`]), the client credentials and refresh token grants ([`TokenRequest`]),
//! the API base URL of an account ([`Discovery`]), the credentials of its Data Warehouse ([`CartoDwRequest`]), the token
//! policy ([`Session`], [`CartoDwMemory`]), the file formats ([`TokenRecord`], [`M2mCredentials`]), CARTO's endpoints and
//! error bodies, and one [`Error`] with a way out.
//!
//! # Deliberately absent
//! HTTP clients, files, locks and clocks (`carto-auth-native` and the drivers `carto-auth-ureq` and `carto-auth-reqwest`
//! have them), and the verification of token signatures (CARTO's APIs do that).
//!
//! # A driver
//! ```
//! use std::{thread, time::SystemTime};
//! use carto_auth_core::{Error, Flow, Incoming, Outgoing, Step, TransportError};
//!
//! fn drive<F: Flow>(
//!     mut step: Step<F>,
//!     send: impl Fn(Outgoing) -> Result<Incoming, TransportError>,
//! ) -> Result<F::Output, Error> {
//!     loop {
//!         step = match step {
//!             Step::Done(output) => return Ok(output),
//!             Step::Sleep(duration, next) => {
//!                 thread::sleep(duration);
//!                 next.resume(SystemTime::now())?
//!             }
//!             Step::Send(out, next) => next.resume(send(out), SystemTime::now())?,
//!         }
//!     }
//! }
//! ```

mod wiped;
mod secret;
mod timestamp;
mod one_line;
mod json;
mod host_rules;
mod api_base_url;
mod endpoints;
mod m2m_credentials;
mod claims;
mod access_token;
mod step;
mod transport_error;
mod http_date;
mod retry_after;
mod reply;
mod error;
mod hint;
mod retry;
mod exchange;
mod token_response;
mod token_request;
mod entropy;
mod pkce;
mod organization;
mod pasted;
mod login;
mod login_export;
mod page;
mod loopback_request;
mod tenant_config;
mod discovery;
mod token_check;
mod probe;
mod carto_dw;
mod python_expiration;
mod token_file;
mod identity;
mod form;
mod freshness;
mod plan;
mod source;
mod seen;
mod session;
mod carto_dw_memory;

pub use access_token::AccessToken;
pub use api_base_url::ApiBaseUrl;
pub use carto_dw::{CartoDwCredentials, CartoDwRequest};
pub use carto_dw_memory::CartoDwMemory;
pub use claims::Claims;
pub use discovery::Discovery;
pub use endpoints::Endpoints;
pub use entropy::Entropy;
pub use error::{Denial, Error, ErrorKind, Remedy};
pub use freshness::{Freshness, Ready};
pub use host_rules::AddressProblem;
pub use identity::Identity;
pub use json::JsonProblem;
pub use login::{Authorized, Callback, Ignored, Login, LoginRequest, Redirect};
pub use login_export::{PENDING_LOGIN_LIFE, PendingLoginError};
pub use loopback_request::{Heard, LoopbackRequest};
pub use m2m_credentials::{CredentialsError, CredentialsProblem, M2mCredentials};
pub use one_line::OneLine;
pub use organization::{NotAnOrganizationId, OrganizationId, OrganizationLookup};
pub use page::Page;
pub use plan::{Failed, Generation, Plan, Renewal, UnderLock};
pub use probe::{Answered, Probe};
pub use python_expiration::LocalOffset;
pub use reply::{KeyNames, Refusal, ReplyError, ReplyProblem};
pub use retry::Jitter;
pub use secret::Secret;
pub use session::Session;
pub use step::{AwaitResponse, AwaitTimer, Body, Flow, Incoming, Outgoing, Step};
pub use tenant_config::TenantConfigProblem;
pub use timestamp::Timestamp;
pub use token_check::TokenCheck;
pub use token_file::{TOKEN_FILE_LIMIT, TokenFileError, TokenRecord};
pub use token_request::TokenRequest;
pub use token_response::TokenGrant;
pub use transport_error::{Sent, TlsProblem, TransportError, TransportErrorKind};

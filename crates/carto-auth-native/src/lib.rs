//! What a native front end of carto-auth needs of its machine, once for all transports (RFC 8252 calls such
//! programs *native apps*): token files and their locks, credentials files, the callback listener and the browser,
//! the clock, the time zone, randomness.
//!
//! **The invariant:** a problem with the cache never costs a token. What cannot be read is a miss, what cannot be
//! written is a warning (through the [`log`] crate), and a lock that cannot be had is done without. A refresh token is the
//! exception: without the lock, or where its successor could not be kept ([`LockedTokens::make_room`]), it is not spent, for
//! that would cost the login.
//!
//! # In scope
//! [`TokenStore`] with [`FileStore`], [`MemoryStore`] and [`NoStore`]; [`SharedSession`], the session that the
//! threads of a process and the processes of a machine share; [`BrowserLogin`], a person's login with its listener,
//! browser and prompt; [`credentials`].
//!
//! # Deliberately absent
//! HTTP (the drivers `carto-auth-ureq` and `carto-auth-reqwest`), and every decision about tokens (the core).
//!
//! ```
//! use carto_auth_core::{Endpoints, M2mCredentials};
//! use carto_auth_native::{NoStore, SharedSession};
//!
//! let machine = M2mCredentials::new("https://gcp-us-east1.api.carto.com", "id", "s3cr3t")?;
//! let session = SharedSession::machine(machine, Endpoints::carto(), Box::new(NoStore));
//! assert_eq!(session.api_base_url().unwrap().as_str(), "https://gcp-us-east1.api.carto.com");
//! # Ok::<(), carto_auth_core::Error>(())
//! ```

mod clock;
mod randomness;
mod time_zone;
mod home;
mod no_proxy;
mod proxy_variable;
pub mod credentials;
mod private_file;
mod file_lock;
mod store;
mod reading;
mod file_store;
mod inspection;
mod memory_store;
mod held;
mod asking;
mod shared_session;
mod shared_login;
mod flight;
#[cfg(test)]
mod flight_tests;
mod shared_carto_dw;
mod sync;
mod profile;
mod browser;
#[cfg(all(unix, not(target_os = "macos")))]
mod browser_process;
mod system_error;
#[cfg(feature = "rustls")]
mod tls_error;
mod callback_connection;
mod callback_listener;
mod interaction;
mod browser_login;
mod terminal;
mod login_options;
mod pending_login;

pub use asking::Asking;
pub use browser::{BrowserProgram, NO_BROWSER_VARIABLE, browser_obstacle, browser_program};
pub use browser_login::{BrowserLogin, Stopper};
pub use callback_listener::{PortState, try_callback_port};
pub use clock::now;
pub use file_lock::LockProblem;
pub use file_store::FileStore;
pub use flight::{Flight, Follower, Landed, Leader, Role};
pub use held::Urgency;
pub use home::{HOME_VARIABLE, carto_home, expand_tilde};
pub use inspection::{FileContents, FolderProblem, InspectedFile, Inspection};
pub use interaction::{Cancelled, LoginInteraction, LoginPrompt, Obstacle, Way};
pub use login_options::LoginOptions;
pub use memory_store::MemoryStore;
pub use no_proxy::{exemptions_without_effect, is_exempt_from_proxies};
pub use pending_login::{Claim, PendingLogin, PendingState};
pub use profile::{NotAProfile, Profile};
pub use proxy_variable::{not_a_proxy, proxy_variable};
pub use randomness::{entropy, jitter};
pub use shared_carto_dw::{AskingCartoDw, NextCartoDw};
pub use shared_session::{Next, SharedSession};
pub use store::{Forget, Hold, LockedTokens, NoStore, StoreError, TokenStore};
pub use system_error::SystemReason;
pub use terminal::{Terminal, discard_typed, read_line, read_pasted};
#[cfg(feature = "rustls")]
pub use tls_error::{endless_certificates, tls_error};

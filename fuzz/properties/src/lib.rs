//! What holds for any input, said once: each property takes bytes, hands them to one parser of carto-auth (or to its
//! flows, as the replies of a server) and panics where something does not hold. The fuzz targets beside this crate and
//! `tests/suites/fuzz_properties.rs` call the same functions.
//!
//! ```
//! carto_auth_properties::token_file(br#"{"access_token":"#);
//! ```
//!
//! # In scope
//! One property for each parser of outside bytes, and one for every flow.
//!
//! # Deliberately absent
//! Sockets and files: the callback listener's are driven by `tests/suites/listener.rs`, the store's by
//! `tests/suites/store.rs`.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a property that does not hold panics"
)]

mod secrets;
mod script;
mod conversation;
mod callback;
mod listener;
mod paste;
mod pending_login;
mod token_reply;
mod token_file;
mod claims;
mod credentials;
mod tenant_config;
mod host;
mod retry_after;
mod one_line;
mod flows;

pub use callback::callback;
pub use claims::claims;
pub use credentials::credentials;
pub use flows::flows;
pub use host::host;
pub use listener::listener;
pub use one_line::one_line;
pub use paste::paste;
pub use pending_login::pending_login;
pub use retry_after::retry_after;
pub use secrets::acts_on_a_terminal;
pub use tenant_config::tenant_config;
pub use token_file::token_file;
pub use token_reply::token_reply;

/// A property under the name of its fuzz target and of its folder in `fuzz/corpus`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Panics where the property does not hold.
    pub holds: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 13] = [
    target("callback", callback),
    target("claims", claims),
    target("credentials", credentials),
    target("flows", flows),
    target("host", host),
    target("listener", listener),
    target("one_line", one_line),
    target("paste", paste),
    target("pending_login", pending_login),
    target("retry_after", retry_after),
    target("tenant_config", tenant_config),
    target("token_file", token_file),
    target("token_reply", token_reply),
];

const fn target(name: &'static str, holds: fn(&[u8])) -> Target {
    Target { name, holds }
}

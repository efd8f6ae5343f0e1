//! The transport suite over ureq.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "transport.rs"]
mod suite;

mod transport {
    use carto_auth_core::{Error, Step, TokenGrant, TokenRequest};
    use carto_auth_ureq::{default_agent, drive};

    pub(crate) fn ask(step: Step<TokenRequest>) -> Result<TokenGrant, Error> {
        drive(&default_agent(), step)
    }
}

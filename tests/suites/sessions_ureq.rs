//! The session suite over the blocking front end.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "sessions.rs"]
mod suite;

mod front_end {
    pub(crate) use carto_auth_ureq::*;
}

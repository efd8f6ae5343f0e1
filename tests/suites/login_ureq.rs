//! The login suite over the blocking front end.

#[path = "login.rs"]
mod suite;

mod front_end {
    pub(crate) use carto_auth_ureq::*;
}

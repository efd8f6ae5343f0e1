//! The Data Warehouse suite over the blocking front end.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "person.rs"]
#[expect(dead_code, reason = "the login suite needs the rest")]
mod person;
#[path = "warehouse.rs"]
mod suite;

mod front_end {
    pub(crate) use carto_auth_ureq::*;
}

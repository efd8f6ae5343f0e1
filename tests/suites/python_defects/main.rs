//! What the Python package gets wrong: one test for each defect, named after it, by the numbers of the list below. A test
//! shows the package failing, where that takes no longer than a moment, and ours in the same scene.
//!
//! Defects of whole programs are beside the command line, in `crates/carto-auth-cli/tests/cli/python_defects.rs`, and the
//! client of number 12 is in `crates/carto-auth-bigquery/tests/python_defects.rs`.
//!
//! | number | about | file |
//! |---|---|---|
//! | 1 | when a token ends | `whose_and_until_when.rs`, command line |
//! | 2 | whose token it is | `whose_and_until_when.rs` |
//! | 3, 4, 5 | the cache | `cache.rs`, command line |
//! | 6 | what a login asks for and believes | `callback.rs` |
//! | 7 | the callback listener | `callback.rs` |
//! | 8 | how a person is met | `person_asked.rs`, command line |
//! | 9, 10, 11 | requests, refusals and errors | `refusals.rs` |
//! | 12 | the Data Warehouse's client | `refusals.rs`, its crate |
//! | 13 | a login that nobody asked for | `person_asked.rs` |
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../person.rs"]
mod person;
mod scene;
mod whose_and_until_when;
mod cache;
mod callback;
mod person_asked;
mod refusals;

mod front_end {
    pub(crate) use carto_auth_ureq::*;
}

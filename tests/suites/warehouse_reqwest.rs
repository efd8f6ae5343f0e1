//! The Data Warehouse suite over the async front end.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "person.rs"]
#[expect(dead_code, reason = "the login suite needs the rest")]
mod person;
#[path = "warehouse.rs"]
mod suite;

#[path = "reqwest_front_end.rs"]
#[expect(dead_code, reason = "the login suite needs the rest")]
mod front_end;

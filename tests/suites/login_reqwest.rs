//! The login suite over the async front end.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "login.rs"]
mod suite;

#[path = "reqwest_front_end.rs"]
#[expect(dead_code, reason = "the session suite needs the rest")]
mod front_end;

//! The session suite over the async front end.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "sessions.rs"]
mod suite;

#[path = "reqwest_front_end.rs"]
#[expect(dead_code, unused_imports, reason = "the login suite needs the rest")]
mod front_end;

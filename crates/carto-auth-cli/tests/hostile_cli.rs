//! The command line and a CARTO that is hostile. The name ends with the transport's, by which outcomes are compared.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "cli/hostile.rs"]
mod hostile;

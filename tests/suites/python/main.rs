//! The real Python package, `carto-auth` 0.2.0, beside us on one token file.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

mod machines;
mod matrix;
mod people;
mod peers;
mod verdicts;
mod zones;

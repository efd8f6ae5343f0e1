//! The real Python package, `carto-auth` 0.2.0, beside us on one token file.
#![expect(clippy::unwrap_used, reason = "tests")]
#![cfg(unix)]

mod machines;
mod matrix;
mod people;
mod peers;
mod verdicts;
mod zones;

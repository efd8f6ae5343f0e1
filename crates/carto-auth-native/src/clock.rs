//! The wall clock.

use std::time::SystemTime;

use carto_auth_core::Timestamp;

/// The time.
#[must_use]
pub fn now() -> Timestamp {
    SystemTime::now().into()
}

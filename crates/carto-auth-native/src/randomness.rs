//! Randomness of the operating system.

use carto_auth_core::Jitter;
use rand::TryRng as _;
use rand::rngs::SysRng;

/// A number that spreads waits. Jitter is no secret, so a system without randomness gets the process id.
pub(crate) fn jitter() -> Jitter {
    Jitter::new(
        SysRng
            .try_next_u64()
            .unwrap_or_else(|_| u64::from(std::process::id()) << 32),
    )
}

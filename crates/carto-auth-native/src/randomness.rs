//! Randomness of the operating system.

use carto_auth_core::{Entropy, Error, Jitter};
use rand::TryRng as _;
use rand::rngs::SysRng;

/// A number that spreads waits. Jitter is no secret, so a system without randomness gets the process id.
#[must_use]
pub fn jitter() -> Jitter {
    Jitter::new(
        SysRng
            .try_next_u64()
            .unwrap_or_else(|_| u64::from(std::process::id()) << 32),
    )
}

/// What nobody can guess, for one login.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn entropy() -> Result<Entropy, Error> {
    let mut bytes = [0; 64];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Error::Client(format!("the system gives no randomness: {error}")))?;
    Ok(Entropy::new(bytes))
}

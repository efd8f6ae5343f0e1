//! The wall clock.

use std::time::SystemTime;

use carto_auth_core::Timestamp;

/// The time.
#[must_use]
pub fn now() -> Timestamp {
    SystemTime::now().into()
}

/// The time of the kernel's last tick, a few milliseconds ago, at a fifth of the price: for what has seconds to spare.
#[cfg(target_os = "linux")]
pub(crate) fn coarse_now() -> Timestamp {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    Timestamp::from_unix_millis(time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
}

#[cfg(not(target_os = "linux"))]
pub(crate) use now as coarse_now;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_coarse_time_is_the_time() {
        let before = now();
        let coarse = coarse_now();
        assert!(
            before.since(coarse) < Duration::from_secs(1),
            "{before:?} {coarse:?}"
        );
        assert!(coarse.since(now()) < Duration::from_secs(1), "{coarse:?}");
    }
}

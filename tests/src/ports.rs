//! Ports that nothing uses.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that a system gives to connections by itself, so that no connection can take one meanwhile.
const FIRST: u16 = 12_000;
const COUNT: u16 = 19_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that is free on both loopback addresses, and that no other caller in this process gets.
///
/// # Panics
/// When every port is taken.
#[must_use]
pub fn free_port() -> u16 {
    let start = (process::id().wrapping_mul(97) % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (start.wrapping_add(step) % COUNT);
        let is_free = |address: &str| TcpListener::bind((address, port)).is_ok();
        if is_free("127.0.0.1") && is_free("::1") {
            return port;
        }
    }
    panic!("no port is free");
}

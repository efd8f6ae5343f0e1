//! Ports that nothing listens at.

use std::fmt;
#[cfg(not(target_os = "linux"))]
use std::net::TcpListener;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that a system gives to connections by itself, so that no connection can take one meanwhile.
const FIRST: u16 = 12_000;
const COUNT: u16 = 19_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port of both loopback addresses where connections are refused, and that no other caller gets while this lives.
///
/// Who knows its number can listen at it, with `SO_REUSEADDR` as the standard library and mio do.
#[derive(Debug)]
pub struct FreePort {
    number: u16,
    /// Bound, and never listening.
    #[cfg(target_os = "linux")]
    _sockets: Vec<OwnedFd>,
}

/// Takes a port that is free on both loopback addresses.
///
/// # Panics
/// When every port is taken.
#[must_use]
pub fn free_port() -> FreePort {
    let start = (process::id().wrapping_mul(97) % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let number = FIRST + (start.wrapping_add(step) % COUNT);
        if let Some(port) = FreePort::take(number) {
            return port;
        }
    }
    panic!("no port is free");
}

impl FreePort {
    #[cfg(target_os = "linux")]
    fn take(number: u16) -> Option<Self> {
        use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

        use rustix::io::Errno;
        use rustix::net::sockopt::set_socket_reuseaddr;
        use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};

        let mut sockets = Vec::new();
        for (family, address) in [
            (AddressFamily::INET, IpAddr::V4(Ipv4Addr::LOCALHOST)),
            (AddressFamily::INET6, IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ] {
            let Ok(socket) = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None) else {
                continue;
            };
            match bind(&socket, &SocketAddr::new(address, number)) {
                Ok(()) => {}
                Err(Errno::ADDRNOTAVAIL) => continue,
                Err(_) => return None,
            }
            // After the bind, which no second caller must be able to make.
            set_socket_reuseaddr(&socket, true).ok()?;
            sockets.push(socket);
        }
        let is_free = !sockets.is_empty();
        is_free.then_some(Self {
            number,
            _sockets: sockets,
        })
    }

    /// Elsewhere a bound socket keeps everybody out.
    #[cfg(not(target_os = "linux"))]
    fn take(number: u16) -> Option<Self> {
        let is_free = |address: &str| TcpListener::bind((address, number)).is_ok();
        (is_free("127.0.0.1") && is_free("::1")).then_some(Self { number })
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

impl fmt::Display for FreePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_free_port_refuses_connections_is_nobody_elses_and_can_be_listened_at_again_and_again() {
        let port = free_port();
        for address in ["127.0.0.1", "::1"] {
            for _ in 0..2 {
                let refused = TcpStream::connect((address, port.number())).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
                assert!(FreePort::take(port.number()).is_none());
                let listener = TcpListener::bind((address, port.number())).unwrap();
                let _connection = TcpStream::connect((address, port.number())).unwrap();
                assert!(TcpListener::bind((address, port.number())).is_err());
                drop(listener);
            }
        }
        let number = port.number();
        drop(port);
        assert!(FreePort::take(number).is_some());
    }
}

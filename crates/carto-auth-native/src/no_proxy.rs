//! Which hosts are asked without the environment's proxy.

use std::env;
use std::net::IpAddr;

/// True where `NO_PROXY`, or `no_proxy` if that is not set, exempts a host from the environment's proxies.
///
/// Between commas stand names, which exempt what is below them, too (a leading `.` or `*.` makes no difference), addresses,
/// ranges of addresses such as `10.0.0.0/8`, or `*` for every host. An entry with a port exempts nothing.
#[must_use]
pub fn is_exempt_from_proxies(host: &str) -> bool {
    let listed = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|name| env::var(name).ok());
    listed.is_some_and(|list| exempts(&list, host))
}

fn exempts(list: &str, host: &str) -> bool {
    let address = without_brackets(host).parse().ok();
    list.split(',').map(str::trim).any(|entry| {
        let names = || match address {
            Some(address) => holds(entry, address),
            None => covers(entry, host),
        };
        entry == "*" || names()
    })
}

fn holds(entry: &str, address: IpAddr) -> bool {
    let (first, length) = match entry.split_once('/') {
        Some((first, length)) => (first, Some(length)),
        None => (entry, None),
    };
    let Ok(first) = without_brackets(first).parse::<IpAddr>() else {
        return false;
    };
    let Some(length) = length else {
        return first == address;
    };
    let bits = |address| match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32_u32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let ((first, size), (address, other)) = (bits(first), bits(address));
    let is_in = |length: u32| {
        let rest = size.checked_sub(length);
        rest.is_some_and(|rest| (first ^ address).checked_shr(rest).unwrap_or(0) == 0)
    };
    size == other && length.parse().is_ok_and(is_in)
}

/// IPv6 addresses have them in a URL.
fn without_brackets(host: &str) -> &str {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

fn covers(entry: &str, host: &str) -> bool {
    let name = entry.trim_start_matches("*.").trim_start_matches('.');
    let is_below = || {
        let place = host.len().checked_sub(name.len() + 1);
        place.is_some_and(|place| {
            host.as_bytes()[place] == b'.' && host[place + 1..].eq_ignore_ascii_case(name)
        })
    };
    !name.is_empty() && (host.eq_ignore_ascii_case(name) || is_below())
}

#[cfg(test)]
mod tests {
    use super::exempts;

    #[test]
    fn a_range_holds_what_begins_as_it_does() {
        for (range, host) in [
            ("10.0.0.0/8", "10.1.2.3"),
            ("10.42.1.1/24", "10.42.1.255"),
            ("10.1.2.3/32", "10.1.2.3"),
            ("0.0.0.0/0", "192.0.2.1"),
            ("fd00::/8", "[fd12::1]"),
            ("[fd00::]/8", "[fd12::1]"),
            ("::/0", "[2001:db8::1]"),
            ("2001:db8::1/128", "[2001:db8::1]"),
        ] {
            assert!(exempts(range, host), "{range} {host}");
        }
        for (range, host) in [
            ("10.0.0.0/8", "11.0.0.1"),
            ("10.42.1.1/24", "10.42.2.1"),
            ("10.1.2.3/32", "10.1.2.4"),
            ("0.0.0.0/0", "[2001:db8::1]"),
            ("::/0", "192.0.2.1"),
            ("10.0.0.0/33", "10.0.0.0"),
            ("10.0.0.0/", "10.0.0.0"),
            ("10.0.0.0/-1", "10.0.0.0"),
            ("10.0.0.0/255.0.0.0", "10.0.0.0"),
            ("10/8", "10.0.0.0"),
        ] {
            assert!(!exempts(range, host), "{range} {host}");
        }
    }
}

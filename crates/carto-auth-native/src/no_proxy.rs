//! Which hosts are asked without the environment's proxy.

use std::env;
use std::net::IpAddr;

use url::Host;

/// True where `NO_PROXY`, or `no_proxy` if that is not set, exempts a host from the environment's proxies.
///
/// Between commas stand names, which exempt what is below them, too (a leading `.` or `*.` makes no difference), addresses,
/// ranges of addresses such as `10.0.0.0/8`, or `*` for every host. An entry with a port exempts nothing.
#[must_use]
pub fn is_exempt_from_proxies(host: &str) -> bool {
    listed().is_some_and(|(_, list)| exempts(&list, host))
}

/// The variable that holds the list, and the entries in it that stand for no host, if there are any.
#[must_use]
pub fn exemptions_without_effect() -> Option<(&'static str, Vec<String>)> {
    let (name, list) = listed()?;
    let entries: Vec<_> = without_effect(&list).map(str::to_owned).collect();
    (!entries.is_empty()).then_some((name, entries))
}

fn listed() -> Option<(&'static str, String)> {
    let set = |name| Some((name, env::var(name).ok()?));
    ["NO_PROXY", "no_proxy"].into_iter().find_map(set)
}

/// What is between two commas in a row is nothing, and does no harm.
fn without_effect(list: &str) -> impl Iterator<Item = &str> {
    let entries = list.split(',').map(str::trim);
    entries.filter(|entry| !["", "*"].contains(entry) && range(entry).is_none() && !is_name(entry))
}

/// True for what an address on the web can have as its host, a last dot apart: none has one here.
fn is_name(entry: &str) -> bool {
    let name = bare(entry);
    let is_text = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_domain = || matches!(Host::parse(name), Ok(Host::Domain(_)));
    name.bytes().all(is_text) && !name.ends_with('.') && is_domain()
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
    range(entry).is_some_and(|(first, rest)| {
        let ((first, size), (address, other)) = (bits(first), bits(address));
        size == other && (first ^ address).checked_shr(rest).unwrap_or(0) == 0
    })
}

/// The first address of a range, and how many of its last bits may differ: none, where it is an address alone.
fn range(entry: &str) -> Option<(IpAddr, u32)> {
    let (first, length) = match entry.split_once('/') {
        Some((first, length)) => (first, Some(length)),
        None => (entry, None),
    };
    let first = without_brackets(first).parse().ok()?;
    let rest = match length {
        Some(length) => bits(first).1.checked_sub(length.parse().ok()?)?,
        None => 0,
    };
    Some((first, rest))
}

/// The bits of an address, and how many there are.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

/// IPv6 addresses have them in a URL.
fn without_brackets(host: &str) -> &str {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

fn bare(entry: &str) -> &str {
    entry.trim_start_matches("*.").trim_start_matches('.')
}

fn covers(entry: &str, host: &str) -> bool {
    let name = bare(entry);
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
    use super::{exempts, without_effect};

    #[test]
    fn an_entry_that_stands_for_no_host_is_told_from_one_that_may() {
        let list =
            "acme.com, .acme.com,*.acme.com,,my_host,localhost,10.1.2.3,10.0.0.0/8,[fd00::1],fd00::/8,*";
        assert_eq!(without_effect(list).next(), None);
        let list = "acme.com:443,https://acme.com,*acme.com,a.test acme.com,acme.com.,10.0.0.0/33,10.1,.1,[fd00::1]:443,*.";
        assert_eq!(
            without_effect(list).collect::<Vec<_>>(),
            list.split(',').collect::<Vec<_>>()
        );
    }

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

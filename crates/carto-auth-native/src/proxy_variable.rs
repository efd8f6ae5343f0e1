//! The proxy that a variable names.

use std::env;
use std::ffi::OsString;
use std::net::Ipv6Addr;

use carto_auth_core::{AddressProblem, Error, Secret};
use url::Host;

/// The first of these variables that is not blank, and the address of the proxy in it: with its scheme, and with the user
/// name and the password, which is why it is a secret.
///
/// Without a scheme it is `http`; `https`, `socks4`, `socks4a`, `socks5` (which `socks` stands for) and `socks5h` are the
/// others. User name and password are spelled as in a URL, an address has all its parts (`127.1` lacks two), and nothing but a
/// slash may follow the host and its port (1 to 65,535): what one client reads so and another otherwise names no proxy.
///
/// # Errors
/// [`Error::Address`] when it names no proxy. To go on without one, or with another variable's, would lead around the proxy
/// that was meant.
pub fn proxy_variable(names: &[&'static str]) -> Result<Option<(&'static str, Secret)>, Error> {
    let set = |name: &&'static str| Some((*name, env::var_os(name).filter(|value| !is_blank(value))?));
    let Some((name, value)) = names.iter().find_map(set) else {
        return Ok(None);
    };
    let address = value.to_str().and_then(address_in).map(Secret::new);
    address.map_or_else(|| Err(not_a_proxy(name)), |address| Ok(Some((name, address))))
}

/// What is said of a variable that names no proxy.
#[must_use]
pub fn not_a_proxy(variable: &'static str) -> Error {
    Error::Address {
        setting: variable,
        problem: AddressProblem::NotAProxy,
    }
}

fn is_blank(value: &OsString) -> bool {
    value.to_str().is_some_and(|text| text.trim().is_empty())
}

fn address_in(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "socks" => "socks5".to_owned(),
        known @ ("http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") => known.to_owned(),
        _ => return None,
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    let is_usable = user.is_none_or(is_user_info) && is_host_and_port(place);
    is_usable.then(|| format!("{scheme}://{authority}"))
}

/// A user name and a password, <https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1>, in UTF-8 where they are decoded.
fn is_user_info(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(&byte);
    let mut decoded = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => match (bytes.next().and_then(hex), bytes.next().and_then(hex)) {
                (Some(high), Some(low)) => decoded.push(high * 16 + low),
                _ => return false,
            },
            plain if is_plain(plain) => decoded.push(plain),
            _ => return false,
        }
    }
    str::from_utf8(&decoded).is_ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn is_host_and_port(text: &str) -> bool {
    let after_host = match text.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok())
            .map(|(_, after)| after),
        None => {
            let (host, after) = text.split_at(text.find(':').unwrap_or(text.len()));
            is_host(host).then_some(after)
        }
    };
    let is_port = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
    };
    after_host.is_some_and(|after| after.is_empty() || after.strip_prefix(':').is_some_and(is_port))
}

/// A name, or an address that is written in full: `127.1` is 127.0.0.1 where an address on the web is read, and a name elsewhere.
fn is_host(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_same = |host: Host| host.to_string().eq_ignore_ascii_case(text);
    text.bytes().all(is_plain) && Host::parse(text).is_ok_and(is_same)
}

#[cfg(test)]
mod tests {
    use super::address_in;

    #[test]
    fn what_names_a_proxy_is_told_from_what_does_not() {
        for (value, address) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("proxy:3128", "http://proxy:3128"),
            ("proxy", "http://proxy"),
            ("me:p%40ss@proxy:3128", "http://me:p%40ss@proxy:3128"),
            ("HTTPS://proxy/", "https://proxy"),
            ("proxy:3128/", "http://proxy:3128"),
            ("socks://127.0.0.1:1080/", "socks5://127.0.0.1:1080"),
            ("socks5h://me:pass@[::1]", "socks5h://me:pass@[::1]"),
            ("socks4a://proxy", "socks4a://proxy"),
            ("Proxy.ACME.example", "http://Proxy.ACME.example"),
            ("my_proxy:3128", "http://my_proxy:3128"),
            ("proxy.acme.example.:3128", "http://proxy.acme.example.:3128"),
            ("10.0.0.1:3128", "http://10.0.0.1:3128"),
        ] {
            assert_eq!(address_in(value).as_deref(), Some(address), "{value}");
        }
        for value in [
            "ftp://proxy",
            "http://",
            "http:///proxy",
            "http://:8080",
            ":8080",
            "socks5://:1080",
            "socks5://me:pass@",
            "http://proxy:99999",
            "proxy:port",
            "http://pro xy",
            " http://proxy",
            "http://pröxy",
            "http://[::1",
            "PROXY proxy:3128; DIRECT",
            "http://\"proxy\":3128",
            "http://pro{xy}:1",
            "socks5://p\\q",
            "http:\\\\proxy",
            "me:123/x@proxy:3128",
            "http://me:p^w@proxy:1",
            "me:p%ff@proxy",
            "me:p%4@proxy",
            "me@me@proxy",
            "proxy:3128/path",
            "proxy:3128//",
            "proxy?a",
            "proxy#a",
            "proxy:",
            "proxy:0",
            "proxy:+1",
            "127.1:3128",
            "010.0.0.1:3128",
            "0x7f000001:3128",
            "2130706433",
            "256.1.1.1",
            "proxy.1",
            "xn--a",
        ] {
            assert_eq!(address_in(value), None, "{value}");
        }
    }
}

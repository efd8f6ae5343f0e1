//! The proxy that a variable names.

use std::env;
use std::ffi::OsString;

use carto_auth_core::{AddressProblem, Error};
use url::Url;

/// The first of these variables that is not blank, and the address of the proxy in it: with its scheme, and with the user
/// name and the password.
///
/// Without a scheme it is `http`; `https`, `socks4`, `socks4a`, `socks5` (which `socks` stands for) and `socks5h` are the
/// others.
///
/// # Errors
/// [`Error::Address`] when it names no proxy. To go on without one, or with another variable's, would lead around the proxy
/// that was meant.
pub fn proxy_variable(names: &[&'static str]) -> Result<Option<(&'static str, String)>, Error> {
    let set = |name: &&'static str| Some((*name, env::var_os(name).filter(|value| !is_blank(value))?));
    let Some((name, value)) = names.iter().find_map(set) else {
        return Ok(None);
    };
    let address = value.to_str().and_then(address_in);
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
    // The URLs of a browser may hold blanks, and begin with any number of slashes.
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) || rest.starts_with(['/', '\\']) {
        return None;
    }
    // What is known of http is known of the others: there is a host, and a port is a number below 65536.
    Url::parse(&format!("http://{rest}")).ok()?;
    Some(format!("{scheme}://{rest}"))
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
            ("HTTPS://proxy/", "https://proxy/"),
            ("socks://127.0.0.1:1080/", "socks5://127.0.0.1:1080/"),
            ("socks5h://me:pass@[::1]", "socks5h://me:pass@[::1]"),
            ("socks4a://proxy", "socks4a://proxy"),
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
        ] {
            assert_eq!(address_in(value), None, "{value}");
        }
    }
}

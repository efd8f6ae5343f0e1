//! Which addresses may be asked for anything, and how they are written.

use url::{Host, Url};

/// Why an address was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressProblem {
    /// It does not parse as an absolute URL with a host.
    #[error("is not a URL")]
    NotAUrl,
    /// It is `http` beyond loopback, or another scheme altogether.
    #[error("must start with https:// (plain http is for loopback only)")]
    NotHttps,
    /// It carries a user name or password, which would be sent or logged.
    #[error("must not contain a user name or password")]
    UserInfo,
    /// It carries a query or fragment, which no base address has.
    #[error("must not contain a query or fragment")]
    QueryOrFragment,
}

/// Parses an address that requests will be sent to: https, or http on loopback, and nothing but scheme, host,
/// port and path.
pub(crate) fn parse_address(text: &str) -> Result<Url, AddressProblem> {
    let url = Url::parse(text.trim()).map_err(|_| AddressProblem::NotAUrl)?;
    let host = url.host().ok_or(AddressProblem::NotAUrl)?;
    // The WHATWG's idea of a host is wider than that of RFC 3986, which requests are made with.
    if url.as_str().parse::<http::Uri>().is_err() {
        return Err(AddressProblem::NotAUrl);
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&host) => {}
        _ => return Err(AddressProblem::NotHttps),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressProblem::UserInfo);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(AddressProblem::QueryOrFragment);
    }
    Ok(url)
}

/// True for `localhost`, 127.0.0.0/8 and `[::1]`, the hosts whose traffic never leaves the machine
/// (RFC 8252, section 8.3).
pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_loopback_only() {
        for good in [
            "https://auth.carto.com",
            "http://localhost:8080/x",
            "http://127.9.9.9",
            "http://[::1]:1/",
        ] {
            assert!(parse_address(good).is_ok(), "{good}");
        }
        let refused = |text| parse_address(text).unwrap_err();
        for bad in [
            "http://auth.carto.com",
            "http://localhost.evil.com",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
        ] {
            assert_eq!(refused(bad), AddressProblem::NotHttps, "{bad}");
        }
        assert_eq!(refused("https://me:pw@auth.carto.com"), AddressProblem::UserInfo);
        assert_eq!(
            refused("https://auth.carto.com/?a"),
            AddressProblem::QueryOrFragment
        );
        assert_eq!(
            refused("https://auth.carto.com/#a"),
            AddressProblem::QueryOrFragment
        );
        assert_eq!(refused("auth.carto.com"), AddressProblem::NotAUrl);
        assert_eq!(refused("https://"), AddressProblem::NotAUrl);
        assert_eq!(refused("https://{tenant}.example.com"), AddressProblem::NotAUrl);
        assert_eq!(refused("mailto:a@b"), AddressProblem::NotAUrl);
    }
}

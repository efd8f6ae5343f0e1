//! Which addresses may be asked for anything, and how they are written.

use std::borrow::Cow;

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
    /// A redirect URI that does not lead back to this machine.
    #[error(
        "must be http on localhost, 127.0.0.1 or [::1] with a port that is not 80, such as http://localhost:10000/callback/"
    )]
    NotLoopback,
    /// It is no domain name.
    #[error("must be a domain name such as acme.com")]
    NotADomain,
    /// Its host is neither CARTO's nor one that was allowed.
    #[error("is not on carto.com or a domain that was allowed")]
    ForeignHost,
    /// It is longer than any address of CARTO's, and than a request can be.
    #[error("must be at most {LONGEST_ADDRESS} bytes long")]
    TooLong,
    /// It names no proxy.
    #[error("is not the address of a proxy")]
    NotAProxy,
}

/// In bytes. The `http` crate has room for 65,534, and what flows append is short.
const LONGEST_ADDRESS: usize = 2048;

/// Parses an address that requests will be sent to: https, or http on loopback, and nothing but scheme, host,
/// port and path.
pub(crate) fn parse_address(text: &str) -> Result<Url, AddressProblem> {
    let url = Url::parse(text.trim()).map_err(|_| AddressProblem::NotAUrl)?;
    // What is encoded takes more room than what was given.
    if url.as_str().len() > LONGEST_ADDRESS {
        return Err(AddressProblem::TooLong);
    }
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

/// The same for a host that was not parsed yet.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    Host::parse(host).is_ok_and(|host| match host {
        Host::Domain(name) => is_loopback(&Host::Domain(name.as_str())),
        Host::Ipv4(address) => is_loopback(&Host::Ipv4(address)),
        Host::Ipv6(address) => is_loopback(&Host::Ipv6(address)),
    })
}

/// A domain name as DNS knows it, in lower case: no port, user, path, address or trailing dot.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct DomainName(Cow<'static, str>);

impl DomainName {
    pub(crate) const CARTO: Self = Self(Cow::Borrowed("carto.com"));

    pub(crate) fn parse(text: &str) -> Result<Self, AddressProblem> {
        let labels: Vec<&str> = text.split('.').collect();
        let is_label = |label: &&str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A last label that begins with a digit would be an address to some parsers.
        let ends_in_letters = labels
            .last()
            .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic()));
        match text.len() <= 253 && labels.len() >= 2 && ends_in_letters && labels.iter().all(is_label) {
            true => Ok(Self(text.to_ascii_lowercase().into())),
            false => Err(AddressProblem::NotADomain),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// True for this domain and everything below it that DNS can have: no label is empty.
    pub(crate) fn covers(&self, host: &str) -> bool {
        let rest = host.strip_suffix(self.as_str());
        rest.is_some_and(|rest| match rest.strip_suffix('.') {
            Some(labels) => labels.split('.').all(|label| !label.is_empty()),
            None => rest.is_empty(),
        })
    }
}

/// Parses the redirect URI of a loopback login, <https://www.rfc-editor.org/rfc/rfc8252#section-7.3>. The text is
/// kept as it is: it must match what is registered to the letter.
pub(crate) fn parse_redirect_uri(text: &str) -> Result<Url, AddressProblem> {
    let url = parse_address(text).map_err(|_| AddressProblem::NotLoopback)?;
    // Those that are listened at. A browser leaves the port of plain http out, and the host then names none.
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let has_port = url.port().is_some_and(|port| port != 0);
    match is_here && has_port && url.scheme() == "http" && url.as_str() == text {
        true => Ok(url),
        false => Err(AddressProblem::NotLoopback),
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
        let refused = |text: &str| parse_address(text).unwrap_err();
        for bad in [
            "http://auth.carto.com",
            "http://localhost.evil.com",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
        ] {
            assert_eq!(refused(bad), AddressProblem::NotHttps, "{bad}");
        }
        assert_eq!(refused("https://me:pw@auth.carto.com"), AddressProblem::UserInfo);
        // What is encoded is three times as long.
        for long in ["a".repeat(2048), "ä".repeat(400)] {
            assert_eq!(
                refused(&format!("https://auth.carto.com/{long}")),
                AddressProblem::TooLong
            );
        }
        let longest = format!("https://a.carto.com/{}", "a".repeat(2028));
        assert_eq!(parse_address(&longest).unwrap().as_str().len(), 2048);
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

    #[test]
    fn a_domain_name_is_nothing_but_a_domain_name() {
        assert_eq!(
            DomainName::parse("Ana.App.CARTO.com").unwrap().as_str(),
            "ana.app.carto.com"
        );
        assert!(DomainName::parse("xn--bcher-kva.example").is_ok());
        let long = format!("{}.com", "a".repeat(64));
        for bad in [
            "",
            "com",
            "a.com.",
            ".com",
            "a..com",
            "a.com:443",
            "me@a.com",
            "a.com/x",
            "127.0.0.1",
            "[::1]",
            "a b.com",
            "0x7f.0.0.1",
            "a.1",
            "bücher.example",
            "a.com\n",
            "-a.com",
            "a-.com",
            "a.com#",
            "a%2ecom.x",
            // What idna below 1.0 took for carto.com.
            "xn--carto-.com",
            "carto.com.xn--",
            "xn--.carto.com",
            &long,
        ] {
            assert_eq!(DomainName::parse(bad), Err(AddressProblem::NotADomain), "{bad:?}");
        }
    }

    #[test]
    fn a_domain_covers_itself_and_what_is_below() {
        let carto = DomainName::parse("carto.com").unwrap();
        assert!(carto.covers("carto.com") && carto.covers("gcp-us-east1.api.carto.com"));
        assert!(
            !carto.covers("evilcarto.com") && !carto.covers("carto.com.evil.com") && !carto.covers("com")
        );
        assert!(
            !carto.covers(".carto.com") && !carto.covers("a..carto.com") && !carto.covers(".a.carto.com")
        );
    }

    #[test]
    fn a_redirect_uri_leads_back_to_this_machine() {
        for good in [
            "http://localhost:10000/callback/",
            "http://127.0.0.1:9/",
            "http://[::1]:9/x",
        ] {
            assert_eq!(parse_redirect_uri(good).unwrap().as_str(), good);
        }
        for bad in [
            "https://localhost:1/",
            "http://localhost:0/",
            "https://a.example/cb",
            "http://LOCALHOST:1/",
            "http://localhost/",
            "http://localhost:80/",
            "http://127.0.0.5:9/",
            "http://a.example:1/",
            "http://localhost:1/?a",
            "localhost",
        ] {
            assert_eq!(parse_redirect_uri(bad), Err(AddressProblem::NotLoopback), "{bad}");
        }
        let why = AddressProblem::NotLoopback.to_string();
        assert!(why.contains("with a port that is not 80"), "{why}");
    }
}

//! Which proxy a request goes through.

use std::env;

use carto_auth_core::{Flow, Outgoing, Step};
use carto_auth_native::is_exempt_from_proxies;
use ureq::{Agent, Proxy};

/// The proxy that a request goes through, for people who look for what is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Via {
    /// Its address, such as `http://proxy:3128`, without the user name and the password.
    pub address: String,
    /// The variable that names it, if it is the environment's.
    pub variable: Option<&'static str>,
}

impl Via {
    /// The proxy of the request that a flow wants to send; `None` when it goes out directly.
    #[must_use]
    pub fn of<F: Flow>(agent: &Agent, step: &Step<F>) -> Option<Self> {
        let Step::Send(out, _) = step else {
            return None;
        };
        let proxy = proxy_for(agent, out)?;
        let scheme = proxy.uri().scheme_str().unwrap_or("http");
        Some(Self {
            address: format!("{scheme}://{}:{}", proxy.host(), proxy.port()),
            variable: agent
                .config()
                .proxy()
                .filter(|own| own.is_from_env())
                .and_then(|_| variable()),
        })
    }
}

/// The agent's proxy, unless it is the environment's and `NO_PROXY` names the host. The environment's comes without ureq's own
/// reading of that list, by which `acme.com.` exempts `acme.com.evil.example`.
pub(crate) fn proxy_for(agent: &Agent, out: &Outgoing) -> Option<Proxy> {
    if out.bypasses_proxies() {
        return None;
    }
    let proxy = agent.config().proxy()?;
    match proxy.is_from_env() {
        true if is_exempt_from_proxies(out.host()) => None,
        true => Some(Proxy::new(&proxy.uri().to_string()).unwrap_or_else(|_| proxy.clone())),
        false => Some(proxy.clone()),
    }
}

/// The variable that ureq takes the proxy from: the first that names one.
fn variable() -> Option<&'static str> {
    [
        "ALL_PROXY",
        "all_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
    ]
    .into_iter()
    .find(|name| env::var(name).is_ok_and(|value| Proxy::new(&value).is_ok()))
}

#[cfg(test)]
mod tests {
    use carto_auth_core::{Probe, Timestamp};

    use super::*;

    #[test]
    fn the_proxy_is_named_without_its_password_and_loopback_has_none() {
        let proxy = Proxy::new("socks5h://me:canary@[::1]").unwrap();
        let agent: Agent = Agent::config_builder().proxy(Some(proxy)).build().into();
        let via = |address| {
            Via::of(
                &agent,
                &Probe::start(address, Timestamp::from_unix_seconds(0)).unwrap(),
            )
        };
        let expected = Via {
            address: "socks5h://[::1]:1080".to_owned(),
            variable: None,
        };
        assert_eq!(via("https://auth.carto.com"), Some(expected));
        assert_eq!(via("http://127.0.0.1:1"), None);
    }
}

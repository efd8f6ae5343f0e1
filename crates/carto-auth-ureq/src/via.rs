//! Which proxy a request goes through.

use carto_auth_core::{Error, Flow, Outgoing, Step};
use carto_auth_native::{is_exempt_from_proxies, not_a_proxy, proxy_variable};
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
        let proxy = proxy_for(agent, out).ok()??;
        let own = agent.config().proxy().filter(|own| own.is_from_env());
        let variable = own.and_then(|_| environment().ok()?);
        Some(Self::new(&proxy, variable))
    }

    /// The proxy that the environment names, for hosts that are not exempt from it.
    ///
    /// # Errors
    /// When the first of its variables that is set names no proxy.
    pub fn of_environment() -> Result<Option<Self>, Error> {
        let variable = environment()?;
        Ok(Proxy::try_from_env()
            .filter(|_| variable.is_some())
            .map(|proxy| Self::new(&proxy, variable)))
    }

    fn new(proxy: &Proxy, variable: Option<&'static str>) -> Self {
        let scheme = proxy.uri().scheme_str().unwrap_or("http");
        Self {
            address: format!("{scheme}://{}:{}", proxy.host(), proxy.port()),
            variable,
        }
    }
}

/// Where ureq looks, in its order.
const VARIABLES: [&str; 6] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
];

/// The variable that names the environment's proxy.
fn environment() -> Result<Option<&'static str>, Error> {
    match proxy_variable(&VARIABLES)? {
        Some((name, address)) if Proxy::new(&address).is_err() => Err(not_a_proxy(name)),
        found => Ok(found.map(|(name, _)| name)),
    }
}

/// Ends what stands for a proxy in an agent whose environment names none that can be used. ureq would go on with the next
/// variable, or directly; nobody has this name (RFC 6761, section 6.4), so that requests of the program's own fail, too.
const UNUSABLE: &str = ".unusable.invalid";

/// The environment's proxy, as ureq reads it.
pub(crate) fn environment_proxy() -> Option<Proxy> {
    match environment() {
        Err(Error::Address { setting, .. }) => Proxy::new(&format!("http://{setting}{UNUSABLE}")).ok(),
        _ => Proxy::try_from_env(),
    }
}

/// The agent's proxy, unless it is the environment's and `NO_PROXY` names the host. The environment's comes without ureq's own
/// reading of that list, by which `acme.com.` exempts `acme.com.evil.example`.
pub(crate) fn proxy_for(agent: &Agent, out: &Outgoing) -> Result<Option<Proxy>, Error> {
    let Some(proxy) = agent.config().proxy().filter(|_| !out.bypasses_proxies()) else {
        return Ok(None);
    };
    let unusable = proxy.host().strip_suffix(UNUSABLE);
    let unusable = unusable.and_then(|host| VARIABLES.into_iter().find(|name| *name == host));
    let is_environments = proxy.is_from_env() || unusable.is_some();
    match unusable {
        _ if is_environments && is_exempt_from_proxies(out.host()) => Ok(None),
        Some(variable) => Err(not_a_proxy(variable)),
        None if is_environments => Ok(Some(
            Proxy::new(&proxy.uri().to_string()).unwrap_or_else(|_| proxy.clone()),
        )),
        None => Ok(Some(proxy.clone())),
    }
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

//! Which proxy a request goes through.

use std::env;

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
    ///
    /// # Errors
    /// When it is the environment's, and the first of its variables that is set names no proxy.
    pub fn of<F: Flow>(agent: &Agent, step: &Step<F>) -> Result<Option<Self>, Error> {
        let Step::Send(out, _) = step else {
            return Ok(None);
        };
        let Some(proxy) = proxy_for(agent, out)? else {
            return Ok(None);
        };
        let own = environment()?.filter(|(_, own)| is_same(own, &proxy));
        Ok(Some(Self::new(&proxy, own.map(|(name, _)| name))))
    }

    /// The proxy that the environment names, for hosts that are not exempt from it.
    ///
    /// # Errors
    /// When the first of its variables that is set names no proxy.
    pub fn of_environment() -> Result<Option<Self>, Error> {
        let found = environment()?;
        Ok(found.map(|(name, proxy)| Self::new(&proxy, Some(name))))
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

/// The variable that names the environment's proxy, and the proxy, which knows of no exceptions.
fn environment() -> Result<Option<(&'static str, Proxy)>, Error> {
    let Some((name, address)) = proxy_variable(&VARIABLES)? else {
        return Ok(None);
    };
    let proxy = Proxy::new(address.expose()).map_err(|_| not_a_proxy(name))?;
    Ok(Some((name, proxy)))
}

/// Stands for the proxy of an environment that names none that can be used: nobody can listen there. ureq would go on with the
/// next variable, or directly; so requests of the program's own fail, too.
const NOWHERE: &str = "http://127.0.0.1:0";

/// The environment's proxy for an agent, with the exceptions of `NO_PROXY` as ureq reads them.
pub(crate) fn environment_proxy() -> Option<Proxy> {
    match environment() {
        Ok(found) => found.map(|(_, proxy)| with_exceptions(&proxy).unwrap_or(proxy)),
        Err(_) => Proxy::new(NOWHERE).ok(),
    }
}

fn with_exceptions(proxy: &Proxy) -> Option<Proxy> {
    let listed = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|name| env::var(name).ok())?;
    let mut builder = Proxy::builder(proxy.protocol())
        .host(proxy.host())
        .port(proxy.port())
        .resolve_target(proxy.resolve_target());
    if let Some(name) = proxy.username() {
        builder = builder.username(name);
    }
    if let Some(password) = proxy.password() {
        builder = builder.password(password);
    }
    for entry in listed.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        builder = builder.no_proxy(entry);
    }
    builder.build().ok()
}

/// The agent's proxy. The environment's counts as its variables are now, unless `NO_PROXY` names the host: ureq's own reading
/// of that list takes `acme.com.` for an exemption of `acme.com.evil.example`.
pub(crate) fn proxy_for(agent: &Agent, out: &Outgoing) -> Result<Option<Proxy>, Error> {
    let Some(proxy) = agent.config().proxy().filter(|_| !out.bypasses_proxies()) else {
        return Ok(None);
    };
    let is_nowhere = proxy.port() == 0;
    let named = || environment().ok().flatten();
    if !is_nowhere && !proxy.is_from_env() && !named().is_some_and(|(_, own)| is_same(&own, proxy)) {
        return Ok(Some(proxy.clone()));
    }
    if is_exempt_from_proxies(out.host()) {
        return Ok(None);
    }
    Ok(environment()?.map(|(_, proxy)| proxy))
}

/// True where both are the same but for their exceptions.
fn is_same(one: &Proxy, other: &Proxy) -> bool {
    let parts = |proxy: &Proxy| {
        let name = proxy.username().map(str::to_owned);
        (proxy.protocol(), proxy.host().to_owned(), proxy.port(), name)
    };
    parts(one) == parts(other) && one.password() == other.password()
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
        assert_eq!(via("https://auth.carto.com").unwrap(), Some(expected));
        assert_eq!(via("http://127.0.0.1:1").unwrap(), None);
    }
}

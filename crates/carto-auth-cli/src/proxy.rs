//! The proxy on the way to a host, for people who look for what is wrong with it.

use std::borrow::Cow;

use carto_auth_core::{Error, Probe, Step, TransportError, TransportErrorKind};
use carto_auth_native::{is_exempt_from_proxies, now};
use carto_auth_ureq::{Via, default_agent};

/// The proxy that a host is asked through, if it is.
pub(crate) fn on_the_way_to(host: &str) -> Option<Via> {
    let step = Probe::start(&format!("https://{host}"), now()).ok()?;
    Via::of(&default_agent(), &step).ok()?
}

/// `the proxy http://proxy:3128 (HTTPS_PROXY)`.
pub(crate) fn shown(via: &Via) -> String {
    let variable = via.variable.map(|name| format!(" ({name})"));
    format!("the proxy {}{}", via.address, variable.unwrap_or_default())
}

/// True where names are looked up on this machine, and the proxy is given addresses.
pub(crate) fn takes_no_names(via: &Via) -> bool {
    ["socks5://", "socks4://"]
        .iter()
        .any(|scheme| via.address.starts_with(scheme))
}

/// What to do about a failure on the way through a proxy, unless it is one of TLS.
pub(crate) fn hint(via: &Via, failed: &Error, error: &TransportError) -> Cow<'static, str> {
    match error.kind() {
        TransportErrorKind::Proxy => failed.hint(),
        TransportErrorKind::HostNotFound if takes_no_names(via) => {
            "check the connection and this machine's DNS; with socks5h:// it is the proxy that resolves names"
                .into()
        }
        // It is the proxy that is connected to.
        TransportErrorKind::HostNotFound
        | TransportErrorKind::ConnectionRefused
        | TransportErrorKind::ConnectionFailed
        | TransportErrorKind::ConnectTimeout => {
            "check that variable; NO_PROXY names hosts that are asked without a proxy".into()
        }
        _ => "try again; if it stays so, ask those who run the proxy whether it lets this through".into(),
    }
}

/// True where the environment names a proxy, and this host is asked without it.
pub(crate) fn is_exempt(host: &str) -> bool {
    let goes_out = Probe::start(&format!("https://{host}"), now())
        .is_ok_and(|step| matches!(step, Step::Send(out, _) if !out.bypasses_proxies()));
    goes_out && is_exempt_from_proxies(host) && matches!(Via::of_environment(), Ok(Some(_)))
}

/// What to do where such a host is out of reach.
pub(crate) const EXEMPT: &str = "check the connection; NO_PROXY names this host: where only a proxy leads there, take it out of that list";

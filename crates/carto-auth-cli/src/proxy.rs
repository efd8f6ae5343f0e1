//! The proxy on the way to a host, for people who look for what is wrong with it.

use std::borrow::Cow;

use carto_auth_core::{Error, Probe, TransportError, TransportErrorKind};
use carto_auth_native::now;
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
        _ => "check that variable; NO_PROXY names hosts that are asked without a proxy".into(),
    }
}

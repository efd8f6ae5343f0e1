//! The HTTP clients that requests go out through.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::redirects::follows_redirects;
use crate::tls::{with_platform_trust, without_trust};
use carto_auth_core::{Error, Outgoing};
use carto_auth_native::{is_exempt_from_proxies, not_a_proxy, proxy_variable};
use http::uri::Scheme;
use reqwest::{Client, ClientBuilder, NoProxy, Proxy, redirect};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP clients to send with; clones share them.
///
/// Nothing is loaded by making one: each client is built by the first request that needs it, which for https
/// reads the trust store (some milliseconds, on the thread of that request).
#[derive(Clone, Default)]
pub struct Transport(Arc<Clients>);

/// One client per answer to the questions "through a proxy?" and "with TLS?", for reqwest has both fixed per
/// client.
#[derive(Default)]
struct Clients {
    beyond: OnceLock<Client>,
    direct_https: OnceLock<Client>,
    direct_http: OnceLock<Client>,
    /// Whether the caller's client follows redirects, once that is known.
    callers_follows: Option<OnceLock<bool>>,
}

impl Transport {
    /// Clients with rustls, the platform's trust and the environment's proxies, and without redirects,
    /// compression and kept connections (a token is asked for once a day).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends with a client of the caller's, whose proxies, trust and resolver count.
    ///
    /// It must be built with `redirect::Policy::none()`: a client that follows redirects may hand the credentials
    /// to whomever it is sent to. Before it is given any, it is led to a redirect on loopback; one that follows is refused
    /// with [`Error::Client`]. (One that reaches nothing there, because it sends everything through a proxy or speaks only
    /// https or HTTP/2, cannot be tried; a reply from another address than was asked is refused all the same.) It should be built with a
    /// `connect_timeout` of 10 seconds, without which connecting may take as long as the whole exchange, and with
    /// rustls, without which certificate failures are reported as failed connections.
    ///
    /// Requests to loopback do not go through it but out directly, through a client of ours: its proxies would
    /// read what plain http carries.
    #[must_use]
    pub fn with_client(client: Client) -> Self {
        Self(Arc::new(Clients {
            beyond: client.into(),
            callers_follows: Some(OnceLock::new()),
            ..Clients::default()
        }))
    }

    /// The client for this request.
    pub(crate) async fn client_for(&self, out: &Outgoing) -> Result<&Client, Error> {
        let of_host = |error| Error::Transport {
            host: out.host().to_owned(),
            error,
        };
        // reqwest's own reading of `NO_PROXY` takes `*` for names alone.
        let is_exempt = || self.0.callers_follows.is_none() && is_exempt_from_proxies(out.host());
        if !out.bypasses_proxies() && !is_exempt() {
            let client = built(&self.0.beyond, || {
                with_platform_trust(through_environments_proxy(builder())?).map_err(of_host)
            })?;
            match &self.0.callers_follows {
                Some(known) if follows(client, known).await => {
                    let words = "the HTTP client follows redirects; build it with redirect::Policy::none()";
                    Err(Error::Client(words.to_owned()))
                }
                _ => Ok(client),
            }
        } else if out.request.uri().scheme() == Some(&Scheme::HTTPS) {
            built(&self.0.direct_https, || {
                with_platform_trust(builder().no_proxy()).map_err(of_host)
            })
        } else {
            // A machine without certificates (a slim container) can still test against loopback.
            built(&self.0.direct_http, || {
                without_trust(builder().no_proxy()).map_err(of_host)
            })
        }
    }
}

/// A client that could not be tried is tried again with the next request.
async fn follows(client: &Client, known: &OnceLock<bool>) -> bool {
    if let Some(follows) = known.get() {
        return *follows;
    }
    let tried = follows_redirects(client).await;
    tried.is_some_and(|follows| *known.get_or_init(|| follows))
}

impl fmt::Debug for Transport {
    /// Leaves the clients out: theirs shows proxies and headers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

/// A client for requests of the program's own, with our TLS settings: rustls with the program's provider or ring, and the
/// platform's trust, the environment's proxies (by reqwest's own reading of `NO_PROXY`), no redirects. Without such settings, or reqwest's own `rustls` feature, building a client
/// panics for want of a provider.
///
/// # Errors
/// [`Error::Client`] when the platform's trust cannot be loaded, or the features leave TLS out; [`Error::Address`] when the
/// first variable that is set names no proxy.
pub fn default_client() -> Result<Client, Error> {
    let mut builder = builder().pool_max_idle_per_host(usize::MAX);
    for (through, variables) in [(Proxy::https as Through, &FOR_HTTPS), (Proxy::http, &FOR_HTTP)] {
        if let Some(proxy) = environments(through, variables)? {
            builder = builder.proxy(proxy.no_proxy(NoProxy::from_env()));
        }
    }
    with_platform_trust(builder)
        .map_err(cannot_be_set_up)?
        .build()
        .map_err(cannot_be_set_up)
}

/// Where reqwest looks, in its order.
const FOR_HTTPS: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const FOR_HTTP: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Makes a proxy for addresses of one scheme.
type Through = fn(String) -> reqwest::Result<Proxy>;

fn environments(through: Through, variables: &[&'static str]) -> Result<Option<Proxy>, Error> {
    let Some((name, address)) = proxy_variable(variables)? else {
        return Ok(None);
    };
    through(address.expose().to_owned())
        .map(Some)
        .map_err(|_| not_a_proxy(name))
}

/// reqwest itself would go on without a proxy where a variable names none that can be used. Where none is set, the system's
/// settings are its business.
fn through_environments_proxy(builder: ClientBuilder) -> Result<ClientBuilder, Error> {
    Ok(match environments(Proxy::https, &FOR_HTTPS)? {
        Some(proxy) => builder.proxy(proxy),
        None => builder,
    })
}

fn cannot_be_set_up(error: impl fmt::Display) -> Error {
    // Its words are reqwest's own, or those of TLS: no URL and no proxy is known yet.
    Error::Client(format!("the HTTP client cannot be set up: {error}"))
}

/// The client in the cell, built first if need be. A failure is not kept, for the next attempt may find
/// certificates; two first requests at once may build two clients, of which one is dropped.
fn built(
    cell: &OnceLock<Client>,
    build: impl FnOnce() -> Result<ClientBuilder, Error>,
) -> Result<&Client, Error> {
    if let Some(client) = cell.get() {
        return Ok(client);
    }
    let client = build()?.build().map_err(cannot_be_set_up)?;
    Ok(cell.get_or_init(|| client))
}

/// Compression is turned off, not just left out: another crate of the program may turn reqwest's features on.
fn builder() -> ClientBuilder {
    Client::builder()
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT_TIMEOUT)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
}

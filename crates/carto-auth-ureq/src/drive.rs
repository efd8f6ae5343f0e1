//! The driver: carries out what a flow asks for.

use std::io::{self, ErrorKind, Read as _};
use std::thread;

use carto_auth_core::{
    Body, Error, Flow, Outgoing, Sent, Step, TlsProblem, TransportError, TransportErrorKind,
};
use carto_auth_native::now;
#[cfg(feature = "rustls-no-provider")]
use rustls::Error as TlsError;
use ureq::http::Response;
use ureq::http::uri::Scheme;
use ureq::{Agent, Proxy, ProxyProtocol, Timeout};

use crate::agent::has_provider;
use crate::via::proxy_for;

/// Carries a flow out to its end.
///
/// # Errors
/// The flow's, and [`Error::Address`] when the environment's proxy cannot be used.
pub fn drive<F: Flow>(agent: &Agent, mut step: Step<F>) -> Result<F::Output, Error> {
    loop {
        step = match step {
            Step::Done(output) => return Ok(output),
            Step::Sleep(duration, next) => {
                log::info!("waiting {duration:.1?} before the next attempt");
                thread::sleep(duration);
                next.resume(now())?
            }
            Step::Send(out, next) => {
                let proxy = proxy_for(agent, &out)?;
                next.resume(send(agent, out, proxy), now())?
            }
        }
    }
}

/// Sends a request as it is, whatever the agent was configured to do with redirects, statuses and time.
fn send(agent: &Agent, out: Outgoing, proxy: Option<Proxy>) -> Result<Response<Vec<u8>>, TransportError> {
    log::debug!("{} {}", out.request.method(), out.request.uri());
    if out.request.uri().scheme() == Some(&Scheme::HTTPS)
        && let Some(error) = obstacle(agent)
    {
        return Err(error);
    }
    let body_limit = out.body_limit as u64;
    let is_through_socks = proxy.as_ref().is_some_and(is_socks);
    let request = agent
        .configure_request(out.request.map(Body::into_bytes))
        .proxy(proxy)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_resolve(Some(out.connect_timeout))
        .timeout_connect(Some(out.connect_timeout))
        .timeout_global(Some(out.timeout))
        .build();
    let response = agent.run(request).map_err(|error| match error {
        ureq::Error::Io(error) if is_through_socks => socks_error(&error),
        error => transport_error(error),
    })?;
    let (parts, mut body) = response.into_parts();
    log::debug!("answered {}", parts.status);
    let mut bytes = Vec::new();
    let read = body.as_reader().take(body_limit).read_to_end(&mut bytes);
    read.map_err(|error| transport_error(error.into()))?;
    Ok(Response::from_parts(parts, bytes))
}

/// What would make ureq panic or read for ever, before it sends anything with TLS.
fn obstacle(agent: &Agent) -> Option<TransportError> {
    if !has_provider(agent) {
        return Some(no_tls());
    }
    #[cfg(feature = "rustls-no-provider")]
    if matches!(
        agent.config().tls_config().root_certs(),
        ureq::tls::RootCerts::PlatformVerifier
    ) {
        return carto_auth_native::endless_certificates();
    }
    None
}

const NO_TLS: &str = "the program has none: turn on the feature `rustls` of carto-auth-ureq, or with \
                      `rustls-no-provider` install a CryptoProvider";

fn no_tls() -> TransportError {
    TransportError::new(TransportErrorKind::Tls, Sent::No)
        .with_tls_problem(TlsProblem::Unavailable)
        .with_detail(NO_TLS)
}

/// Says what failed in words of ours: an error text of the client may hold the address of a proxy, password
/// included.
fn transport_error(error: ureq::Error) -> TransportError {
    use TransportErrorKind as Kind;
    let maybe = |kind| TransportError::new(kind, Sent::Maybe);
    match error {
        ureq::Error::HostNotFound => maybe(Kind::HostNotFound),
        ureq::Error::ConnectionFailed => TransportError::new(Kind::ConnectionFailed, Sent::No),
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => maybe(Kind::ConnectTimeout),
        ureq::Error::Timeout(_) => maybe(Kind::Timeout),
        ureq::Error::ConnectProxyFailed(words) => {
            let failed = maybe(Kind::Proxy);
            match connect_status(&words) {
                Some(status) => failed.with_proxy_status(status),
                None => failed,
            }
        }
        ureq::Error::InvalidProxyUrl => maybe(Kind::Proxy),
        #[cfg(feature = "rustls-no-provider")]
        ureq::Error::Rustls(error) => carto_auth_native::tls_error(&error),
        ureq::Error::Tls(_) => maybe(Kind::Tls),
        ureq::Error::TlsRequired => no_tls(),
        ureq::Error::Protocol(_)
        | ureq::Error::Http(_)
        | ureq::Error::LargeResponseHeader(..)
        | ureq::Error::BodyStalled => maybe(Kind::Protocol),
        ureq::Error::Io(error) => io_error(&error),
        _ => maybe(Kind::Other),
    }
}

/// ureq has it in its words only, `proxy server responded 407/407`.
fn connect_status(words: &str) -> Option<u16> {
    words.rsplit_once('/')?.1.parse().ok()
}

fn is_socks(proxy: &Proxy) -> bool {
    !matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https)
}

/// What a SOCKS proxy refuses, and what cannot be said to one, has no type, only a kind that nothing else on the way to a host
/// has.
fn socks_error(error: &io::Error) -> TransportError {
    let failed = io_error(error);
    let is_refusal = match error.kind() {
        ErrorKind::Other | ErrorKind::PermissionDenied | ErrorKind::InvalidInput => true,
        // Another crate's TLS in ureq has errors of this kind, too.
        ErrorKind::InvalidData => error.to_string().starts_with("invalid re"),
        _ => false,
    };
    match failed.kind() == TransportErrorKind::Other && is_refusal && error.raw_os_error().is_none() {
        // ureq's words, which hold nothing of the proxy's address.
        true => TransportError::new(TransportErrorKind::Proxy, Sent::No).with_detail(error.to_string()),
        false => failed,
    }
}

fn io_error(error: &io::Error) -> TransportError {
    use TransportErrorKind as Kind;
    #[cfg(feature = "rustls-no-provider")]
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        return carto_auth_native::tls_error(tls);
    }
    if is_unknown_host(error) {
        return TransportError::new(Kind::HostNotFound, Sent::No);
    }
    let kind = match error.kind() {
        ErrorKind::ConnectionRefused => Kind::ConnectionRefused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Kind::ConnectionFailed
        }
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => Kind::Disconnected,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Kind::Timeout,
        _ => Kind::Other,
    };
    TransportError::new(kind, Sent::Maybe)
}

/// The standard library has no kind for a name without an address, only words, or the number of Windows.
fn is_unknown_host(error: &io::Error) -> bool {
    const WSAHOST_NOT_FOUND: i32 = 11001;
    let is_windows = cfg!(windows) && error.raw_os_error() == Some(WSAHOST_NOT_FOUND);
    is_windows
        || error
            .to_string()
            .starts_with("failed to lookup address information")
}

#[cfg(all(test, not(feature = "rustls")))]
mod tests {
    use std::net::TcpListener;

    use carto_auth_core::{Endpoints, Jitter, M2mCredentials, TokenRequest};

    use super::*;
    use crate::agent::default_agent;

    #[test]
    fn without_the_feature_there_is_no_tls_and_that_is_said() {
        let machine = M2mCredentials::new("https://a.carto.com", "id", "secret").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let endpoints = Endpoints::carto()
            .with_auth_url(&format!("https://{address}"))
            .unwrap();
        let step = TokenRequest::client_credentials(&machine, &endpoints, Jitter::new(7), now());
        let error = drive(&default_agent(), step).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot reach 127.0.0.1: TLS failed ({NO_TLS})")
        );
    }
}

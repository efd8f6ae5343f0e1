//! The driver: carries out what a flow asks for.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::iter;

use carto_auth_core::{Body, Error, Flow, Outgoing, Sent, Step, TransportError, TransportErrorKind};
use carto_auth_native::now;
use http::Response;
use reqwest::{Client, Request};
use tokio::time;

use crate::transport::Transport;

/// Carries a flow out to its end.
///
/// Dropping the future cancels the flow. Connecting may take 10 seconds, or the whole exchange's time where that
/// is shorter: reqwest has no connect timeout per request, and these are what the core asks for.
///
/// # Errors
/// The flow's, [`Error::Client`] when there is no HTTP client to send with, and [`Error::Address`] when the environment's
/// proxy cannot be used; [`Error::Transport`], too, where the program has no TLS or this machine names nobody to trust.
pub async fn drive<F: Flow>(transport: &Transport, mut step: Step<F>) -> Result<F::Output, Error> {
    loop {
        step = match step {
            Step::Done(output) => return Ok(output),
            Step::Sleep(duration, next) => {
                log::info!("waiting {duration:.1?} before the next attempt");
                time::sleep(duration).await;
                next.resume(now())?
            }
            Step::Send(out, next) => {
                let client = transport.client_for(&out).await?;
                next.resume(send(client, out).await, now())?
            }
        }
    }
}

/// Sends a request as it is, whatever the client was configured to do with statuses and time.
async fn send(client: &Client, out: Outgoing) -> Result<Response<Vec<u8>>, TransportError> {
    log::debug!("{} {}", out.request.method(), out.request.uri());
    let body_limit = out.body_limit;
    let mut request = Request::try_from(out.request.map(Body::into_bytes)).map_err(transport_error)?;
    *request.timeout_mut() = Some(out.timeout);
    let url = request.url().clone();
    let mut reply = client.execute(request).await.map_err(transport_error)?;
    log::debug!("answered {}", reply.status());
    if *reply.url() != url {
        return Err(redirected());
    }
    let mut bytes = Vec::new();
    while bytes.len() < body_limit
        && let Some(chunk) = reply.chunk().await.map_err(transport_error)?
    {
        let room = body_limit - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    let (parts, _) = Response::from(reply).into_parts();
    Ok(Response::from_parts(parts, bytes))
}

fn redirected() -> TransportError {
    TransportError::new(TransportErrorKind::Other, Sent::Maybe)
        .with_detail("the HTTP client followed a redirect; build it with redirect::Policy::none()")
}

/// Says what failed in words of ours: an error text of the client may hold the address of a proxy, password
/// included.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn transport_error(error: reqwest::Error) -> TransportError {
    use TransportErrorKind as Kind;
    let sent = if error.is_connect() { Sent::No } else { Sent::Maybe };
    let causes = || iter::successors(Some(&error as &(dyn StdError + 'static)), |error| cause(*error));
    #[cfg(feature = "rustls-no-provider")]
    if let Some(tls) = causes().find_map(|cause| cause.downcast_ref()) {
        return carto_auth_native::tls_error(tls);
    }
    if error.is_redirect() {
        return redirected();
    }
    let kind = match (error.is_connect(), error.is_timeout()) {
        _ if error.is_dns() => Kind::HostNotFound,
        (true, true) => Kind::ConnectTimeout,
        (false, true) => Kind::Timeout,
        (true, false) => causes().find_map(kind_of).unwrap_or(Kind::ConnectionFailed),
        (false, false) => causes().find_map(kind_of).unwrap_or(Kind::Other),
    };
    TransportError::new(kind, sent)
}

/// The next error inwards. What an `io::Error` wraps is not its source but what it shows as itself.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn kind_of(cause: &(dyn StdError + 'static)) -> Option<TransportErrorKind> {
    if let Some(error) = cause.downcast_ref() {
        io_kind(error)
    } else if let Some(error) = cause.downcast_ref() {
        http_kind(error)
    } else {
        proxy_kind(cause)
    }
}

fn io_kind(error: &io::Error) -> Option<TransportErrorKind> {
    use TransportErrorKind as Kind;
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(Kind::ConnectionRefused),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Some(Kind::ConnectionFailed)
        }
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => Some(Kind::Disconnected),
        // hyper's, for chunks that are none.
        ErrorKind::InvalidData | ErrorKind::InvalidInput => Some(Kind::Protocol),
        _ => None,
    }
}

fn http_kind(error: &hyper::Error) -> Option<TransportErrorKind> {
    if error.is_parse() {
        Some(TransportErrorKind::Protocol)
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        Some(TransportErrorKind::Disconnected)
    } else {
        None
    }
}

/// The types of these two are private; their words are not ours, so the suite asks a proxy that refuses.
fn proxy_kind(cause: &(dyn StdError + 'static)) -> Option<TransportErrorKind> {
    let words = cause.to_string();
    let is_refusal = words.starts_with("tunnel error") || words.starts_with("SOCKS error");
    (is_refusal && cause.source().is_none()).then_some(TransportErrorKind::Proxy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_move_between_threads(_: impl Send) {}

    #[expect(dead_code, reason = "compiling it is the test")]
    fn driving_may_move_between_threads<F>(transport: &Transport, step: Step<F>)
    where
        F: Flow<Output: Send> + Send,
    {
        may_move_between_threads(drive(transport, step));
    }
}

//! The head of a request to the callback listener, read as its bytes come in.
//!
//! Only a browser that comes back from the login is let through: `GET` of the redirect URI's path, with this
//! listener's host, as a top-level navigation. Everything else has an answer of its own.

use httparse::{Error as ParseError, Request, Status};
use url::Url;

use crate::page::Page;
use crate::wiped::Wiped;

/// The longest request line, in bytes.
const LONGEST_LINE: usize = 8 << 10;
/// The longest head, in bytes.
const LONGEST_HEAD: usize = 16 << 10;
/// The most headers.
const MOST_HEADERS: usize = 100;

/// One connection to the callback listener. A request line of more than 8 KiB, a head of more than 16 KiB and more than
/// 100 headers are [`Page::TooLarge`]; how long to wait for them is the listener's affair.
///
/// ```
/// use carto_auth_core::{Endpoints, Heard, LoopbackRequest};
///
/// let carto = Endpoints::carto();
/// let mut request = LoopbackRequest::new(carto.redirect_uri());
/// assert_eq!(request.receive(b"GET /callback/?code=c&state=s HTTP/1.1\r\nHost: local"), Heard::More);
/// let target = "/callback/?code=c&state=s".to_owned();
/// assert_eq!(request.receive(b"host:10000\r\n\r\n"), Heard::Callback(target));
/// ```
pub struct LoopbackRequest {
    head: Wiped,
    path: String,
    port: u16,
}

/// What a connection has said so far.
#[derive(Clone, PartialEq, Eq)]
pub enum Heard {
    /// The head goes on.
    More,
    /// The target of a request that may be the callback: hand it to
    /// [`Login::callback`](crate::Login::callback). It may hold a code.
    Callback(String),
    /// Something else, to be answered with this page.
    Other(Page),
}

impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::More => f.write_str("More"),
            Self::Callback(_) => f.write_str("Callback(..)"),
            Self::Other(page) => f.debug_tuple("Other").field(page).finish(),
        }
    }
}

impl LoopbackRequest {
    /// A connection to the listener at this redirect URI.
    #[must_use]
    pub fn new(redirect_uri: &Url) -> Self {
        Self {
            head: Wiped::new(Vec::with_capacity(2000)),
            path: redirect_uri.path().to_owned(),
            port: redirect_uri.port_or_known_default().unwrap_or_default(),
        }
    }

    /// Takes the next bytes. However they are split, the verdict is the same.
    pub fn receive(&mut self, bytes: &[u8]) -> Heard {
        // One byte more than is allowed tells that it is too much.
        let room = LONGEST_HEAD + 1 - self.head.len().min(LONGEST_HEAD + 1);
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.verdict()
    }

    fn verdict(&self) -> Heard {
        let start = &self.head[..self.head.len().min(LONGEST_LINE)];
        // What comes first decides, however the bytes came in: nothing behind an endless line is looked at.
        let line = start.trim_ascii_start();
        let limit = if line.contains(&b'\n') {
            LONGEST_HEAD
        } else {
            LONGEST_LINE
        };
        let allowed = &self.head[..self.head.len().min(limit)];
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = Request::new(&mut headers);
        let parsed = request.parse(allowed);
        match parsed {
            Err(ParseError::TooManyHeaders) => Heard::Other(Page::TooLarge),
            Err(_) => Heard::Other(Page::BadRequest),
            Ok(Status::Complete(_)) => self.judge(&request),
            Ok(Status::Partial) if self.head.len() > limit => Heard::Other(Page::TooLarge),
            Ok(Status::Partial) => Heard::More,
        }
    }

    fn judge(&self, request: &Request<'_, '_>) -> Heard {
        let (Some(method), Some(target)) = (request.method, request.path) else {
            return Heard::Other(Page::BadRequest);
        };
        let mut hosts = values(request, "host");
        let page = match (hosts.next(), hosts.next()) {
            (Some(host), None) if !self.is_ours(host) => Page::Misdirected,
            (Some(_), None) if target.split('?').next() != Some(&self.path) => Page::NotFound,
            (Some(_), None) if method != "GET" => Page::MethodNotAllowed,
            (Some(_), None) if self.is_navigation(request) => return Heard::Callback(target.to_owned()),
            _ => Page::BadRequest,
        };
        Heard::Other(page)
    }

    /// A name that leads elsewhere for others, but here for this browser, is how a web page reaches loopback (DNS
    /// rebinding).
    fn is_ours(&self, host: &[u8]) -> bool {
        ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .any(|name| host.eq_ignore_ascii_case(format!("{name}:{}", self.port).as_bytes()))
    }

    /// A browser that comes back from a login opens a page of its own; a script, an image, a frame or a prefetch
    /// is somebody else's doing (<https://www.w3.org/TR/fetch-metadata/>).
    fn is_navigation(&self, request: &Request<'_, '_>) -> bool {
        let only =
            |name, allowed: &[u8]| values(request, name).all(|value| value.eq_ignore_ascii_case(allowed));
        let is_ours = |origin: &[u8]| {
            origin
                .strip_prefix(b"http://")
                .is_some_and(|host| self.is_ours(host))
        };
        only("sec-fetch-mode", b"navigate")
            && only("sec-fetch-dest", b"document")
            && values(request, "origin").all(is_ours)
            && values(request, "sec-purpose").next().is_none()
            && values(request, "purpose").next().is_none()
    }
}

impl std::fmt::Debug for LoopbackRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LoopbackRequest({} bytes)", self.head.len())
    }
}

fn values<'a>(request: &'a Request<'_, '_>, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    let headers = request.headers.iter();
    headers
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}

#[cfg(test)]
#[path = "loopback_request_tests.rs"]
mod tests;

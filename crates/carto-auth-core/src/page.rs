//! What a browser, or whatever else connects to the callback listener, is answered: constant bytes, nothing
//! reflected.

use url::Url;

/// An answer of the callback listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Page {
    /// 303. The login is done: the browser goes on to CARTO's page, and code and state leave its history.
    Success,
    /// 403. The login was refused.
    Denied,
    /// 502. The login was accepted, but no token came of it.
    Failed,
    /// 400. The answer is not this login's.
    ForeignLogin,
    /// 404. Not the path of the callback.
    NotFound,
    /// 405. Not a GET.
    MethodNotAllowed,
    /// 400. Not a request that a browser makes when it comes back from a login.
    BadRequest,
    /// 421, <https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20>. For another host.
    Misdirected,
    /// 431, <https://www.rfc-editor.org/rfc/rfc6585#section-5>. The line, the head or the number of headers is too large.
    TooLarge,
}

impl Page {
    /// The whole HTTP/1.1 response; a success leads on to `success_page`.
    #[must_use]
    pub fn response(self, success_page: &Url) -> Vec<u8> {
        let (status, title, text) = match self {
            Self::Success => ("303 See Other", "Logged in", "You may close this page."),
            Self::Denied => (
                "403 Forbidden",
                "Not logged in",
                "The login was refused. The program that you came from says why; you may close this page.",
            ),
            Self::Failed => (
                "502 Bad Gateway",
                "Not logged in",
                "CARTO accepted you, but the login could not be completed. The program that you came from says why; you may close this page.",
            ),
            Self::ForeignLogin => (
                "400 Bad Request",
                "Not this login",
                "This address does not belong to the login that is waiting here. Go back to the page that the program shows, and start again from there.",
            ),
            Self::NotFound => (
                "404 Not Found",
                "Nothing here",
                "A login is waiting at another address.",
            ),
            Self::MethodNotAllowed => (
                "405 Method Not Allowed",
                "Not like this",
                "Only GET is answered here.",
            ),
            Self::BadRequest => (
                "400 Bad Request",
                "Bad request",
                "This is not how a browser comes back from a login.",
            ),
            Self::Misdirected => (
                "421 Misdirected Request",
                "Wrong host",
                "This request is for another host.",
            ),
            Self::TooLarge => (
                "431 Request Header Fields Too Large",
                "Too large",
                "The request is too large.",
            ),
        };
        let body = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><p>{text}</p></html>\n"
        );
        let extra = match self {
            Self::Success => format!("location: {success_page}\r\n"),
            Self::MethodNotAllowed => "allow: GET\r\n".to_owned(),
            _ => String::new(),
        };
        format!(
            "HTTP/1.1 {status}\r\n{extra}content-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\nreferrer-policy: no-referrer\r\nx-content-type-options: nosniff\r\n\
             content-security-policy: default-src 'none'; frame-ancestors 'none'\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

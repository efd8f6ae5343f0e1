//! A person at a browser, for programs that have neither.

use std::io;

use url::Url;
use url::form_urlencoded::Serializer;

use crate::loopback_http::{Reply, addresses, exchange, problem};
use crate::sandbox::Sandbox;

const MOST_PAGES: usize = 10;

/// What the person does when asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Person {
    /// Logs in and accepts.
    Accepts,
    /// Logs in and denies.
    Denies,
    /// Logs in with a wrong password, then with the right one, and accepts.
    MistypesThenAccepts,
}

/// A browser that is good for logging in to the sandbox, and never leaves loopback. It keeps the sandbox's cookie:
/// the second login with the same one does not see the form again.
#[derive(Clone, Debug)]
pub struct UserAgent {
    sandbox: String,
    email: String,
    password: String,
    cookie: Option<String>,
}

/// Where a visit ended.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Visited {
    /// The last address.
    pub address: String,
    /// Its status, or nothing if the address is not on loopback: it was not visited then.
    pub status: Option<u16>,
    /// Its page.
    pub page: String,
}

impl Sandbox {
    /// A browser without cookies.
    #[must_use]
    pub fn user_agent(&self) -> UserAgent {
        UserAgent {
            sandbox: self.url(),
            email: self.email(),
            password: self.password(),
            cookie: None,
        }
    }

    /// Logs the person in with a new browser; see [`UserAgent::log_in_at`].
    ///
    /// # Errors
    /// As there.
    pub fn log_in_at(&self, authorize_url: &str, person: Person) -> io::Result<String> {
        self.user_agent().log_in_at(authorize_url, person)
    }
}

impl UserAgent {
    /// Opens the address of an authorization request, does what the person does, and gives the address to which
    /// the sandbox sends the browser at last: the redirect URI with `code` or `error`. It is not visited.
    ///
    /// # Errors
    /// When the address is not the sandbox's, a connection fails, or a page is no login and no consent; the
    /// error then tells what the page says.
    pub fn log_in_at(&mut self, authorize_url: &str, person: Person) -> io::Result<String> {
        let mut url = parse(authorize_url)?;
        if !self.is_on_sandbox(&url) {
            return Err(problem("the address is not on this sandbox"));
        }
        let mut reply = self.fetch(&url, None)?;
        let mut mistypes = person == Person::MistypesThenAccepts;
        for _ in 0..MOST_PAGES {
            if let Some(location) = reply.location() {
                return Ok(location.to_owned());
            }
            let (page, ticket) = (
                &reply.body,
                between(&reply.body, "name=\"ticket\" value=\"", "\""),
            );
            let mut form = Serializer::new(String::new());
            form.append_pair("ticket", ticket.unwrap_or_default());
            let path = if page.contains("id=\"log-in\"") {
                let password = if mistypes {
                    "a typing error"
                } else {
                    &self.password
                };
                form.extend_pairs([("email", self.email.as_str()), ("password", password)]);
                "/authorize/login"
            } else if page.contains("id=\"accept\"") {
                let answer = if person == Person::Denies {
                    "deny"
                } else {
                    "accept"
                };
                form.append_pair("answer", answer);
                "/authorize/consent"
            } else {
                return Err(unexpected(&reply));
            };
            url.set_query(None);
            url.set_path(path);
            reply = self.fetch(&url, Some(&form.finish()))?;
            mistypes = false;
        }
        Err(problem("the login does not end"))
    }

    /// Opens an address on loopback, such as the callback address of a login, and follows its redirects until there
    /// is a page, or an address elsewhere.
    ///
    /// # Errors
    /// When a connection fails or the redirects do not end.
    pub fn visit(&mut self, address: &str) -> io::Result<Visited> {
        let mut url = parse(address)?;
        for _ in 0..MOST_PAGES {
            if addresses(&url).is_none() {
                return Ok(Visited {
                    address: url.into(),
                    status: None,
                    page: String::new(),
                });
            }
            let reply = self.fetch(&url, None)?;
            let Some(location) = reply.location() else {
                return Ok(Visited {
                    address: url.into(),
                    status: Some(reply.status),
                    page: reply.body,
                });
            };
            url = url
                .join(location)
                .map_err(|_| problem("a redirect leads nowhere"))?;
        }
        Err(problem("the redirects do not end"))
    }

    fn fetch(&mut self, url: &Url, form: Option<&str>) -> io::Result<Reply> {
        if !self.is_on_sandbox(url) {
            return exchange(url, None, form);
        }
        let reply = exchange(url, self.cookie.as_deref(), form)?;
        if let Some(cookie) = reply.header("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        Ok(reply)
    }

    fn is_on_sandbox(&self, url: &Url) -> bool {
        url.origin().ascii_serialization() == self.sandbox
    }
}

fn parse(address: &str) -> io::Result<Url> {
    Url::parse(address).map_err(|error| problem(&format!("the address is no URL: {error}")))
}

fn unexpected(reply: &Reply) -> io::Error {
    let says = between(&reply.body, "<p id=\"problem\">", "</p>").unwrap_or("no page of a login");
    problem(&format!("the sandbox answered {}: {says}", reply.status))
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

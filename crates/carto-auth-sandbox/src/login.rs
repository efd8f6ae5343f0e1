//! What the sandbox remembers of logins, and how a test changes it.

use std::collections::{HashMap, HashSet};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use std::{io, process};

use crate::authorize::AuthorizeRequest;
use crate::codes::Codes;
use crate::person::Credentials;
use crate::refresh_tokens::RefreshTokens;
use crate::sandbox::Sandbox;

pub(crate) struct Logins {
    pub(crate) person: Credentials,
    pub(crate) client_ids: HashSet<String>,
    pub(crate) redirect_uris: HashSet<String>,
    pub(crate) issuer: Option<String>,
    /// The logins that wait for the person.
    pub(crate) tickets: HashMap<String, Ticket>,
    /// The cookies of the browsers in which the person is logged in.
    pub(crate) browsers: HashSet<String>,
    pub(crate) codes: Codes,
    pub(crate) refresh_tokens: RefreshTokens,
}

/// A login that waits for the person.
pub(crate) struct Ticket {
    pub(crate) request: AuthorizeRequest,
    pub(crate) is_logged_in: bool,
}

impl Logins {
    pub(crate) fn new(url: &str, person: Credentials, code_lifetime: Duration) -> Self {
        let callback = "http://localhost:10000/callback/".to_owned();
        Self {
            person,
            client_ids: HashSet::from([Sandbox::PUBLIC_CLIENT_ID.to_owned()]),
            redirect_uris: HashSet::from([callback, format!("{url}/auth/token")]),
            issuer: None,
            tickets: HashMap::new(),
            browsers: HashSet::new(),
            codes: Codes::new(code_lifetime),
            refresh_tokens: RefreshTokens::default(),
        }
    }
}

/// The login of a person.
impl Sandbox {
    /// The client id that people log in with, carto-auth's own.
    pub const PUBLIC_CLIENT_ID: &str = "0dxb8HR3ATXCxJiPOJVHsLoHoAtbRX6u";

    /// Registers another public client id. Public clients share their redirect URIs.
    pub fn register_client_id(&self, client_id: &str) {
        self.shared.state().logins.client_ids.insert(client_id.to_owned());
    }

    /// Registers another redirect URI, to be matched to the byte.
    ///
    /// There are two already: `http://localhost:10000/callback/` and `{url}/auth/token`.
    pub fn register_redirect_uri(&self, uri: &str) {
        self.shared.state().logins.redirect_uris.insert(uri.to_owned());
    }

    /// Registers a redirect URI on this machine that others than a login at port 10000 can use, and gives it. Its port, 10,100 to
    /// 11,999, is free on both loopback addresses at the moment; Linux, macOS and Windows give connections none of that range unless they
    /// are told to.
    ///
    /// # Errors
    /// When no port of the range is free.
    ///
    /// ```
    /// let carto = carto_auth_sandbox::Sandbox::start()?;
    /// assert!(carto.register_free_redirect_uri()?.starts_with("http://localhost:1"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn register_free_redirect_uri(&self) -> io::Result<String> {
        let port = free_port().ok_or_else(|| io::Error::other("no port of 10100 to 11999 is free"))?;
        let uri = format!("http://localhost:{port}/callback/");
        self.register_redirect_uri(&uri);
        Ok(uri)
    }

    /// The issuer of its tokens, `{url}/`.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.shared.issuer()
    }

    /// Sends this `iss` with every answer to a callback address (RFC 9207), or none, as from the start.
    ///
    /// A good client refuses any but [`Self::issuer`].
    pub fn send_issuer(&self, issuer: Option<String>) {
        self.shared.state().logins.issuer = issuer;
    }

    /// The person's email, for a browser of your own.
    #[must_use]
    pub fn email(&self) -> String {
        self.shared.state().logins.person.email.clone()
    }

    /// The person's password, for a browser of your own.
    #[must_use]
    pub fn password(&self) -> String {
        self.shared.state().logins.person.password.clone()
    }

    /// Revokes every refresh token that was issued so far.
    pub fn revoke_refresh_tokens(&self) {
        self.shared.state().logins.refresh_tokens.revoke_all();
    }
}

/// Each call looks on from where the last one did, and each process begins elsewhere: two that are at it at once seldom meet.
fn free_port() -> Option<u16> {
    const FIRST: u16 = 10_100;
    const COUNT: u16 = 1_900;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (process::id().wrapping_mul(97) % u32::from(COUNT)) as u16;
    let is_free = |address| match TcpListener::bind(address) {
        Ok(_) => true,
        // A family that this machine does not have takes no port; the system may also keep one for itself.
        Err(error) => !matches!(
            error.kind(),
            io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
        ),
    };
    (0..COUNT)
        .map(|_| FIRST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .find(|port| is_free(("127.0.0.1", *port)) && is_free(("::1", *port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_free_redirect_uri_is_another_one_and_can_be_listened_at() {
        let carto = Sandbox::start().unwrap();
        let first = carto.register_free_redirect_uri().unwrap();
        let port = first.strip_prefix("http://localhost:").unwrap();
        let port = port.strip_suffix("/callback/").unwrap().parse::<u16>().unwrap();
        assert!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "{first}");
        assert_ne!(first, carto.register_free_redirect_uri().unwrap());
        assert!(carto.shared.state().logins.redirect_uris.contains(&first));
    }
}

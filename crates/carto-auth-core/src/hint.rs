//! What a person can do about each error.

use std::borrow::Cow;
use std::io::ErrorKind as Io;

use crate::error::{Denial, Error};
use crate::host_rules::{AddressProblem, is_loopback_host};
use crate::m2m_credentials::CredentialsProblem;
use crate::reply::{Refusal, ReplyError, ReplyProblem};
use crate::transport_error::{TlsProblem, TransportError, TransportErrorKind};

impl Error {
    /// What a person should do next, in a sentence without a full stop.
    #[must_use]
    pub fn hint(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Credentials(error) => credentials_hint(error.problem()),
            Self::Address { problem, .. } => address_hint(*problem),
            Self::UnusableToken => "give the token alone, without quotes, blanks or the word Bearer",
            Self::NotAPerson => "make the login with CartoAuth::oauth",
            Self::Busy => "try again in a few seconds",
            Self::CameTooLate => "try again; if this machine was not asleep, check its clock",
            Self::UnknownOrganization(_) => "check the organization's name, or log in without one",
            Self::TenantAddress { .. } => "if it is your company's CARTO, allow its domain",
            Self::Refused(refusal) => refusal_hint(refusal),
            Self::TokenRefused(_) => {
                "check that the credentials and the API base URL are of one account; CARTO Workspace > Developers shows both"
            }
            Self::NoWarehouseAccess(_) => {
                "ask an administrator of the account for access to it; the plan may not include one"
            }
            Self::NoWarehouse(_) => {
                "self-hosted CARTO has none until its administrator enables it; otherwise check the API base URL"
            }
            Self::Denied(denial) => denial_hint(denial),
            Self::CodeRefused(_) => "log in again, and use the newest address within a minute or two",
            Self::LoginTimedOut(_) => "log in again, with more time if it is needed",
            Self::ClockWentBack { .. } => "check this machine's clock; if it is right, log in again",
            Self::Expired { .. }
            | Self::NotRenewable
            | Self::NotLoggedIn
            | Self::SessionEnded(_)
            | Self::NobodyToAsk(_) => "log in again, or use a machine's credentials",
            Self::RateLimited(refusal) => match refusal.retry_after {
                Some(wait) => return Cow::Owned(format!("try again in {} s", wait.as_secs())),
                None => {
                    "try again later; machine tokens, if it is about one, are counted against a monthly quota"
                }
            },
            Self::Unavailable(_) => "try again in a minute; https://status.carto.com tells of outages",
            Self::Reply(error) => reply_hint(error),
            Self::Transport { host, error } => transport_hint(host, error),
            Self::Client(_) => "report this; it is no fault of your settings",
            Self::Store { error, .. } => match error.kind() {
                Io::StorageFull | Io::QuotaExceeded => {
                    "make room there, or keep tokens elsewhere (CARTO_AUTH_HOME)"
                }
                Io::NotADirectory => "name a folder in CARTO_AUTH_HOME",
                Io::IsADirectory => "remove what is in its place, or keep tokens elsewhere (CARTO_AUTH_HOME)",
                Io::FileTooLarge => "allow this process larger files (ulimit -f)",
                _ => {
                    "check the owner and the mode of the file and its folder, or keep tokens elsewhere (CARTO_AUTH_HOME)"
                }
            },
        })
    }
}

fn credentials_hint(problem: &CredentialsProblem) -> &'static str {
    match problem {
        CredentialsProblem::NotFound | CredentialsProblem::IsDirectory | CredentialsProblem::TooLarge => {
            "name the JSON file that CARTO Workspace > Developers > Credentials lets you download"
        }
        CredentialsProblem::Unreadable(Io::InvalidFilename) => "name a file whose path the system takes",
        CredentialsProblem::Unreadable(_) => "check the file's owner and mode",
        CredentialsProblem::Utf16 => "save it as UTF-8",
        CredentialsProblem::NodeCliFile => {
            "make a machine-to-machine application in CARTO Workspace > Developers > Credentials and use its file"
        }
        CredentialsProblem::ApiBaseUrl(_) => {
            "take it from CARTO Workspace > Developers, for example https://gcp-us-east1.api.carto.com"
        }
        CredentialsProblem::Missing(name) if name.starts_with("CARTO_") => {
            "set CARTO_CLIENT_ID, CARTO_CLIENT_SECRET and CARTO_API_BASE_URL together, or none of them"
        }
        CredentialsProblem::Blanks(_) => "copy the value again, without blanks and line ends",
        _ => {
            "it needs api_base_url, client_id and client_secret; see CARTO Workspace > Developers > Credentials"
        }
    }
}

fn address_hint(problem: AddressProblem) -> &'static str {
    match problem {
        AddressProblem::TooLong => "give the address of CARTO's service alone, without what is below it",
        AddressProblem::NotADomain => "give domains such as acme.com, separated by commas",
        AddressProblem::NotLoopback => {
            "give the one that is registered for the client id; CARTO's own is http://localhost:10000/callback/"
        }
        AddressProblem::ForeignHost => "if it is your company's CARTO, allow its domain",
        AddressProblem::NotAProxy => {
            "give one such as http://proxy.acme.com:3128, without a path (https, socks5 and socks5h are others), or unset the variable"
        }
        _ => "give the whole address, beginning with https://, without user name, query and fragment",
    }
}

fn refusal_hint(refusal: &Refusal) -> &'static str {
    match (refusal.status, refusal.code.as_deref()) {
        (403, _) | (_, Some("unauthorized_client" | "invalid_scope")) => {
            "the client, the audience or the account is not allowed here; check the application's grants and the plan"
        }
        (401, _) => {
            "check client_id and client_secret; CARTO Workspace > Developers > Credentials shows both"
        }
        _ => "check the client id and the account; CARTO's words above say more",
    }
}

fn transport_hint(host: &str, error: &TransportError) -> &'static str {
    match error.kind() {
        kind if kind.is_tls() => tls_hint(kind, error.tls_problem()),
        TransportErrorKind::Proxy => proxy_hint(error.proxy_status()),
        // No proxy leads there.
        _ if is_loopback_host(host) => "check the address, and whether its server runs on this machine",
        TransportErrorKind::HostNotFound => {
            "check its spelling, the connection and this machine's DNS; where only a proxy leads out, name it in HTTPS_PROXY"
        }
        TransportErrorKind::ConnectionRefused => "check the address, and whether a firewall is in between",
        _ => "check the connection; where only a proxy leads out, name it in HTTPS_PROXY",
    }
}

fn proxy_hint(status: Option<u16>) -> &'static str {
    match status {
        Some(407) => {
            "the proxy wants a user name and a password that it knows: http://USER:PASSWORD@… in the variable that names it"
        }
        Some(408 | 429) => "the proxy is busy: try again in a minute, or ask those who run it",
        Some(403) => "the proxy does not allow this host: ask those who run it, or name the host in NO_PROXY",
        Some(500..) => {
            "the proxy does not reach the host: ask those who run it, or name the host in NO_PROXY"
        }
        _ => {
            "check the proxy's address, user name and password; where it does not reach the host, ask those who run it, or name \
             the host in NO_PROXY"
        }
    }
}

fn tls_hint(kind: TransportErrorKind, problem: Option<TlsProblem>) -> &'static str {
    match problem {
        Some(TlsProblem::Expired | TlsProblem::NotYetValid) => {
            "check this machine's clock; if it is right, the server's certificate is not"
        }
        Some(TlsProblem::WrongName) => {
            "check the address; a captive portal or a proxy may answer in the host's place"
        }
        Some(TlsProblem::NotTls) => {
            "check the address and its port; where it is a proxy's, it begins with http://"
        }
        Some(TlsProblem::Unavailable) => "build the program with TLS, or give it a client that has it",
        Some(TlsProblem::NobodyTrusted) => {
            "install the system's certificates (Debian: ca-certificates), or name a file with some in SSL_CERT_FILE"
        }
        Some(TlsProblem::UnknownIssuer) => {
            "if a company proxy signs this connection, add its CA to the system's store, or on Linux name a file in \
             SSL_CERT_FILE that has it beside the system's"
        }
        None if kind == TransportErrorKind::Certificate => {
            "the server needs another certificate; one with CA:TRUE, as self-signed ones have by default, is an authority's and no \
             server's"
        }
        None => "check the address; a proxy on the way, or what the server speaks, may be too old",
    }
}

fn denial_hint(denial: &Denial) -> &'static str {
    match denial.code.as_str() {
        _ if denial.is_temporary() => "try again in a minute; https://status.carto.com tells of outages",
        "access_denied" => "log in again and accept; an organization may also refuse the person",
        _ => "check the client id, the organization and the redirect URI, then log in again",
    }
}

fn reply_hint(error: &ReplyError) -> &'static str {
    match error.problem() {
        ReplyProblem::AlreadyExpired => {
            "check this machine's clock; if it is right, report this to CARTO's support"
        }
        ReplyProblem::TenantDomain | ReplyProblem::TenantConfig(_) => {
            "give the API base URL yourself; CARTO Workspace > Developers shows it"
        }
        ReplyProblem::ForeignOrganization => {
            "log in again, as a member of the organization that was asked for"
        }
        _ => "is a proxy or captive portal in between, or the address not CARTO's? Otherwise try again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport_error::Sent;

    #[test]
    fn what_failed_on_the_way_decides_what_to_do() {
        use TransportErrorKind as Kind;
        let failed = |kind| TransportError::new(kind, Sent::Maybe);
        let hint = |host: &str, error| {
            let host = host.to_owned();
            Error::Transport { host, error }.hint().into_owned()
        };
        let unknown = failed(Kind::Certificate).with_tls_problem(TlsProblem::UnknownIssuer);
        for (host, error, words) in [
            ("auth.carto.com", failed(Kind::ConnectionRefused), "a firewall"),
            ("auth.carto.com", failed(Kind::Timeout), "HTTPS_PROXY"),
            ("[::1]", failed(Kind::ConnectionRefused), "runs on this machine"),
            ("localhost", failed(Kind::Timeout), "runs on this machine"),
            ("auth.carto.com", unknown, "company proxy"),
            ("auth.carto.com", failed(Kind::Certificate), "CA:TRUE"),
            ("auth.carto.com", failed(Kind::Tls), "too old"),
            (
                "auth.carto.com",
                failed(Kind::Proxy).with_proxy_status(407),
                "a user name",
            ),
            (
                "auth.carto.com",
                failed(Kind::Proxy).with_proxy_status(403),
                "does not allow",
            ),
            (
                "auth.carto.com",
                failed(Kind::Proxy).with_proxy_status(429),
                "busy",
            ),
        ] {
            let hint = hint(host, error);
            assert!(hint.contains(words), "{words}: {hint}");
        }
    }
}

//! Every way to fail, sorted by whose fault it is, each with a way out.

use std::sync::Arc;
use std::time::Duration;

use crate::host_rules::AddressProblem;
use crate::m2m_credentials::{CredentialsError, CredentialsProblem};
use crate::one_line::OneLine;
use crate::reply::{Refusal, ReplyError, ReplyProblem, blot_out};
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::transport_error::TransportError;

/// Why there is no token.
///
/// The text names the file, field or host and never holds a secret. [`remedy`](Self::remedy) tells a program
/// what to do next, [`hint`](Self::hint) tells a person.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // The caller's side: something to fix before trying again.
    /// The machine credentials cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A configured address cannot be used.
    #[error("{setting} {problem}")]
    Address {
        /// The setting's name, such as `auth_url`.
        setting: &'static str,
        /// What the address must not be.
        problem: AddressProblem,
    },
    /// A token that was given is empty, too long, or holds characters that no header can carry.
    #[error("the given access token is empty, too long, or holds characters that no header can carry")]
    UnusableToken,

    /// A name that no organization with single sign-on has.
    #[error("CARTO knows no organization {:?} with single sign-on", OneLine(.0).to_string())]
    UnknownOrganization(String),
    /// The login of a person was asked of a machine, or of a token that was given.
    #[error("this is not the login of a person")]
    NotAPerson,
    /// A tenant says that its APIs are at an address that must not be used.
    #[error("the apis.baseUrl that {} serves {problem}", OneLine(host))]
    TenantAddress {
        /// The tenant's host.
        host: String,
        /// What is wrong with the address.
        problem: AddressProblem,
    },

    // CARTO's verdict.
    /// CARTO refused: wrong secret, unknown audience, no grant.
    #[error(transparent)]
    Refused(Box<Refusal>),

    /// CARTO's APIs do not take the access token (401), and another one did not help or is not to be had.
    #[error("{0}; the access token is not taken there")]
    TokenRefused(Box<Refusal>),
    /// CARTO gives no access to the Data Warehouse (403).
    #[error("no access to the CARTO Data Warehouse: {0}")]
    NoWarehouseAccess(Box<Refusal>),
    /// There is no Data Warehouse (404), as with self-hosted CARTO until somebody enables it.
    #[error("there is no CARTO Data Warehouse: {0}")]
    NoWarehouse(Box<Refusal>),

    /// The person, or the login service, refused the login.
    #[error("the login was refused: {0}")]
    Denied(Box<Denial>),

    // A person must act.
    /// The authorization code was refused: used, expired, or another login's.
    #[error("{0}; the code is used up, too old, or of another login")]
    CodeRefused(Box<Refusal>),
    /// CARTO no longer accepts the session: the refresh token or the token itself.
    #[error("{0}; the session has ended")]
    SessionEnded(Box<Refusal>),
    /// Nobody finished the login in time.
    #[error("nobody logged in within {} s", .0.as_secs())]
    LoginTimedOut(Duration),
    /// The login cannot go on: the browser cannot come back to this machine, and nobody can paste a code.
    #[error("{0}")]
    NobodyToAsk(String),
    /// The token has ended and nothing here can get another one.
    #[error("the access token has expired")]
    Expired {
        /// When it ended, if that is known.
        expired_at: Option<Timestamp>,
    },
    /// The token was obtained at a time that has not come yet, and nothing here can get another one: the clock was set, and
    /// nobody can tell whether the token has ended.
    #[error("the access token was obtained at a time that has not come yet")]
    ClockWentBack {
        /// When it was obtained, by the clock as it was then.
        obtained_at: Timestamp,
    },
    /// The token is good, but another one is wanted, which only a person can get.
    #[error("the access token cannot be renewed without a login")]
    NotRenewable,
    /// There is no token and nothing here can get one.
    #[error("not logged in")]
    NotLoggedIn,

    // The way to CARTO, and CARTO itself: trying again may help.
    /// CARTO asks to slow down (429).
    #[error("{0}")]
    RateLimited(Box<Refusal>),
    /// CARTO is out of order (5xx).
    #[error("{0}")]
    Unavailable(Box<Refusal>),
    /// The answer is not what the endpoint is documented to say.
    #[error(transparent)]
    Reply(Box<ReplyError>),
    /// The answer came after its token had ended. A refresh token that came with it is kept.
    #[error("CARTO's answer came after its token had ended")]
    CameTooLate,
    /// There is no answer.
    #[error("cannot reach {}: {error}", OneLine(host))]
    Transport {
        /// The host that was asked.
        host: String,
        /// What failed.
        #[source]
        error: TransportError,
    },

    // This program or its HTTP client.
    /// This program cannot do what it must: set up its HTTP client, get randomness, start a thread.
    #[error("{0}")]
    Client(String),
    /// The token store's lock cannot be had, and without it a refresh token might be spent twice, which ends a session.
    #[error("the session is not renewed: the lock of the token store cannot be had")]
    Busy,
    /// A stored token could not be kept or removed.
    #[error("{doing}: {error}")]
    Store {
        /// What failed, with the path.
        doing: String,
        /// The operating system's reason.
        #[source]
        error: Arc<std::io::Error>,
    },
}

/// What the callback of a refused login carries, <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>: the
/// server's text to the letter; `Display` shows it on one safe line.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Denial {
    /// OAuth's error code, such as `access_denied`.
    pub code: String,
    /// OAuth's `error_description`.
    pub description: Option<String>,
}

impl Denial {
    /// Blots a secret out that the login service has sent back.
    pub(crate) fn blot_out(&mut self, secret: &Secret) {
        for text in self.description.iter_mut().chain([&mut self.code]) {
            blot_out(text, secret);
        }
    }

    /// The login service is out of order or busy (RFC 6749, section 4.1.2.1).
    pub(crate) fn is_temporary(&self) -> bool {
        matches!(self.code.as_str(), "server_error" | "temporarily_unavailable")
    }
}

impl std::fmt::Display for Denial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", OneLine(&self.code))?;
        match &self.description {
            Some(description) => write!(f, " ({})", OneLine(description)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
impl std::error::Error for ReplyError {}

/// The kind of an [`Error`], for programs that decide by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nobody has logged in.
    NotLoggedIn,
    /// The token has ended, or cannot be told from one that has, and cannot be renewed.
    SessionExpired,
    /// The credentials are malformed.
    CredentialsInvalid,
    /// CARTO refused the credentials.
    CredentialsRejected,
    /// CARTO knows who asks, and does not give what was asked for: the account has no such grant or no such thing.
    AccessDenied,
    /// The login was refused, or its code was.
    LoginDenied,
    /// Nobody finished the login in time.
    LoginTimedOut,
    /// An address is malformed or not https.
    BadApiBaseUrl,
    /// A variable that is to name a proxy names none.
    BadProxy,
    /// CARTO's answer makes no sense, or CARTO is out of order.
    BadResponse,
    /// CARTO could not be reached.
    Network,
    /// TLS failed or the certificate is not trusted.
    Tls,
    /// CARTO asks to slow down.
    RateLimited,
    /// A file could not be written or removed.
    Io,
    /// The HTTP client cannot be set up.
    Internal,
}

/// What to do about an [`Error`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Remedy {
    /// Try again, after the time that CARTO asked for, if it did.
    Retry {
        /// How long CARTO asks to wait.
        after: Option<Duration>,
    },
    /// A person must log in; trying again does not help, unless the clock was wrong and is set right.
    LogIn,
    /// Someone must change the credentials or a setting; trying again does not help.
    FixConfig,
    /// Report it: something on this machine, or a fault of this program.
    Report,
}

impl Error {
    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Credentials(error) => match error.problem() {
                CredentialsProblem::ApiBaseUrl(_) => ErrorKind::BadApiBaseUrl,
                _ => ErrorKind::CredentialsInvalid,
            },
            Self::Address {
                problem: AddressProblem::NotAProxy,
                ..
            } => ErrorKind::BadProxy,
            Self::Address { .. } | Self::TenantAddress { .. } => ErrorKind::BadApiBaseUrl,
            Self::UnusableToken | Self::UnknownOrganization(_) | Self::NotAPerson => {
                ErrorKind::CredentialsInvalid
            }
            Self::Refused(_) | Self::TokenRefused(_) => ErrorKind::CredentialsRejected,
            Self::NoWarehouseAccess(_) | Self::NoWarehouse(_) => ErrorKind::AccessDenied,
            Self::Denied(_) | Self::CodeRefused(_) => ErrorKind::LoginDenied,
            Self::LoginTimedOut(_) => ErrorKind::LoginTimedOut,
            Self::Expired { .. }
            | Self::ClockWentBack { .. }
            | Self::SessionEnded(_)
            | Self::NotRenewable => ErrorKind::SessionExpired,
            Self::NotLoggedIn | Self::NobodyToAsk(_) => ErrorKind::NotLoggedIn,
            Self::RateLimited(_) => ErrorKind::RateLimited,
            Self::Unavailable(_) | Self::Reply(_) | Self::CameTooLate => ErrorKind::BadResponse,
            Self::Transport { error, .. } if error.kind().is_tls() => ErrorKind::Tls,
            Self::Transport { .. } => ErrorKind::Network,
            Self::Client(_) => ErrorKind::Internal,
            Self::Store { .. } | Self::Busy => ErrorKind::Io,
        }
    }

    /// What a program should do next.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Denied(denial) if denial.is_temporary() => Remedy::Retry { after: None },
            Self::Credentials(_)
            | Self::Address { .. }
            | Self::UnusableToken
            | Self::UnknownOrganization(_)
            | Self::NotAPerson
            | Self::TenantAddress { .. }
            | Self::Denied(_)
            | Self::Refused(_)
            | Self::TokenRefused(_)
            | Self::NoWarehouseAccess(_)
            | Self::NoWarehouse(_) => Remedy::FixConfig,
            Self::Expired { .. }
            | Self::ClockWentBack { .. }
            | Self::NotRenewable
            | Self::NotLoggedIn
            | Self::CodeRefused(_)
            | Self::SessionEnded(_)
            | Self::LoginTimedOut(_)
            | Self::NobodyToAsk(_) => Remedy::LogIn,
            Self::Reply(error) if *error.problem() == ReplyProblem::ForeignOrganization => Remedy::LogIn,
            // Each other try would cost another token.
            Self::Reply(error) if *error.problem() == ReplyProblem::AlreadyExpired => Remedy::FixConfig,
            Self::Transport { error, .. } if error.is_of_settings() => Remedy::FixConfig,
            Self::RateLimited(refusal) | Self::Unavailable(refusal) => Remedy::Retry {
                after: refusal.retry_after,
            },
            Self::Reply(_) | Self::CameTooLate | Self::Transport { .. } | Self::Busy => {
                Remedy::Retry { after: None }
            }
            Self::Client(_) | Self::Store { .. } => Remedy::Report,
        }
    }

    /// What CARTO or its login service said, when it refused.
    #[must_use]
    pub fn oauth(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal)
            | Self::TokenRefused(refusal)
            | Self::NoWarehouseAccess(refusal)
            | Self::NoWarehouse(refusal)
            | Self::CodeRefused(refusal)
            | Self::SessionEnded(refusal)
            | Self::RateLimited(refusal)
            | Self::Unavailable(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Blots a secret out that the server has sent back.
    pub(crate) fn without(mut self, secret: &Secret) -> Self {
        match &mut self {
            Self::Refused(refusal)
            | Self::TokenRefused(refusal)
            | Self::NoWarehouseAccess(refusal)
            | Self::NoWarehouse(refusal)
            | Self::CodeRefused(refusal)
            | Self::SessionEnded(refusal)
            | Self::RateLimited(refusal)
            | Self::Unavailable(refusal) => {
                let texts = [
                    &mut refusal.code,
                    &mut refusal.description,
                    &mut refusal.request_id,
                ];
                for text in texts.into_iter().flatten() {
                    blot_out(text, secret);
                }
            }
            Self::Reply(error) => error.without(secret),
            _ => {}
        }
        self
    }

    /// The status of the reply, when there was one.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Self::Reply(error) => Some(error.status()),
            _ => self.oauth().map(|refusal| refusal.status),
        }
    }
}

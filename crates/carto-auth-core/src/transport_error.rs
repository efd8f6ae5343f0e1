//! Why a driver has no reply, and whether the request may have left.

/// May the request have reached the server? Decides what may be sent again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// Surely not: the connection was never made.
    No,
    /// Perhaps: what is good once is not sent again.
    Maybe,
}

/// Why there is no reply.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", self.text())]
pub struct TransportError {
    kind: TransportErrorKind,
    sent: Sent,
    detail: Option<String>,
    tls_problem: Option<TlsProblem>,
    proxy_status: Option<u16>,
}

impl TransportError {
    /// States what failed and whether the request may have left. Where the kind is sure that it did not, that
    /// counts.
    #[must_use]
    pub fn new(kind: TransportErrorKind, sent: Sent) -> Self {
        let sent = if kind.is_before_sending() { Sent::No } else { sent };
        Self {
            kind,
            sent,
            detail: None,
            tls_problem: None,
            proxy_status: None,
        }
    }

    /// Adds the client's words. They are shown to people and logged, so they must hold no secret and no URL.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what it is about TLS, where that is one of the things that a person can do something about.
    #[must_use]
    pub fn with_tls_problem(mut self, problem: TlsProblem) -> Self {
        self.tls_problem = Some(problem);
        self
    }

    /// Adds the status with which a proxy refused. Not every client tells it, so the text does not.
    #[must_use]
    pub fn with_proxy_status(mut self, status: u16) -> Self {
        self.proxy_status = Some(status);
        self
    }

    /// The client's words as they are, control characters included: show them through [`OneLine`](crate::OneLine), as
    /// `Display` does.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// What it is about TLS, as far as that is known.
    #[must_use]
    pub fn tls_problem(&self) -> Option<TlsProblem> {
        self.tls_problem
    }

    /// The status with which a proxy refused, as far as the client tells it.
    #[must_use]
    pub fn proxy_status(&self) -> Option<u16> {
        self.proxy_status
    }

    /// True where trying again does not help, for what was set does not fit: the proxy wants something else, this machine
    /// names nobody to trust, or the program has no TLS.
    pub(crate) fn is_of_settings(&self) -> bool {
        let is_refused = match self.proxy_status {
            Some(status) => (400..500).contains(&status) && !is_momentary(status),
            None => false,
        };
        let settings = [TlsProblem::NobodyTrusted, TlsProblem::Unavailable];
        is_refused
            || self
                .tls_problem
                .is_some_and(|problem| settings.contains(&problem))
    }

    /// True where it is of use to send the request again: it surely did not leave, and nobody has refused it for good.
    pub(crate) fn may_be_tried_again(&self) -> bool {
        let is_refused = match (self.kind, self.proxy_status) {
            (TransportErrorKind::Proxy, Some(status)) => !is_momentary(status),
            (kind, _) => kind.is_tls() || kind == TransportErrorKind::Proxy,
        };
        self.sent == Sent::No && !is_refused
    }

    /// What failed.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the request may have reached the server.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.sent
    }

    fn text(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{} ({})", self.kind, crate::one_line::OneLine(detail)),
            None => self.kind.to_string(),
        }
    }
}

/// A status with which a proxy says that it may be otherwise in a moment.
fn is_momentary(status: u16) -> bool {
    matches!(status, 408 | 429 | 502..=504)
}

/// What failed between us and the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The name has no address.
    #[error("host name not found")]
    HostNotFound,
    /// Nothing listens there.
    #[error("connection refused")]
    ConnectionRefused,
    /// The network or the host is unreachable: before the connection, or in the middle of it.
    #[error("connection failed")]
    ConnectionFailed,
    /// Connecting took too long.
    #[error("connecting took too long")]
    ConnectTimeout,
    /// The proxy did not let us through.
    #[error("the proxy refused the connection")]
    Proxy,
    /// The server's certificate is not trusted.
    #[error("the server's certificate is not trusted")]
    Certificate,
    /// TLS failed otherwise.
    #[error("TLS failed")]
    Tls,
    /// No complete reply in time.
    #[error("no complete answer in time")]
    Timeout,
    /// The connection ended before the reply did.
    #[error("the connection ended before the answer did")]
    Disconnected,
    /// What came back is not HTTP.
    #[error("the answer is not valid HTTP")]
    Protocol,
    /// Anything else, told by [`TransportError::with_detail`].
    #[error("the request failed")]
    Other,
}

/// What it is about TLS that failed, for hints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TlsProblem {
    /// The certificate has ended.
    Expired,
    /// The certificate has not begun.
    NotYetValid,
    /// The certificate is for other hosts.
    WrongName,
    /// Nobody who is trusted vouches for the certificate.
    UnknownIssuer,
    /// What answers there speaks no TLS.
    NotTls,
    /// This machine names nobody to trust.
    NobodyTrusted,
    /// The program has no TLS: its features leave it out, or nobody has installed a provider.
    Unavailable,
}

impl TransportErrorKind {
    fn is_before_sending(self) -> bool {
        matches!(
            self,
            Self::HostNotFound
                | Self::ConnectionRefused
                | Self::ConnectTimeout
                | Self::Proxy
                | Self::Certificate
        )
    }

    pub(crate) fn is_tls(self) -> bool {
        matches!(self, Self::Certificate | Self::Tls)
    }
}

//! The border: what a flow asks of its driver, and what the driver hands back.
//!
//! ```text
//!              ┌──────────── Step ────────────┐
//!   start ──▶  Send(Outgoing, AwaitResponse)  │──▶ driver sends ──▶ resume(reply, now) ──┐
//!         ▲    Sleep(Duration, AwaitTimer)    │──▶ driver sleeps ─▶ resume(now) ─────────┤
//!         │    Done(output)                   │──▶ the answer                            │
//!         │    └──────────────────────────────┘                                          │
//!         └──────────────────────────────────────────────────────────────────────────────┘
//! ```

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, Request, Response, StatusCode};

use crate::error::Error;
use crate::host_rules::is_loopback_host;
use crate::timestamp::Timestamp;
use crate::transport_error::TransportError;
use crate::wiped::Wiped;

/// A conversation with CARTO that a driver carries out step by step.
pub trait Flow: sealed::Resume {
    /// What the conversation is for.
    type Output;
}

pub(crate) mod sealed {
    use super::{Error, Flow, Incoming, Step, Timestamp, TransportError};

    /// How a flow goes on.
    #[expect(unnameable_types, reason = "sealed: the flows are those of this crate")]
    pub trait Resume: Sized {
        fn on_reply(
            self,
            reply: Result<Incoming, TransportError>,
            now: Timestamp,
        ) -> Result<Step<Self>, Error>
        where
            Self: Flow;

        fn on_timer(self, now: Timestamp) -> Step<Self>
        where
            Self: Flow;
    }
}

/// What the driver must do next.
///
/// Deliberately exhaustive: a driver that ignored a kind of step would hang, so a new one must break its build.
#[must_use = "a flow goes on only when its step is carried out"]
pub enum Step<F: Flow> {
    /// Send the request and resume with what came back.
    Send(Outgoing, AwaitResponse<F>),
    /// Wait, 30 seconds at most and by a clock that nobody sets, then resume.
    Sleep(Duration, AwaitTimer<F>),
    /// The flow has ended well.
    Done(F::Output),
}

impl<F: Flow> fmt::Debug for Step<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(outgoing, _) => f.debug_tuple("Send").field(outgoing).finish_non_exhaustive(),
            Self::Sleep(duration, _) => f.debug_tuple("Sleep").field(duration).finish_non_exhaustive(),
            Self::Done(_) => f.debug_tuple("Done").finish_non_exhaustive(),
        }
    }
}

/// A flow that waits for the reply to the request beside it.
#[must_use = "a flow that is dropped is cancelled"]
pub struct AwaitResponse<F>(pub(crate) F);

impl<F: Flow> AwaitResponse<F> {
    /// Hands the reply in, whatever its status, or why there is none; `now` is the wall clock's time.
    ///
    /// # Errors
    /// When the flow has ended without what it is for.
    pub fn resume<R: Into<Incoming>>(
        self,
        reply: Result<R, TransportError>,
        now: impl Into<Timestamp>,
    ) -> Result<Step<F>, Error> {
        self.0.on_reply(reply.map(Into::into), now.into())
    }
}

impl<F> fmt::Debug for AwaitResponse<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwaitResponse(..)")
    }
}

/// A flow that waits for time to pass.
#[must_use = "a flow that is dropped is cancelled"]
pub struct AwaitTimer<F>(pub(crate) F);

impl<F: Flow> AwaitTimer<F> {
    /// Goes on after the wait; `now` is the wall clock's time.
    ///
    /// # Errors
    /// When the flow has ended without what it is for.
    pub fn resume(self, now: impl Into<Timestamp>) -> Result<Step<F>, Error> {
        Ok(self.0.on_timer(now.into()))
    }
}

impl<F> fmt::Debug for AwaitTimer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwaitTimer(..)")
    }
}

/// A request that the driver must send as it is: no redirect may be followed, no proxy may see a request to
/// loopback, and the reply counts whatever its status.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outgoing {
    /// What to send.
    pub request: Request<Body>,
    /// How long finding the host and connecting to it may take, TLS included: 10 seconds, or `timeout` where that is less.
    pub connect_timeout: Duration,
    /// How long the whole exchange may take, connecting and reading the body included: 30 seconds, or what is left of the
    /// flow's 90.
    pub timeout: Duration,
    /// How many bytes of the reply's body to read at most, counted after any decompression; a body that reaches the limit
    /// is refused by the flow.
    pub body_limit: usize,
}

impl Outgoing {
    /// The host that is asked, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        self.request.uri().host().unwrap_or_default()
    }

    /// True when the request is for this machine and must go out directly: a proxy on the way would read what
    /// plain http carries.
    #[must_use]
    pub fn bypasses_proxies(&self) -> bool {
        is_loopback_host(self.host())
    }
}

/// The bytes of a request, which may hold a secret: redacted in `Debug`, zeroized on drop.
pub struct Body(Wiped);

impl Body {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Wiped::new(bytes))
    }

    /// The bytes to send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to send, for a client that wants to own them.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// A reply as it came in; redacted in `Debug`, for the body may hold a token.
pub struct Incoming(Response<Wiped>);

impl Incoming {
    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    pub(crate) fn body(&self) -> &[u8] {
        self.0.body()
    }
}

impl From<Response<Vec<u8>>> for Incoming {
    fn from(response: Response<Vec<u8>>) -> Self {
        Self(response.map(Wiped::new))
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Incoming({}, {} bytes)",
            self.status().as_u16(),
            self.body().len()
        )
    }
}

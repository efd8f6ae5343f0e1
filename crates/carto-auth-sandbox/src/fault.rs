//! What can go wrong on purpose.

use std::time::Duration;

use axum::http::StatusCode;

/// A fault: a wait, another answer, or no answer at all.
///
/// ```
/// use std::time::Duration;
/// use carto_auth_sandbox::Fault;
///
/// let slow = Fault::delay(Duration::from_millis(50));
/// let busy = Fault::status(503).with_header("retry-after", "1");
/// let html = Fault::status(502).with_body("text/html", "<h1>Bad Gateway</h1>");
/// let gone = Fault::drop_connection();
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub(crate) delay: Duration,
    pub(crate) then: Then,
}

/// What follows the wait.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Then {
    /// The usual answer.
    Usual,
    /// Another answer.
    Answer {
        status: StatusCode,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// The connection ends without a byte.
    Drop,
}

impl Fault {
    /// The usual answer, later.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self {
            delay,
            then: Then::Usual,
        }
    }

    /// Another status, with an empty body. A number that is no status counts as 500.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            delay: Duration::ZERO,
            then: Then::Answer {
                status,
                headers: Vec::new(),
                body: Vec::new(),
            },
        }
    }

    /// The connection ends without a byte of an answer.
    #[must_use]
    pub fn drop_connection() -> Self {
        Self {
            delay: Duration::ZERO,
            then: Then::Drop,
        }
    }

    /// Waits before the fault.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Then::Answer { headers, .. } = &mut self.then {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Sets the answer's body.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        if let Then::Answer { body, .. } = &mut self.then {
            *body = bytes.into();
        }
        self.with_header("content-type", content_type)
    }
}

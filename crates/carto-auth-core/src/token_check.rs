//! The flow that asks CARTO whether it still takes a token.

use crate::access_token::AccessToken;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::exchange::{BODY_LIMIT, Exchange};
use crate::reply::json_object;
use crate::retry::Jitter;
use crate::step::sealed::Resume;
use crate::step::{AwaitResponse, AwaitTimer, Flow, Incoming, Step, TransportError};
use crate::timestamp::Timestamp;

/// One question to CARTO's accounts service: true when it takes the token, false when it does not (401).
pub struct TokenCheck(Exchange);

impl TokenCheck {
    /// Asks about a token.
    pub fn start(
        token: &AccessToken,
        endpoints: &Endpoints,
        jitter: Jitter,
        now: impl Into<Timestamp>,
    ) -> Step<Self> {
        let url = endpoints.accounts_page(&["accounts"]);
        Self(Exchange::get(&url, Some(token), jitter)).send(now.into())
    }

    fn send(mut self, now: Timestamp) -> Step<Self> {
        Step::Send(self.0.send(now), AwaitResponse(self))
    }
}

impl Flow for TokenCheck {
    type Output = bool;
}

impl Resume for TokenCheck {
    fn on_reply(
        mut self,
        reply: Result<Incoming, TransportError>,
        now: Timestamp,
    ) -> Result<Step<Self>, Error> {
        let read = self
            .0
            .read(reply, |host, reply| json_object(host, reply, BODY_LIMIT, now));
        match read {
            Ok(_) => Ok(Step::Done(true)),
            Err(Error::Refused(refusal)) if refusal.status == 401 => Ok(Step::Done(false)),
            Err(failure) => {
                let wait = self.0.wait_after(failure, now)?;
                Ok(Step::Sleep(wait, AwaitTimer(self)))
            }
        }
    }

    fn on_timer(self, now: Timestamp) -> Step<Self> {
        self.send(now)
    }
}

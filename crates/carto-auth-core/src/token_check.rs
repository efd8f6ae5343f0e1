//! The flow that asks CARTO whether it still takes a token.

use crate::access_token::AccessToken;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::exchange::{BODY_LIMIT, Conversation, Exchange};
use crate::reply::json_object;
use crate::retry::Jitter;
use crate::step::{Flow, Incoming, Step};
use crate::timestamp::Timestamp;
use crate::transport_error::TransportError;

/// One question to CARTO's accounts service: true when it takes the token, false when it does not (401).
pub struct TokenCheck(Exchange);

impl TokenCheck {
    /// Asks about a token, which goes to the accounts service.
    pub fn start(
        token: &AccessToken,
        endpoints: &Endpoints,
        jitter: Jitter,
        now: impl Into<Timestamp>,
    ) -> Step<Self> {
        let url = endpoints.accounts_page(&["accounts"]);
        Self(Exchange::get(&url, Some(token), jitter)).send(now.into())
    }
}

impl Flow for TokenCheck {
    type Output = bool;
}

impl Conversation for TokenCheck {
    fn exchange(&mut self) -> &mut Exchange {
        &mut self.0
    }

    fn hear(
        &mut self,
        reply: Result<Incoming, TransportError>,
        now: Timestamp,
    ) -> Result<Option<bool>, Error> {
        let read = self
            .0
            .read(reply, |host, reply| json_object(host, reply, BODY_LIMIT, now));
        match read {
            Ok(_) => Ok(Some(true)),
            Err(Error::Refused(refusal)) if refusal.status == 401 => Ok(Some(false)),
            Err(failure) => Err(failure),
        }
    }
}

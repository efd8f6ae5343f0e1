//! Organizations with single sign-on.

use std::str::FromStr;

use serde_json::Value;

use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::exchange::{BODY_LIMIT, Conversation, Exchange, strange};
use crate::json::kind_of;
use crate::reply::{ReplyProblem, json_object};
use crate::retry::Jitter;
use crate::step::{Flow, Incoming, Step};
use crate::timestamp::Timestamp;
use crate::transport_error::TransportError;

/// Auth0's name of an organization, `org_…`, for the authorize URL.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OrganizationId(String);

impl OrganizationId {
    /// The text, `org_…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrganizationId {
    type Err = NotAnOrganizationId;

    /// # Errors
    /// When the text is not `org_` and letters or digits, 64 bytes at most.
    fn from_str(text: &str) -> Result<Self, NotAnOrganizationId> {
        let rest = text.strip_prefix("org_").ok_or(NotAnOrganizationId)?;
        let is_name = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match is_name && text.len() <= 64 {
            true => Ok(Self(text.to_owned())),
            false => Err(NotAnOrganizationId),
        }
    }
}

/// A text that is no organization id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is no organization id, which begins with org_")]
pub struct NotAnOrganizationId;

/// In bytes. It becomes a part of an address.
const LONGEST_NAME: usize = 256;

/// The flow that asks CARTO for the id behind an organization's name.
pub struct OrganizationLookup {
    name: String,
    exchange: Exchange,
}

impl OrganizationLookup {
    /// Asks for an organization by its name. A name that is an id already is its own answer.
    ///
    /// # Errors
    /// [`Error::UnknownOrganization`] for a name that none can have: empty, blank, a dot segment of a path, or longer than
    /// 256 bytes.
    pub fn start(
        name: &str,
        endpoints: &Endpoints,
        jitter: Jitter,
        now: impl Into<Timestamp>,
    ) -> Result<Step<Self>, Error> {
        if let Ok(id) = name.parse() {
            return Ok(Step::Done(id));
        }
        if matches!(name.trim(), "" | "." | "..") || name.len() > LONGEST_NAME {
            return Err(Error::UnknownOrganization(name.to_owned()));
        }
        let url = endpoints.accounts_page(&["accounts", name, "auth0_org_id"]);
        let exchange = Exchange::get(&url, None, jitter);
        let name = name.to_owned();
        Ok(Self { name, exchange }.send(now.into()))
    }

    /// `{"auth0orgId":"org_…"}`, or something falsy for an organization without single sign-on.
    fn id(&self, reply: Result<Incoming, TransportError>, now: Timestamp) -> Result<OrganizationId, Error> {
        let unknown = || Error::UnknownOrganization(self.name.clone());
        self.exchange.read(reply, |host, reply| {
            if reply.status().as_u16() == 404 {
                return Err(unknown());
            }
            let body = json_object(host, reply, BODY_LIMIT, now)?;
            match body.get("auth0orgId") {
                None | Some(Value::Null | Value::Bool(false)) => Err(unknown()),
                Some(Value::String(text)) if text.is_empty() => Err(unknown()),
                Some(Value::String(text)) => text
                    .parse()
                    .map_err(|_| strange(host, reply, ReplyProblem::OrganizationId)),
                Some(other) => {
                    let found = kind_of(other);
                    let field = "auth0orgId";
                    Err(strange(host, reply, ReplyProblem::WrongType { field, found }))
                }
            }
        })
    }
}

impl Flow for OrganizationLookup {
    type Output = OrganizationId;
}

impl Conversation for OrganizationLookup {
    fn exchange(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    fn hear(
        &mut self,
        reply: Result<Incoming, TransportError>,
        now: Timestamp,
    ) -> Result<Option<OrganizationId>, Error> {
        self.id(reply, now).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_address_has_room_for_is_unknown_and_the_longest_is_asked_for() {
        let (endpoints, now) = (Endpoints::carto(), Timestamp::from_unix_seconds(1_790_000_000));
        let start = |name: &str| OrganizationLookup::start(name, &endpoints, Jitter::new(7), now);
        let endless = start(&"a".repeat(66_000)).err();
        assert!(matches!(endless, Some(Error::UnknownOrganization(_))));
        let Ok(Step::Send(out, _)) = start(&"ä".repeat(128)) else {
            panic!("expected a request")
        };
        assert!(out.request.uri().path().contains(&"%C3%A4".repeat(128)));
    }
}

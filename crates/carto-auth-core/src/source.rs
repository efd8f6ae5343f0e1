//! Where the tokens of a session come from.

use crate::endpoints::Endpoints;
use crate::identity::Identity;
use crate::m2m_credentials::M2mCredentials;
use crate::secret::Secret;

/// Where another token can come from.
#[derive(Debug)]
pub(crate) enum Source {
    Machine {
        credentials: M2mCredentials,
        endpoints: Endpoints,
        identity: Identity,
    },
    /// A person has to log in, unless there is a refresh token.
    Person {
        endpoints: Endpoints,
        identity: Identity,
        refresh_token: Option<Secret>,
    },
    /// The token was given; there is no other.
    Given,
}

impl Source {
    /// Whether another token can be had without a person.
    pub(crate) fn is_renewable(&self) -> bool {
        match self {
            Self::Machine { .. } => true,
            Self::Person { refresh_token, .. } => refresh_token.is_some(),
            Self::Given => false,
        }
    }
}

//! Refresh tokens that rotate, <https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2>.

use std::collections::HashMap;

use crate::person::Grant;
use crate::unguessable::unguessable;

#[derive(Default)]
pub(crate) struct RefreshTokens {
    /// Every token ever issued, spent ones included, with its family.
    issued: HashMap<String, usize>,
    /// The families that live.
    families: HashMap<usize, Family>,
}

/// The tokens that descend from one login; only the last of them can be used.
struct Family {
    grant: Grant,
    last: String,
}

impl RefreshTokens {
    /// The first token of a family.
    pub(crate) fn start(&mut self, grant: Grant) -> String {
        let (token, id) = (unguessable(), self.issued.len());
        self.issued.insert(token.clone(), id);
        let last = token.clone();
        self.families.insert(id, Family { grant, last });
        token
    }

    /// Spends a token for the next one. One that was spent before has been stolen, from somebody: the family ends.
    pub(crate) fn rotate(&mut self, token: &str, client_id: &str) -> Option<(Grant, String)> {
        let id = *self.issued.get(token)?;
        let family = self.families.get_mut(&id)?;
        if family.grant.client_id != client_id {
            return None;
        }
        if family.last != token {
            self.families.remove(&id);
            return None;
        }
        family.last = unguessable();
        self.issued.insert(family.last.clone(), id);
        Some((family.grant.clone(), family.last.clone()))
    }

    /// Ends a token's family. False when it is another client's; an unknown token is no error, as nothing is left
    /// to do (RFC 7009, section 2.2).
    pub(crate) fn revoke(&mut self, token: &str, client_id: &str) -> bool {
        let Some(id) = self.issued.get(token) else {
            return true;
        };
        let family = self.families.get(id);
        let is_own = family.is_none_or(|family| family.grant.client_id == client_id);
        if is_own {
            self.families.remove(id);
        }
        is_own
    }

    pub(crate) fn revoke_all(&mut self) {
        self.families.clear();
    }
}

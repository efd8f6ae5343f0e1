//! What a store may hold that is no news to a session. Times would not tell, for clocks are set.

use std::collections::VecDeque;

use crate::secret::Secret;
use crate::token_file::TokenRecord;

/// A store that cannot be written holds one thing for ever; one of several files, a few.
const REMEMBERED: usize = 8;

/// Tokens that a session has met, each in one of three ways.
#[derive(Default, Debug)]
pub(crate) struct Seen {
    /// The access tokens that the store held last, and that it was given since: whoever reads them again learns nothing.
    read: Option<Secret>,
    given: Option<Secret>,
    /// Access tokens that an API refused: never used again.
    rejected: VecDeque<Secret>,
    /// Refresh tokens that were spent: a record that holds one is from before that.
    spent: VecDeque<Secret>,
}

impl Seen {
    pub(crate) fn knows(&self, record: &TokenRecord) -> bool {
        let token = Some(&record.access_token);
        let is_outdated = record
            .refresh_token
            .as_ref()
            .is_some_and(|stored| self.is_spent(stored));
        is_outdated || self.read.as_ref() == token || self.given.as_ref() == token
    }

    pub(crate) fn is_rejected(&self, access_token: &Secret) -> bool {
        self.rejected.contains(access_token)
    }

    pub(crate) fn is_spent(&self, refresh_token: &Secret) -> bool {
        self.spent.contains(refresh_token)
    }

    /// The store holds this, which was known.
    pub(crate) fn read(&mut self, access_token: Secret) {
        self.read = Some(access_token);
    }

    /// The store held this, which was news: what it was given before is no longer current.
    pub(crate) fn took(&mut self, access_token: Secret) {
        self.read = Some(access_token);
        self.given = None;
    }

    /// The store is given this. It may not be able to keep it.
    pub(crate) fn gave(&mut self, access_token: Secret) {
        self.given = Some(access_token);
    }

    pub(crate) fn rejected(&mut self, access_token: Secret) {
        push(&mut self.rejected, access_token);
    }

    pub(crate) fn spent(&mut self, refresh_token: Option<Secret>) {
        if let Some(refresh_token) = refresh_token {
            push(&mut self.spent, refresh_token);
        }
    }

    /// The store was seen empty.
    pub(crate) fn nothing(&mut self) {
        (self.read, self.given) = (None, None);
    }
}

fn push(tokens: &mut VecDeque<Secret>, token: Secret) {
    if !tokens.contains(&token) {
        if tokens.len() == REMEMBERED {
            tokens.pop_front();
        }
        tokens.push_back(token);
    }
}

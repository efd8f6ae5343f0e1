//! What a store was seen to hold, how it was locked, and what may be done then.

use carto_auth_core::Secret;

use crate::store::{Hold, LockedTokens};

/// What a store was seen to hold.
#[derive(PartialEq, Eq)]
pub(crate) enum Held {
    Token(Secret),
    Nothing,
    /// It could not be read, or holds what makes no sense.
    Unknown,
}

impl Held {
    /// False when somebody has put something else there, as far as one can see.
    pub(crate) fn is_as_before(&self, now: &Self) -> bool {
        *self == Self::Unknown || *now == Self::Unknown || self == now
    }
}

/// How urgent a renewal is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Urgency {
    /// There is no token to hand out.
    Now,
    /// The present token is still good: nobody waits for a lock for it.
    Early,
}

/// Without a store there is nobody to lock out, and nothing that can be kept.
pub(crate) fn hold_of(locked: Option<&dyn LockedTokens>) -> Hold {
    locked.map_or(Hold::Unlocked, LockedTokens::hold)
}

/// A second token of a machine harms nobody, but there is no hurry for one while somebody else is at it. A refresh token
/// that is spent twice ends the session.
pub(crate) fn must_not_ask(hold: Hold, urgency: Urgency, spends_refresh_token: bool) -> bool {
    match hold {
        Hold::Exclusive => false,
        Hold::Contended => spends_refresh_token || urgency == Urgency::Early,
        Hold::Unlocked => spends_refresh_token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_seen_can_be_seen_to_have_changed() {
        let (one, other) = (Held::Token(Secret::new("1")), Held::Token(Secret::new("2")));
        assert!(!one.is_as_before(&other));
        assert!(!one.is_as_before(&Held::Nothing));
        assert!(!Held::Nothing.is_as_before(&one));
        for unknown in [(&one, &Held::Unknown), (&Held::Unknown, &one), (&one, &one)] {
            assert!(unknown.0.is_as_before(unknown.1));
        }
    }
}

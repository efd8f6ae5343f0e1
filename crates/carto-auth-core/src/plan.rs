//! What a session answers: what to do for a token, and what may be done with what a store holds.

use crate::access_token::AccessToken;
use crate::error::Error;
use crate::step::Step;
use crate::token_file::TokenRecord;
use crate::token_request::TokenRequest;

/// What to do when a token is wanted. Deliberately exhaustive, as is [`Renewal`]: a front end that ignores an answer has
/// no token.
#[derive(Debug)]
pub enum Plan {
    /// Use this token; nothing is due.
    Use(AccessToken),
    /// Use this token, and renew it; if that fails, it is still good.
    UseAndRefresh(AccessToken),
    /// Take the store's lock, read what it holds and [`renew`](crate::Session::renew).
    Refresh,
    /// Nothing here can get a token; the error says what must happen.
    LogIn(Error),
}

/// What [`Session::renew`](crate::Session::renew) decides.
#[derive(Debug)]
pub enum Renewal {
    /// Somebody else has renewed it meanwhile.
    Found(AccessToken),
    /// Ask CARTO: carry out the step and its successors, then [`publish`](crate::Session::publish) what it gave, with the
    /// generation, or report that it [`failed`](crate::Session::failed).
    Ask(Step<TokenRequest>, Generation),
}

/// What a store should do after a failed renewal.
#[derive(Debug)]
pub enum Failed {
    /// Nothing: what it holds is as good as before.
    Noted,
    /// Keep this: the token without the refresh token that has ended.
    Keep(Box<TokenRecord>),
    /// Forget everything: neither the token nor the refresh token is good.
    Forget,
}

/// What a store held *while its lock was held*, the only thing that [`Session::renew`](crate::Session::renew) accepts: a token read
/// before the lock cannot be spent by mistake.
#[derive(Debug)]
pub struct UnderLock(pub(crate) Option<TokenRecord>);

impl UnderLock {
    /// States that `record` was read after the lock was taken and that the lock is still held. Where a lock
    /// cannot be had, what was read last has to do.
    #[must_use]
    pub fn read(record: Option<TokenRecord>) -> Self {
        Self(record)
    }
}

/// Counts the logins and logouts of a session: what was asked for before one is not for the session after it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Generation(pub(crate) u64);

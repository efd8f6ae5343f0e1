//! Where tokens are kept between calls and processes.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use carto_auth_core::{AccessToken, Error, Identity, TokenRecord};

/// A place for tokens. The lock belongs to the store, so that a store for a whole fleet can bring its own.
///
/// A store never costs a token: what cannot be read is a miss, and an error only means that nothing is kept. A refresh
/// token is the exception: it is not spent without the lock ([`LockedTokens::hold`]), nor where
/// [`LockedTokens::make_room`] fails.
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// Reads the token of an identity, without the lock. A problem is a miss; log a warning.
    fn load(&self, identity: &Identity) -> Option<TokenRecord>;

    /// True when it surely holds no token of an identity.
    fn holds_nothing(&self, _identity: &Identity) -> bool {
        false
    }

    /// True when something of an identity is to be forgotten even if it holds no token: what a killed process left half
    /// written.
    fn has_leftovers(&self, _identity: &Identity) -> bool {
        false
    }

    /// Waits for the identity's lock, `patience` at most (10 seconds for a renewal), and gives access for reading and
    /// writing. It may be called on any thread, and the lock is held while CARTO is asked: 90 seconds at the worst.
    ///
    /// A store that cannot have the lock should log a warning and go on without it.
    ///
    /// # Errors
    /// When nothing can be kept at all.
    fn lock(&self, identity: &Identity, patience: Duration) -> Result<Box<dyn LockedTokens>, StoreError>;
}

/// A store whose lock is held for one identity until this is dropped. A store that could not have the lock says so by
/// [`hold`](Self::hold).
pub trait LockedTokens: Send {
    /// Reads the token again: only what is read here may be acted on.
    fn load(&mut self) -> Option<TokenRecord>;

    /// How sure it is that nobody else reads and writes meanwhile. Only with [`Hold::Exclusive`] is a refresh token spent.
    fn hold(&self) -> Hold {
        Hold::Exclusive
    }

    /// Sees to it that a token can be kept, as far as that can be known beforehand. This is called before a refresh token is
    /// spent: where its successor is lost, so is the login.
    ///
    /// # Errors
    /// When none can be kept; the refresh token is then not spent.
    fn make_room(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Keeps a token in place of the last one.
    ///
    /// # Errors
    /// When it cannot be kept; the last one is then still there.
    fn save(&mut self, record: &TokenRecord) -> Result<(), StoreError>;

    /// Forgets what is meant and says which files are gone; a store without files says none.
    ///
    /// # Errors
    /// When it is still there.
    fn forget(&mut self, what: Forget<'_>) -> Result<Vec<PathBuf>, StoreError>;
}

/// How sure a store is that nobody else reads and writes meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Hold {
    /// It has the lock. Whatever is due may be asked for and kept.
    Exclusive,
    /// Somebody else has the lock, and this goes on without it: a machine that has no token asks for one, but nothing is
    /// renewed early, no refresh token is spent, and nothing is forgotten.
    Contended,
    /// There can be no lock here: all but a refresh token may be spent.
    Unlocked,
}

/// What a store is asked to forget.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub enum Forget<'a> {
    /// Every token of the identity: it logs out.
    Everything,
    /// This token alone: an API refused it. A refresh token beside it is good, and kept.
    Token(&'a AccessToken),
}

/// Why a store could not keep or forget a token.
#[derive(Debug)]
pub struct StoreError {
    doing: String,
    error: io::Error,
}

impl StoreError {
    /// Says what failed, for example `cannot write ~/.carto-auth/token_m2m.json`, and why.
    #[must_use]
    pub fn new(doing: impl Into<String>, error: io::Error) -> Self {
        Self {
            doing: doing.into(),
            error,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.error)
    }
}

impl From<StoreError> for Error {
    fn from(StoreError { doing, error }: StoreError) -> Self {
        let error = Arc::new(error);
        Self::Store { doing, error }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Keeps nothing: every process asks CARTO itself.
#[derive(Clone, Copy, Default, Debug)]
pub struct NoStore;

impl TokenStore for NoStore {
    fn load(&self, _: &Identity) -> Option<TokenRecord> {
        None
    }

    fn lock(&self, _: &Identity, _: Duration) -> Result<Box<dyn LockedTokens>, StoreError> {
        Ok(Box::new(Self))
    }
}

impl LockedTokens for NoStore {
    fn load(&mut self) -> Option<TokenRecord> {
        None
    }

    fn save(&mut self, _: &TokenRecord) -> Result<(), StoreError> {
        Ok(())
    }

    fn forget(&mut self, _: Forget<'_>) -> Result<Vec<PathBuf>, StoreError> {
        Ok(Vec::new())
    }
}

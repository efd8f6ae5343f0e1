//! How long the Data Warehouse's credentials are handed out again.

use std::time::Duration;

use crate::access_token::AccessToken;
use crate::carto_dw::CartoDwCredentials;
use crate::freshness::Freshness;
use crate::timestamp::Timestamp;

/// How long credentials are kept, unless the caller says otherwise: their token may be part through its hour when CARTO
/// hands it out.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// A Google access token lives for an hour; a request that it opens takes a while, too.
const LONGEST_LIFETIME: Duration = Duration::from_secs(55 * 60);

/// The Data Warehouse's credentials in one process, which are on no disk: a value, told what happens and asked for them.
///
/// They belong to the access token that they came for. Another one (a renewal, another login, of this process or
/// another) has credentials of its own.
#[derive(Debug)]
pub struct CartoDwMemory {
    lifetime: Duration,
    kept: Option<CartoDwCredentials>,
}

impl CartoDwMemory {
    /// Keeps credentials for this long, 55 minutes at most; with zero, not at all.
    #[must_use]
    pub fn new(lifetime: Duration) -> Self {
        Self {
            lifetime: lifetime.min(LONGEST_LIFETIME),
            kept: None,
        }
    }

    /// What is kept for an access token, if it is as new as is wanted and not too old. `elapsed` is the time since
    /// [`keep`](Self::keep) by a clock that nobody sets: the wall clock may have gone back, which makes nothing younger.
    #[must_use]
    pub fn recall(
        &self,
        token: &AccessToken,
        freshness: Freshness,
        now: Timestamp,
        elapsed: Duration,
    ) -> Option<CartoDwCredentials> {
        let kept = self.kept.as_ref()?;
        // While the machine sleeps only the wall clock goes on.
        let age = now.since(kept.obtained_at()).max(elapsed);
        let clock_went_back = now < kept.obtained_at();
        let is_good = age < self.lifetime && !clock_went_back && kept.are_for(token, freshness);
        is_good.then(|| kept.clone())
    }

    /// Keeps these instead of the last ones. CARTO may hand a token out again that was rejected: it has no other then.
    pub fn keep(&mut self, credentials: &CartoDwCredentials) {
        self.kept = (!self.lifetime.is_zero()).then(|| credentials.clone());
    }

    /// Forgets credentials that an API refused, if they are still the ones that are kept, and says whether they were.
    pub fn reject(&mut self, credentials: &CartoDwCredentials) -> bool {
        let is_it = |kept: &mut CartoDwCredentials| kept.token() == credentials.token();
        self.kept.take_if(is_it).is_some()
    }

    /// Forgets what is kept.
    pub fn forget(&mut self) {
        self.kept = None;
    }
}

impl Default for CartoDwMemory {
    /// Keeps credentials for 5 minutes.
    fn default() -> Self {
        Self::new(LIFETIME)
    }
}

#[cfg(test)]
#[path = "carto_dw_memory_tests.rs"]
mod tests;

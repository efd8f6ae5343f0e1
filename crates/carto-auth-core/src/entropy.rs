//! Randomness, handed in by the driver.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// 64 bytes from the operating system's random number generator, enough for one login: not `Clone`, and consumed
/// by the login that it is given to.
///
/// ```
/// # fn random_bytes() -> [u8; 64] { [7; 64] }
/// let entropy = carto_auth_core::Entropy::new(random_bytes());
/// ```
pub struct Entropy(Zeroizing<[u8; 64]>);

impl Entropy {
    /// Takes bytes that nobody can guess.
    #[must_use]
    pub fn new(bytes: [u8; 64]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Two independent texts of 256 random bits each, in base64url.
    pub(crate) fn into_two_texts(self) -> [Secret; 2] {
        let (one, other) = self.0.split_at(32);
        [one, other].map(|bytes| Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy(..)")
    }
}

//! Codes, refresh tokens, tickets and browser sessions are all the same: text that nobody can guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};

/// 256 random bits as 43 characters that need no escaping anywhere.
#[expect(
    clippy::expect_used,
    reason = "a machine that can open sockets has randomness"
)]
pub(crate) fn unguessable() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).expect("randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

//! Tokens, signed as CARTO signs them (RS256, <https://www.rfc-editor.org/rfc/rfc7518#section-3.3>).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

/// A key that everybody knows: it signs what a test trusts, and nothing else.
const SIGNING_KEY: &[u8] = include_bytes!("signing_key.pk8");
const KEY_ID: &str = "sandbox";

pub(crate) struct Signer(KeyPair);

impl Signer {
    #[expect(
        clippy::expect_used,
        reason = "the key is a constant; every test of the sandbox loads it"
    )]
    pub(crate) fn new() -> Self {
        Self(KeyPair::from_pkcs8(SIGNING_KEY).expect("a constant key"))
    }

    /// Signs claims into a compact JWT.
    #[expect(
        clippy::expect_used,
        reason = "a 2048-bit signature fits its buffer, and loopback has randomness"
    )]
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": KEY_ID});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of a token that this key signed.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.0.public_key().as_ref());
        key.verify(signed.as_bytes(), &signature).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
        serde_json::from_slice(&claims).ok()
    }

    /// The key set, <https://www.rfc-editor.org/rfc/rfc7517#section-5>.
    pub(crate) fn key_set(&self) -> Value {
        let parts: ring::rsa::PublicKeyComponents<Vec<u8>> = self.0.public().into();
        json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
            "n": URL_SAFE_NO_PAD.encode(parts.n), "e": URL_SAFE_NO_PAD.encode(parts.e),
        }]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_verifies_and_not_when_changed() {
        let signer = Signer::new();
        let token = signer.sign(&json!({"exp": 100, "azp": "id"}));
        assert_eq!(signer.verify(&token).unwrap()["azp"], "id");
        let other = signer.sign(&json!({"exp": 1000, "azp": "other"}));
        let (start, _) = other.rsplit_once('.').unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        assert_eq!(signer.verify(&format!("{start}.{signature}")), None);
    }
}

//! Access tokens: how long they live, what they look like, and which of them are taken.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::sandbox::{Builder, Sandbox, Shared};
use crate::unguessable::unguessable;

/// What an access token looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TokenFormat {
    /// A JWT with CARTO's claims, as CARTO issues them.
    Jwt,
    /// Text that says nothing: legal in OAuth 2.0 (<https://www.rfc-editor.org/rfc/rfc6749#section-1.4>).
    Opaque,
}

/// The state of the access tokens.
pub(crate) struct Tokens {
    lifetime: Duration,
    format: TokenFormat,
    /// What the opaque ones stand for.
    opaque: HashMap<String, Value>,
    last_number: u64,
    /// Tokens with this number or a lower one are not taken.
    last_revoked: u64,
    /// How many seconds the sandbox's clock is ahead of the machine's.
    clock_ahead: i64,
}

impl Tokens {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            format: TokenFormat::Jwt,
            opaque: HashMap::new(),
            last_number: 0,
            last_revoked: 0,
            clock_ahead: 0,
        }
    }

    /// The sandbox's time, in seconds since the epoch.
    fn now(&self) -> u64 {
        unix_time().saturating_add_signed(self.clock_ahead)
    }
}

/// Access tokens.
impl Builder {
    /// Sets the life of tokens, in whole seconds.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }
}

/// Access tokens.
impl Sandbox {
    /// The life of tokens that are issued from here on.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.shared.state().tokens.lifetime = lifetime;
    }

    /// What tokens that are issued from here on look like.
    pub fn set_token_format(&self, format: TokenFormat) {
        self.shared.state().tokens.format = format;
    }

    /// Sets the clock by which tokens are issued and expire so many seconds ahead of the machine's; negative is behind.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.shared.state().tokens.clock_ahead = seconds;
    }

    /// Revokes every access token that was issued so far: CARTO's services answer 401 to it.
    pub fn revoke_access_tokens(&self) {
        let tokens = &mut self.shared.state().tokens;
        tokens.last_revoked = tokens.last_number;
    }
}

impl Shared {
    /// Issues a token with these claims, and with those that every token has. The reply's fields:
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-5.1>.
    pub(crate) fn issue(&self, mut claims: Value) -> Value {
        let (format, life, number, issued) = {
            let tokens = &mut self.state().tokens;
            tokens.last_number += 1;
            let issued = tokens.now();
            (
                tokens.format,
                tokens.lifetime.as_secs(),
                tokens.last_number,
                issued,
            )
        };
        claims["iss"] = json!(self.issuer());
        claims["iat"] = json!(issued);
        claims["exp"] = json!(issued + life);
        claims["jti"] = json!(number);
        let token = match format {
            TokenFormat::Jwt => self.signer().sign(&claims),
            TokenFormat::Opaque => {
                let token = unguessable();
                self.state().tokens.opaque.insert(token.clone(), claims);
                token
            }
        };
        json!({"access_token": token, "expires_in": life, "token_type": "Bearer"})
    }

    /// The claims of a token, if it is this sandbox's, good, and not revoked.
    pub(crate) fn claims_of(&self, token: &str) -> Option<Value> {
        let tokens = &self.state().tokens;
        let opaque = tokens.opaque.get(token).cloned();
        let claims = opaque.or_else(|| self.signer().verify(token))?;
        let is_taken = claims["iss"] == self.issuer()
            && claims["exp"].as_u64()? > tokens.now()
            && claims["jti"].as_u64()? > tokens.last_revoked;
        is_taken.then_some(claims)
    }
}

/// The machine's time, in seconds since the epoch.
pub(crate) fn unix_time() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

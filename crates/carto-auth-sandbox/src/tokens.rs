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
    /// A JWT that does not say when it ends, which is legal (<https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4>).
    JwtWithoutEnd,
    /// Text that says nothing: legal in OAuth 2.0 (<https://www.rfc-editor.org/rfc/rfc6749#section-1.4>).
    Opaque,
}

/// The state of the access tokens.
pub(crate) struct Tokens {
    lifetime: Duration,
    format: TokenFormat,
    /// What those stand for that do not say it themselves.
    kept: HashMap<String, Value>,
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
            kept: HashMap::new(),
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
    /// Sets the life of tokens, 24 hours from the start; what is less than a second of it is cut off.
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

    /// Sets the clock by which tokens are issued and expire, and which `Date` tells, so many seconds ahead of the machine's;
    /// negative is behind.
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
    /// The sandbox's time, in seconds since the epoch.
    pub(crate) fn now(&self) -> u64 {
        self.state().tokens.now()
    }

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
            TokenFormat::JwtWithoutEnd => {
                let mut told = claims.clone();
                told.as_object_mut().map(|claims| claims.remove("exp"));
                self.signer().sign(&told)
            }
            TokenFormat::Opaque => unguessable(),
        };
        if format != TokenFormat::Jwt {
            self.state().tokens.kept.insert(token.clone(), claims);
        }
        json!({"access_token": token, "expires_in": life, "token_type": "Bearer"})
    }

    /// The claims of a token, if it is this sandbox's, good, and not revoked.
    pub(crate) fn claims_of(&self, token: &str) -> Option<Value> {
        let (kept, now, last_revoked) = {
            let tokens = &self.state().tokens;
            (tokens.kept.get(token).cloned(), tokens.now(), tokens.last_revoked)
        };
        let claims = kept.or_else(|| self.signer().verify(token))?;
        let is_taken = claims["iss"] == self.issuer()
            && claims["exp"].as_u64()? > now
            && claims["jti"].as_u64()? > last_revoked;
        is_taken.then_some(claims)
    }
}

/// The machine's time, in seconds since the epoch.
pub(crate) fn unix_time() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

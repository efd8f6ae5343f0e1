//! The token, which is the same for everybody.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

/// As long as CARTO's for a machine.
const TOKEN_LENGTH: usize = 800;
const LIFETIME: Duration = Duration::from_secs(86_400);

/// A whole response with a token.
pub(crate) fn granted() -> Vec<u8> {
    let reply = json!({"access_token": token(), "expires_in": LIFETIME.as_secs(), "token_type": "Bearer"});
    response("200 OK", &reply.to_string())
}

/// A whole response with this JSON.
pub(crate) fn response(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into()
}

/// A JWT with the claims that CARTO's have and a signature that is none.
fn token() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let client = "client-of-the-benchmarks";
    let claims = json!({
        "iss": "https://auth.carto.com/", "sub": format!("{client}@clients"), "aud": "carto-cloud-native-api",
        "iat": now.as_secs(), "exp": (now + LIFETIME).as_secs(), "azp": client, "gty": "client-credentials",
        "permissions": [], "http://app.carto.com/account_id": "ac_benchmark",
        "http://app.carto.com/acting_as": "google-oauth2|100000000000000000000",
    });
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "benchmarks"});
    let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut token = format!("{}.{}.", encode(header), encode(claims));
    token.extend((token.len()..TOKEN_LENGTH).map(|place| char::from(b'a' + (place % 26) as u8)));
    token
}

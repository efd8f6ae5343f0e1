use std::collections::HashMap;

use carto_auth_core::{AccessToken, Claims, Secret, Timestamp};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::script::{expand, jwt};
use crate::secrets::T0;

/// A token, and the claims of one: read where they are what they should be, and never the end of a token later than they say.
pub fn claims(data: &[u8]) {
    let data = expand(data);
    is_a_token_or_none(&String::from_utf8_lossy(&data));
    let text = String::from_utf8_lossy(&data);
    let token = jwt(&text);
    let read = Claims::of(&token);
    // A claim that nobody asks for may be what no value can hold, 1e400 say; what is no JSON at all has no claims.
    let is_json = serde_json::from_str::<HashMap<String, IgnoredAny>>(&text).is_ok();
    assert!(is_json || read.is_none(), "claims of what is no object");
    let Ok(parsed) = serde_json::from_str::<Map<String, Value>>(&text) else {
        return;
    };
    let Some(read) = read else {
        panic!("an object without claims");
    };
    let texts = [
        ("iss", &read.issuer),
        ("sub", &read.subject),
        ("azp", &read.authorized_party),
        ("scope", &read.scope),
        ("org_id", &read.organization_id),
        ("http://app.carto.com/account_id", &read.account_id),
        ("http://app.carto.com/email", &read.email),
        ("http://app.carto.com/acting_as", &read.acting_as),
    ];
    for (name, value) in texts {
        assert_eq!(
            value.as_deref(),
            parsed.get(name).and_then(Value::as_str),
            "{name}"
        );
    }
    for (name, value) in [("exp", read.expires_at), ("iat", read.issued_at)] {
        let is_number = parsed.get(name).is_some_and(Value::is_number);
        assert_eq!(value.is_some(), is_number, "{name}");
        if let Some(seconds) = parsed.get(name).and_then(Value::as_i64) {
            assert_eq!(value, Some(Timestamp::from_unix_seconds(seconds)), "{name}");
        }
    }
    is_a_token_or_none(&token);
}

fn is_a_token_or_none(text: &str) {
    let claimed = Claims::of(text).and_then(|claims| claims.expires_at);
    let is_token = (1..=64 << 10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let token = AccessToken::new(Secret::new(text), Some(T0));
    assert_eq!(token.is_some(), is_token, "what a header can carry");
    if let Some(token) = token {
        assert_eq!(
            token.expires_at(),
            Some(claimed.map_or(T0, |end| end.min(T0))),
            "the earlier end counts"
        );
        assert_eq!(
            token.authorization_header().as_bytes(),
            format!("Bearer {text}").as_bytes()
        );
        assert!(token.authorization_header().is_sensitive());
    }
}

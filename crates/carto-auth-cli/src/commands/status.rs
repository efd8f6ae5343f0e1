//! `carto-auth status`: whose token would be used, and until when it is good. Asks nobody.

use std::fmt::Write as _;

use carto_auth_core::{AccessToken, OneLine};
use carto_auth_native::now;
use serde::Serialize;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::identity::{self, Chosen};
use crate::{output, time};

#[derive(Serialize)]
struct Answer {
    logged_in: bool,
    mode: &'static str,
    profile: &'static str,
    source: String,
    path: Option<String>,
    email: Option<String>,
    account_id: Option<String>,
    client_id: Option<String>,
    api_base_url: String,
    expires_at: Option<String>,
    expires_in: Option<u64>,
    verified: Option<bool>,
}

pub(crate) fn run(global: &Global) -> Result<(), Failure> {
    let Chosen { auth, source, cache } = identity::choose(global)?;
    let token = auth.cached_token();
    let claims = token.as_ref().and_then(AccessToken::claims);
    let expires_at = token.as_ref().and_then(AccessToken::expires_at);
    let answer = Answer {
        // A machine needs no login: its credentials are enough.
        logged_in: true,
        mode: "m2m",
        profile: "default",
        source,
        path: cache.map(|path| path.display().to_string()),
        email: claims
            .as_ref()
            .and_then(|claims| claims.email.clone().or_else(|| claims.acting_as.clone())),
        account_id: claims.and_then(|claims| claims.account_id),
        client_id: auth.identity().map(|identity| identity.client_id().to_owned()),
        api_base_url: auth.api_base_url().to_string(),
        expires_at: expires_at.map(time::rfc3339),
        expires_in: expires_at.map(|end| end.since(now()).as_secs()),
        verified: None,
    };
    if global.json {
        return output::json(&answer);
    }
    let token_line = match expires_at {
        Some(end) => format!(
            "cached, good for {}, until {}",
            time::rough(end.since(now())),
            time::minute(end)
        ),
        None => "none cached; `carto-auth token` gets one".to_owned(),
    };
    output::answer(&text(&answer, &token_line))
}

fn text(answer: &Answer, token: &str) -> String {
    let rows = [
        ("Machine", answer.client_id.as_deref()),
        ("account", answer.account_id.as_deref()),
        ("acting as", answer.email.as_deref()),
        ("from", Some(answer.source.as_str())),
        ("API base URL", Some(answer.api_base_url.as_str())),
        ("token", Some(token)),
        ("cache", Some(answer.path.as_deref().unwrap_or("none"))),
    ];
    let mut text = String::new();
    for (name, value) in rows {
        if let Some(value) = value {
            let _ = writeln!(text, "{name:<13} {}", OneLine(value));
        }
    }
    text.truncate(text.trim_end().len());
    text
}

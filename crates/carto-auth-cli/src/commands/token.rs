//! `carto-auth token`: print a valid access token.

use carto_auth_core::{AccessToken, Freshness};
use carto_auth_native::now;
use carto_auth_ureq::CartoAuth;
use serde::Serialize;

use crate::arguments::{Global, TokenOptions};
use crate::failure::Failure;
use crate::{identity, output, time};

/// The shape that other tools can use as a credential process.
#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_at: Option<String>,
    expires_in: Option<u64>,
    api_base_url: &'a str,
    mode: &'static str,
}

pub(crate) fn run(global: &Global, options: &TokenOptions) -> Result<(), Failure> {
    let auth = identity::choose(global)?.auth;
    let token = get(&auth, options)?;
    let secret = token.secret().expose();
    if global.json {
        output::json(&Answer {
            access_token: secret,
            token_type: "Bearer",
            expires_at: token.expires_at().map(time::rfc3339),
            expires_in: token.expires_at().map(|end| end.since(now()).as_secs()),
            api_base_url: auth.api_base_url().as_str(),
            mode: "m2m",
        })
    } else if options.header {
        output::answer(&format!("Authorization: Bearer {secret}"))
    } else {
        output::answer(secret)
    }
}

fn get(auth: &CartoAuth, options: &TokenOptions) -> Result<AccessToken, Failure> {
    if options.refresh {
        return Ok(auth.new_token()?);
    }
    let Some(min_ttl) = options.min_ttl else {
        return Ok(auth.access_token()?);
    };
    let token = auth.access_token_with(Freshness::min_ttl(min_ttl))?;
    match token.expires_at().map(|end| end.since(now())) {
        Some(left) if left < min_ttl => Err(Failure::usage(
            format!("a new token lives for {}, less than --min-ttl", time::rough(left)),
            "ask for less",
        )),
        _ => Ok(token),
    }
}

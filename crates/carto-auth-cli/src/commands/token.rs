//! `carto-auth token`: print a valid access token.

use std::time::Duration;

use carto_auth_core::{AccessToken, Error, Freshness};
use carto_auth_native::now;
use serde::Serialize;

use crate::arguments::TokenOptions;
use crate::failure::Failure;
use crate::global::{Global, Mode};
use crate::identity::{self, Chosen};
use crate::{output, time};

/// The shape that other tools can use as a credential process.
#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_at: Option<String>,
    expires_in: Option<u64>,
    api_base_url: String,
    mode: &'static str,
}

pub(crate) fn run(global: &Global, options: &TokenOptions) -> Result<(), Failure> {
    let chosen = identity::choose(global)?;
    let token = get(&chosen, options)?;
    print(global, options, &chosen, &token)
}

fn print(
    global: &Global,
    options: &TokenOptions,
    chosen: &Chosen,
    token: &AccessToken,
) -> Result<(), Failure> {
    let secret = token.secret().expose();
    if global.json {
        let api_base_url = chosen
            .auth
            .api_base_url()
            .map_err(|error| chosen.failure(error))?;
        output::json(&Answer {
            access_token: secret,
            token_type: "Bearer",
            expires_at: token.expires_at().map(time::rfc3339),
            expires_in: token.expires_at().map(|end| end.since(now()).as_secs()),
            api_base_url: api_base_url.to_string(),
            mode: chosen.mode.name(),
        })
    } else if options.header {
        output::answer(&format!("Authorization: Bearer {secret}"))
    } else {
        output::answer(secret)
    }
}

fn get(chosen: &Chosen, options: &TokenOptions) -> Result<AccessToken, Failure> {
    let auth = &chosen.auth;
    if options.refresh && chosen.mode == Mode::Oauth {
        return Err(Failure::usage(
            "--refresh is for machines; this is the login of a person",
            format!("run `{} --force`", chosen.login),
        ));
    }
    let freshness = options
        .min_ttl
        .map_or_else(Freshness::default, Freshness::min_ttl);
    let token = match options.refresh {
        true => auth.new_token(),
        false => auth.access_token_with(freshness),
    };
    let min_ttl = options.min_ttl.unwrap_or_default();
    let too_short = |message: String| Failure::usage(message, "ask for less");
    let token = token.map_err(|error| match (&error, whole_life(chosen)) {
        // A new login would not be any better.
        (Error::NotRenewable, Some(life)) if life <= min_ttl => {
            let life = time::roughly(life);
            too_short(format!(
                "no login is good for as long as --min-ttl asks: it is for {life}"
            ))
        }
        _ => chosen.failure(error),
    })?;
    match token.expires_at().map(|end| end.since(now())) {
        Some(left) if left < min_ttl => {
            let left = time::rough(left);
            Err(too_short(format!(
                "the newest token has {left} left, less than --min-ttl"
            )))
        }
        _ => Ok(token),
    }
}

/// How long the login is good for as a whole, as far as its token says.
fn whole_life(chosen: &Chosen) -> Option<Duration> {
    let claims = chosen.auth.last_token()?.claims()?;
    Some(claims.expires_at?.since(claims.issued_at?))
}

//! `carto-auth status`: whose token would be used, and until when it is good. Asks nobody, unless told to.

use std::fmt::Write as _;

use carto_auth_core::{AccessToken, Error, OneLine};
use carto_auth_native::now;
use serde::Serialize;

use crate::arguments::StatusOptions;
use crate::failure::{Exit, Failure};
use crate::global::{Global, Mode};
use crate::identity::{self, Chosen};
use crate::{output, talk, time};

#[derive(Serialize)]
pub(crate) struct Answer {
    logged_in: bool,
    mode: &'static str,
    profile: String,
    source: String,
    path: Option<String>,
    email: Option<String>,
    account_id: Option<String>,
    client_id: Option<String>,
    api_base_url: Option<String>,
    expires_at: Option<String>,
    expires_in: Option<u64>,
    verified: Option<bool>,
}

pub(crate) fn run(global: &Global, options: &StatusOptions) -> Result<(), Failure> {
    let chosen = identity::choose(global)?;
    let mut answer = answer(global, &chosen);
    let last = chosen.auth.last_token();
    let mut failure = None;
    if options.verify
        && let Some(token) = chosen.auth.cached_token()
    {
        match chosen.auth.verify(&token) {
            Ok(is_good) => {
                answer.verified = Some(is_good);
                answer.logged_in &= is_good || chosen.auth.is_renewable();
            }
            Err(error) => failure = Some(Failure::from(error)),
        }
    }
    let exit = match (answer.logged_in, chosen.mode) {
        (true, _) => None,
        (false, Mode::Oauth) => Some(Exit::LogIn),
        (false, Mode::M2m) => Some(Exit::Fix),
    };
    if global.json {
        output::json(&answer)?;
    } else {
        output::answer(&text(global, &chosen, &answer, last.as_ref()))?;
        if failure.is_none() && exit.is_some() && chosen.mode == Mode::Oauth {
            let needed = chosen.auth.login_reason().unwrap_or(Error::NotLoggedIn);
            let (_, hint) = chosen.failure(needed).into_words();
            talk::hint(&hint);
        }
    }
    // What is known without CARTO has been said; that CARTO could not be asked is said, too.
    match failure.or_else(|| exit.map(Failure::said)) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

/// What is known of an identity without asking CARTO.
pub(crate) fn answer(global: &Global, chosen: &Chosen) -> Answer {
    let Chosen { auth, mode, .. } = chosen;
    // Whose session has ended can be told, too.
    let last = auth.last_token();
    let claims = last.as_ref().and_then(AccessToken::claims);
    // The epoch stands for a token that an API refused.
    let expires_at = last
        .as_ref()
        .and_then(AccessToken::expires_at)
        .filter(|end| end.as_unix_seconds() != 0);
    let client_id = auth.identity().map(|identity| identity.client_id().to_owned());
    Answer {
        // A machine needs no login: its credentials are enough. A refresh token is, too.
        logged_in: auth.cached_token().is_some() || auth.is_renewable(),
        mode: mode.name(),
        profile: global.profile.name().to_owned(),
        source: chosen.source.clone(),
        path: chosen.cache().map(|path| path.display().to_string()),
        email: claims
            .as_ref()
            .and_then(|claims| claims.email.clone().or_else(|| claims.acting_as.clone())),
        account_id: claims.and_then(|claims| claims.account_id),
        client_id: client_id.filter(|_| *mode == Mode::M2m),
        api_base_url: auth.known_api_base_url().map(|url| url.to_string()),
        expires_at: expires_at.map(time::rfc3339),
        expires_in: expires_at.map(|end| end.since(now()).as_secs()),
        verified: None,
    }
}

fn text(global: &Global, chosen: &Chosen, answer: &Answer, last: Option<&AccessToken>) -> String {
    let is_person = chosen.mode == Mode::Oauth;
    if is_person && last.is_none() && !answer.logged_in {
        return "Not logged in.".to_owned();
    }
    let token = token(global, chosen, answer, last);
    let (who, acting_as) = match is_person {
        true => (("Person", answer.email.as_deref()), None),
        false => (("Machine", answer.client_id.as_deref()), answer.email.as_deref()),
    };
    let verified = (answer.verified == Some(true)).then_some("CARTO takes the token");
    let rows = [
        who,
        ("account", answer.account_id.as_deref()),
        ("acting as", acting_as),
        ("from", Some(answer.source.as_str())),
        ("API base URL", answer.api_base_url.as_deref()),
        ("token", Some(token.as_str())),
        ("verified", verified),
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

/// What is to be said of the token, in the words of an error where it is none.
fn token(global: &Global, chosen: &Chosen, answer: &Answer, last: Option<&AccessToken>) -> String {
    let (auth, is_person) = (&chosen.auth, chosen.mode == Mode::Oauth);
    match (answer.verified, last.and_then(AccessToken::expires_at)) {
        (Some(false), _) => "CARTO does not take it any more".to_owned(),
        (_, Some(end)) if end.as_unix_seconds() == 0 => "CARTO does not take it any more".to_owned(),
        (_, Some(end)) if auth.cached_token().is_some() => {
            let cached = if is_person { "" } else { "cached, " };
            let (left, until) = (time::rough(end.since(now())), time::minute(end));
            format!("{cached}good for {left}, until {until}")
        }
        (_, Some(end)) if is_person && !answer.logged_in => match auth.login_reason() {
            Some(Error::ClockWentBack { obtained_at }) => {
                format!("from {}, which has not come yet", time::minute(obtained_at))
            }
            _ => time::ended(end, now()),
        },
        _ if is_person => format!("none cached; `{}` gets one", global.advice("token")),
        _ => "none cached; `carto-auth token` gets one".to_owned(),
    }
}

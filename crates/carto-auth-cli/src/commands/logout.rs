//! `carto-auth logout`: forget the login, or the cached token of a machine.

use carto_auth_core::{AccessToken, OneLine};
use carto_auth_native::PendingLogin;

use crate::failure::Failure;
use crate::global::{Global, Mode};
use crate::{identity, output, talk, time};

pub(crate) fn run(global: &Global) -> Result<(), Failure> {
    if global.no_cache {
        return Err(Failure::usage(
            "logout forgets what is in the cache, and --no-cache looks at none",
            "leave --no-cache out",
        ));
    }
    let chosen = identity::choose(global)?;
    let is_person = chosen.mode == Mode::Oauth;
    let end = chosen
        .auth
        .cached_token()
        .as_ref()
        .and_then(AccessToken::expires_at);
    let removed = chosen.auth.log_out()?;
    if is_person && let Some(pending) = PendingLogin::of(&global.profile) {
        pending.forget();
    }
    if global.json {
        output::json(&serde_json::json!({"logged_in": false, "removed": removed}))?;
    }
    let person = identity::person(global)
        .ok()
        .filter(|_| !is_person && global.mode.is_none());
    if person.is_some_and(|person| person.auth.cached_token().is_some()) {
        // --profile names the person of that profile; the default one needs no name.
        let command = match global.profile.name() {
            "default" => "carto-auth logout --mode oauth".to_owned(),
            _ => global.advice("logout"),
        };
        talk::say(
            global,
            format_args!("The login of a person is still there: `{command}` forgets it."),
        );
    }
    if removed.is_empty() {
        let nothing = if is_person {
            "Nobody was logged in."
        } else {
            "There was no cached token."
        };
        talk::say(global, nothing);
        return Ok(());
    }
    for path in removed {
        talk::say(
            global,
            format_args!("Logged out: removed {}.", OneLine(&path.to_string_lossy())),
        );
    }
    match end.map(time::minute) {
        Some(end) if is_person => talk::say(
            global,
            format_args!("The token stays valid until {end}, and your browser is still signed in to CARTO."),
        ),
        Some(end) => talk::say(
            global,
            format_args!("A copy of the token stays valid until {end}."),
        ),
        None => {}
    }
    Ok(())
}

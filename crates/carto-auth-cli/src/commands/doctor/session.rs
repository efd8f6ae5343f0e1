//! Whose token would be used, and whether there is one.

use carto_auth_core::{AccessToken, Error};
use carto_auth_native::now;

use super::{Check, State};
use crate::commands::login::logged_in;
use crate::global::Mode;
use crate::identity::Chosen;
use crate::time;

pub(super) fn check(chosen: &Chosen) -> Check {
    let token = chosen.auth.cached_token();
    let well = |message| Check::new("session", State::Ok, message);
    let check = match (chosen.mode, token) {
        (Mode::M2m, token) => well(machine(chosen, token.as_ref())),
        (Mode::Oauth, Some(token)) => well(logged_in(&token)),
        (Mode::Oauth, None) if chosen.auth.is_renewable() => {
            well("a refresh token is there; the next command gets a token by it".to_owned())
        }
        // What a command that needs a token would say.
        (Mode::Oauth, None) => {
            let error = chosen.auth.login_reason().unwrap_or(Error::NotLoggedIn);
            Check::failed("session", chosen.failure(error))
        }
    };
    check.about(&chosen.source)
}

fn machine(chosen: &Chosen, token: Option<&AccessToken>) -> String {
    let client_id = chosen.auth.identity().map_or("", |identity| identity.client_id());
    match token.and_then(AccessToken::expires_at) {
        Some(end) => {
            let left = time::rough(end.since(now()));
            format!("machine {client_id}, with a token that is good for {left}")
        }
        None => format!("machine {client_id}; the next command asks for a token"),
    }
}

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
        (Mode::M2m, token) => match shared_mode(chosen) {
            Some(mode) => Check::new("session", State::Warning, machine(chosen, token.as_ref())).hint(
                format!("others may read the file with its secret (mode {mode:04o}): make its mode 0600"),
            ),
            None => well(machine(chosen, token.as_ref())),
        },
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

/// The mode of the credentials file, where others may read or write it.
fn shared_mode(chosen: &Chosen) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = std::fs::metadata(chosen.credentials_file.as_ref()?).ok()?;
        let mode = metadata.mode() & 0o7777;
        (metadata.is_file() && mode & 0o077 != 0).then_some(mode)
    }
    #[cfg(not(unix))]
    {
        let _ = chosen;
        None
    }
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

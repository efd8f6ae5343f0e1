//! A login that waits for its code.

use carto_auth_core::Endpoints;
use carto_auth_native::PendingLogin;

use super::{Check, State};
use crate::global::Global;
use crate::identity::Chosen;

pub(super) fn check(global: &Global, chosen: &Chosen, endpoints: &Endpoints) -> Option<Check> {
    let pending = PendingLogin::of(&global.profile)?;
    let check = match pending.look(endpoints.clone())? {
        Ok(()) => Check::new("login", State::Warning, "it waits for its code").hint(format!(
            "`{login} --code CODE` finishes it, and `{login}` begins anew",
            login = chosen.login
        )),
        Err(why) => Check::new(
            "login",
            State::Skipped,
            format!("it {why}; the next one replaces it"),
        ),
    };
    Some(check.about(pending.path().to_string_lossy()))
}

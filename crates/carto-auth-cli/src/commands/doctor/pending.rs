//! A login that waits for its code.

use carto_auth_core::Endpoints;
use carto_auth_native::{PendingLogin, PendingState};

use super::{Check, State};
use crate::global::Global;
use crate::identity::Chosen;

pub(super) fn check(global: &Global, chosen: &Chosen, endpoints: &Endpoints) -> Option<Check> {
    let pending = PendingLogin::of(&global.profile)?;
    let unused = |why: String| {
        Check::new(
            "login",
            State::Skipped,
            format!("it {why}; the next one replaces it"),
        )
    };
    let check = match pending.look(endpoints.clone()) {
        PendingState::Waits => Check::new("login", State::Warning, "it waits for its code").hint(format!(
            "`{login} --code CODE` finishes it, and `{login}` begins anew",
            login = chosen.login
        )),
        PendingState::Unusable(why) => unused(format!("is not used: {why}")),
        PendingState::Invalid(problem) => unused(problem.to_string()),
        _ => return None,
    };
    Some(check.about(pending.path().to_string_lossy()))
}

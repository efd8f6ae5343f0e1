//! The token files, and whether they can be read and written.

use std::io::ErrorKind;

use carto_auth_core::OneLine;
use carto_auth_native::{FileContents, HOME_VARIABLE, InspectedFile, Inspection, LockProblem};

use super::{Check, State};
use crate::global::{Global, Mode};
use crate::identity::{Chosen, folder_problem};

pub(super) fn checks(global: &Global, chosen: &Chosen) -> Vec<Check> {
    // What a machine cannot keep it asks for again; a person would have to log in again.
    let lost = match chosen.mode {
        Mode::M2m => State::Warning,
        Mode::Oauth => State::Problem,
    };
    if global.no_cache {
        let message = "nothing is kept, because of --no-cache";
        return vec![Check::new("cache", State::Skipped, message)];
    }
    let (Some(store), Some(identity)) = (&chosen.store, chosen.auth.identity()) else {
        let none = Check::new("cache", lost, "there is no home folder to keep a token in");
        return vec![none.hint(format!("set {HOME_VARIABLE}"))];
    };
    let found = store.inspect(identity);
    let has_token = chosen.auth.cached_token().is_some() || chosen.auth.is_renewable();
    let unused = if has_token { State::Warning } else { lost };
    let mut checks = vec![folder(&found, lost)];
    checks.extend(lock(&found, chosen));
    checks.extend(found.files.iter().map(|found| file(found, unused, chosen)));
    checks
}

fn folder(found: &Inspection, lost: State) -> Check {
    let check = |state, message: String| {
        let about = found.folder.to_string_lossy();
        Check::new("cache", state, message).about(about)
    };
    if let Some((message, hint)) = folder_problem(found) {
        return check(lost, message).hint(hint);
    }
    match found.folder_mode {
        Some(mode) if mode & 0o022 != 0 => {
            let message = format!("others may put files there (mode {mode:04o})");
            check(State::Warning, message).hint("make its mode 0700")
        }
        Some(mode) => check(State::Ok, format!("mode {mode:04o}")),
        None if found.folder.exists() => check(State::Ok, "it is there".to_owned()),
        None => check(State::Ok, "it is made when there is a token to keep".to_owned()),
    }
}

/// Without the lock a machine asks all the same, and a refresh token is not spent.
fn lock(found: &Inspection, chosen: &Chosen) -> Option<Check> {
    let (path, why) = found.unusable_lock.as_ref()?;
    let state = match chosen.mode == Mode::Oauth && chosen.auth.is_renewable() {
        true => State::Problem,
        false => State::Warning,
    };
    let check = Check::new("cache", state, format!("it cannot be locked: {why}"));
    let hint = match why {
        LockProblem::NotRegular => "remove it; it is made anew",
        LockProblem::Unopened(why) if why.kind() == ErrorKind::PermissionDenied => {
            "let your user read and write it"
        }
        // A lock file is never removed: another process may hold it.
        _ => "see to what the system says of it, and leave the file where it is",
    };
    Some(check.about(path.to_string_lossy()).hint(hint))
}

fn file(found: &InspectedFile, unused: State, chosen: &Chosen) -> Check {
    let path = found.path.to_string_lossy();
    let check = |state, message: &str| Check::new("cache", state, message).about(path.as_ref());
    match (&found.holds, found.mode) {
        (FileContents::NotUsed(why), _) => {
            let message = why.strip_prefix(&format!("{} ", OneLine(&path)));
            check(unused, message.unwrap_or(why)).hint(match chosen.mode {
                Mode::M2m => {
                    "remove it, or mend it; the next token that CARTO grants is kept there".to_owned()
                }
                Mode::Oauth => format!("remove it, or mend it; `{}` writes it anew", chosen.login),
            })
        }
        (FileContents::Ours, Some(mode)) if mode & 0o077 != 0 => {
            let message = format!("others may read it (mode {mode:04o})");
            check(State::Warning, &message)
                .hint("make its mode 0600; a command that reads it does so, too, unless it is a link")
        }
        (FileContents::Ours, Some(mode)) => check(State::Ok, &format!("mode {mode:04o}")),
        (FileContents::Ours, None) => check(State::Ok, "it is there"),
        _ => check(State::Skipped, "it holds another login, which is not used here"),
    }
}

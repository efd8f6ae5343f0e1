//! `carto-auth doctor`: tries what a login and a token need, one thing after another, and changes nothing.

mod cache;
mod hosts;
mod pending;
mod port;
mod port_holder;
mod proxies;
mod session;

use std::fmt::Write as _;

use carto_auth_core::{Endpoints, OneLine};
use carto_auth_native::{BrowserProgram, browser_obstacle, browser_program};
use serde::Serialize;

use crate::certificates::{Found, HINT, Place, first_that_counts, places};
use crate::commands::doctor::hosts::Hosts;
use crate::endpoints::{endpoints, variables_set};
use crate::failure::{Exit, Failure};
use crate::global::{Global, Mode};
use crate::identity;
use crate::{output, talk};

/// What one check came to.
#[derive(Serialize)]
struct Check {
    name: &'static str,
    /// What was checked, where there may be several: a host, a file.
    about: Option<String>,
    state: State,
    message: String,
    hint: Option<String>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// It does not count here.
    Skipped,
    /// It costs nobody a token.
    Warning,
    Problem,
}

impl State {
    fn mark(self) -> char {
        match self {
            Self::Ok => '✓',
            Self::Skipped => '-',
            Self::Warning => '!',
            Self::Problem => '✗',
        }
    }
}

impl Check {
    fn new(name: &'static str, state: State, message: impl Into<String>) -> Self {
        Self {
            name,
            about: None,
            state,
            message: message.into(),
            hint: None,
        }
    }

    fn about(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn failed(name: &'static str, failure: Failure) -> Self {
        let (message, hint) = failure.into_words();
        Self::new(name, State::Problem, message).hint(hint)
    }
}

#[derive(Serialize)]
struct Answer {
    ok: bool,
    version: &'static str,
    checks: Vec<Check>,
}

pub(crate) fn run(global: &Global, unusable: Option<Failure>) -> Result<(), Failure> {
    talk::without_warnings();
    let unusable: Vec<_> = unusable.into_iter().chain(unusable_profile(global)).collect();
    let is_known = unusable.is_empty();
    let (endpoints, settings) = match endpoints() {
        Ok(endpoints) => (Some(endpoints), settings()),
        Err(failure) => (None, Check::failed("settings", failure)),
    };
    let mut checks = vec![settings];
    checks.extend(
        unusable
            .into_iter()
            .map(|failure| Check::failed("settings", failure)),
    );
    if let Some(problem) = talk::log_problem() {
        let check = Check::new("settings", State::Warning, problem);
        checks.push(check.hint("set it to one of these, or unset it"));
    }
    checks.extend(proxies::checks());
    match endpoints {
        Some(endpoints) => tried(global, is_known, &endpoints, &mut checks)?,
        // Whom to ask is not known then.
        None => checks.extend(certificates().into_iter().chain([browser()])),
    }
    let ok = checks.iter().all(|check| check.state != State::Problem);
    if global.json {
        let version = env!("CARGO_PKG_VERSION");
        output::json(&Answer { ok, version, checks })?;
    } else {
        output::answer(&text(&checks))?;
    }
    match ok {
        true => Ok(()),
        false => Err(Failure::said(Exit::Problem)),
    }
}

/// The rest. Whose token would be used `is_known` unless a variable that decides that holds nothing usable.
fn tried(
    global: &Global,
    is_known: bool,
    endpoints: &Endpoints,
    checks: &mut Vec<Check>,
) -> Result<(), Failure> {
    let chosen = match identity::look(global) {
        Err(failure) if failure.is_usage() && is_known => return Err(failure),
        looked => is_known.then_some(looked),
    };
    let mode = match &chosen {
        Some(Ok(chosen)) => chosen.mode,
        Some(Err(_)) => global.mode.unwrap_or(Mode::M2m),
        // A person needs more.
        None => global.mode.unwrap_or(Mode::Oauth),
    };
    let known = chosen.as_ref().and_then(|chosen| chosen.as_ref().ok());
    let known = known.and_then(|chosen| chosen.auth.known_api_base_url());
    // They are asked while the rest is looked at.
    let hosts = Hosts::ask(endpoints, mode, known.as_ref());
    match chosen {
        Some(Ok(chosen)) => {
            checks.push(session::check(&chosen));
            if chosen.mode == Mode::Oauth {
                checks.extend(pending::check(global, &chosen, endpoints));
            }
            checks.extend(cache::checks(global, &chosen));
        }
        Some(Err(failure)) => checks.push(Check::failed("session", failure)),
        None => checks.push(Check::new(
            "session",
            State::Skipped,
            "whose it would be is not known",
        )),
    }
    checks.extend(certificates());
    let port_and_browser = match mode {
        Mode::Oauth => [port::check(endpoints), browser()],
        Mode::M2m => ["port", "browser"].map(|name| Check::new(name, State::Skipped, "a machine needs none")),
    };
    checks.extend(hosts.checks());
    checks.extend(port_and_browser);
    Ok(())
}

/// A machine has no profile.
fn unusable_profile(global: &Global) -> Option<Failure> {
    let is_machine = global.mode == Some(Mode::M2m) || identity::overriding_variable(global).is_some();
    global.profile_failure().filter(|_| !is_machine)
}

fn settings() -> Check {
    let variables = variables_set();
    let whose = match variables.is_empty() {
        true => "CARTO's cloud".to_owned(),
        false => format!("changed by {}", variables.join(", ")),
    };
    Check::new("settings", State::Ok, whose)
}

fn certificates() -> Vec<Check> {
    let check = |state, message: &str| Check::new("certificates", state, message);
    let places = places();
    if places.is_empty() {
        return vec![check(State::Ok, "the system's are trusted")];
    }
    // The others do then.
    let nothing = match first_that_counts() {
        Some(_) => State::Warning,
        None => State::Problem,
    };
    let of_place = |Place { about, found }: &Place| match found {
        Found::Trusted(1) => {
            check(State::Ok, "its certificate is trusted, and not the system's").about(about)
        }
        Found::Trusted(count) => {
            let message = format!("its {count} certificates are trusted, and not the system's");
            check(State::Ok, &message).about(about)
        }
        Found::TooMuch => check(State::Skipped, "there is more than is looked at").about(about),
        Found::Nothing(why) => check(nothing, why).about(about).hint(HINT),
    };
    places.iter().map(of_place).collect()
}

fn browser() -> Check {
    if let Some(obstacle) = browser_obstacle() {
        let message = format!("none is opened: {obstacle}; a login takes a pasted code");
        return Check::new("browser", State::Skipped, message);
    }
    match browser_program() {
        BrowserProgram::Found(path) => Check::new("browser", State::Ok, path.to_string_lossy()),
        BrowserProgram::Missing => {
            let message = "there is no program that opens addresses; a login shows its address";
            Check::new("browser", State::Warning, message).hint("name one in BROWSER, or use --no-browser")
        }
        _ => Check::new("browser", State::Ok, "the system's"),
    }
}

fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let about = check.about.as_ref().map(|about| format!("{about}: "));
        let message = format!("{}{}", about.unwrap_or_default(), check.message);
        let (mark, name) = (check.state.mark(), check.name);
        let _ = writeln!(text, "{mark} {name:<12} {}", OneLine(&message));
        if let Some(hint) = &check.hint {
            let _ = writeln!(text, "{:<14} hint: {}", "", OneLine(hint));
        }
    }
    text + &summary(checks)
}

fn summary(checks: &[Check]) -> String {
    let counted = |state, what| match checks.iter().filter(|check| check.state == state).count() {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let problems = counted(State::Problem, "problem");
    format!("{problems}, {}", counted(State::Warning, "warning"))
}

//! `carto-auth doctor`: tries what a login and a token need, one thing after another, and changes nothing.

mod cache;
mod certificates;
mod hosts;
mod port;
mod port_holder;
mod session;

use std::fmt::Write as _;

use carto_auth_core::{Endpoints, OneLine};
use carto_auth_native::{BrowserProgram, browser_obstacle, browser_program};
use serde::Serialize;

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

/// What is wrong with the variables that say whose certificates count, and a way out.
pub(crate) fn certificates_problem() -> Option<String> {
    certificates::problem()
}

pub(crate) fn run(global: &Global) -> Result<(), Failure> {
    talk::without_warnings();
    let checks = match endpoints() {
        Ok(endpoints) => checks(global, &endpoints)?,
        // Whom to ask is not known then.
        Err(failure) => vec![Check::failed("settings", failure), browser()],
    };
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

fn checks(global: &Global, endpoints: &Endpoints) -> Result<Vec<Check>, Failure> {
    let mut checks = vec![settings()];
    let chosen = match identity::look(global) {
        Err(failure) if failure.is_usage() => return Err(failure),
        looked => looked,
    };
    let mode = chosen
        .as_ref()
        .map_or(global.mode.unwrap_or(Mode::M2m), |chosen| chosen.mode);
    let known = chosen
        .as_ref()
        .ok()
        .and_then(|chosen| chosen.auth.known_api_base_url());
    // They are asked while the rest is looked at.
    let hosts = Hosts::ask(endpoints, mode, known.as_ref());
    match chosen {
        Ok(chosen) => {
            checks.push(session::check(&chosen));
            checks.extend(cache::checks(global, &chosen));
        }
        Err(failure) => checks.push(Check::failed("session", failure)),
    }
    checks.extend(certificates::checks());
    let port_and_browser = match mode {
        Mode::Oauth => [port::check(endpoints), browser()],
        Mode::M2m => ["port", "browser"].map(|name| Check::new(name, State::Skipped, "a machine needs none")),
    };
    checks.extend(hosts.checks());
    checks.extend(port_and_browser);
    Ok(checks)
}

fn settings() -> Check {
    let variables = variables_set();
    let whose = match variables.is_empty() {
        true => "CARTO's cloud".to_owned(),
        false => format!("changed by {}", variables.join(", ")),
    };
    Check::new("settings", State::Ok, whose)
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

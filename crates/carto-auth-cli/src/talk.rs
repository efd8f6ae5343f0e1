//! The only place that writes to stderr: warnings, progress and errors, for people.

use std::collections::BTreeSet;
use std::env;
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Color as Ansi, Style};
use carto_auth_core::OneLine;
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::global::{Color, Global};
use crate::waiting;

/// Prints what the libraries log: warnings always, the rest as far as `-v` asks for it. What has been said once is not
/// said again.
struct Talk {
    /// A level: what it lets through is printed.
    verbosity: AtomicUsize,
    said: Mutex<BTreeSet<String>>,
}

static TALK: Talk = Talk {
    verbosity: AtomicUsize::new(0),
    said: Mutex::new(BTreeSet::new()),
};

/// Who logs each request, with its address, and each answer, without one.
const REQUESTS: &str = "carto_auth_ureq::drive";

impl Log for Talk {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Other crates' logs may hold requests, so only ours are shown.
        metadata.target().starts_with("carto_auth")
            && metadata.level() as usize <= self.verbosity.load(Relaxed)
    }

    fn log(&self, record: &Record<'_>) {
        let is_new = || {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            record.level() > Level::Warn || said.insert(record.args().to_string())
        };
        if self.enabled(record.metadata()) && is_new() {
            line(label_of(record.level()), record.args());
        } else if record.target() == REQUESTS {
            let text = record.args().to_string();
            match text.split_once("://").map(|(_, rest)| rest.split('/').next()) {
                Some(host) => waiting::begin(host.unwrap_or_default()),
                None => drop(waiting::end()),
            }
        }
    }

    fn flush(&self) {}
}

/// Sets colour and verbosity, by the arguments and `CARTO_AUTH_LOG`.
pub(crate) fn start(global: &Global) {
    set_color(global.color);
    let from_variable: Option<LevelFilter> = log_variable().parse().ok();
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::Off,
        // Programs read one object on stderr, or nothing.
        (_, 0) if global.json => from_variable.unwrap_or(LevelFilter::Off),
        (_, 0) => from_variable.unwrap_or(LevelFilter::Warn),
        (_, 1) => LevelFilter::Info,
        _ => LevelFilter::Debug,
    };
    TALK.verbosity.store(level as usize, Relaxed);
    // Who hears of every request anyway needs no line about one that takes long; programs and logs have no use for it.
    let waits = level == LevelFilter::Warn && !global.json && !in_ci();
    log::set_max_level(if waits { LevelFilter::Debug } else { level });
    // It is set once, here.
    let _ = log::set_logger(&TALK);
}

/// Warns of a variable that this module reads. `doctor` has a check for it.
pub(crate) fn warn_of_variables() {
    if let Some(problem) = log_problem() {
        log::warn!("{problem}");
    }
}

fn set_color(color: Color) {
    let has = |name, value: &str| env::var_os(name).is_some_and(|found| found == value);
    // What prints the colours takes any value of this variable for a yes, 0 too, before `CLICOLOR` and `TERM`.
    let is_no = has("CLICOLOR_FORCE", "0");
    let is_forced = !is_no && env::var_os("CLICOLOR_FORCE").is_some();
    let is_plain = !io::stderr().is_terminal() || is_no && (has("CLICOLOR", "0") || has("TERM", "dumb"));
    match color {
        Color::Auto if !is_forced && is_plain => anstream::ColorChoice::Never,
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

fn log_variable() -> String {
    env::var("CARTO_AUTH_LOG").unwrap_or_default()
}

/// What is wrong with `CARTO_AUTH_LOG`.
pub(crate) fn log_problem() -> Option<&'static str> {
    let text = log_variable();
    let is_unusable = !text.is_empty() && text.parse::<LevelFilter>().is_err();
    is_unusable.then_some("CARTO_AUTH_LOG is none of off, warn, info and debug")
}

/// Leaves out warnings, unless somebody has asked for more: what they tell is part of the answer.
pub(crate) fn without_warnings() {
    let _ = TALK.verbosity.compare_exchange(
        LevelFilter::Warn as usize,
        LevelFilter::Off as usize,
        Relaxed,
        Relaxed,
    );
}

/// True where nobody looks on.
pub(crate) fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !["", "0", "false"].iter().any(|off| value == *off))
}

/// Says what went well, unless `--quiet`.
pub(crate) fn say(global: &Global, text: impl fmt::Display) {
    if !global.quiet {
        let _ = writeln!(stderr(), "{text}");
    }
}

/// Says what a person must see to go on, whatever the verbosity.
pub(crate) fn must_say(text: impl fmt::Display) {
    let _ = writeln!(stderr(), "{text}");
}

/// A way on, where there was no error.
pub(crate) fn hint(text: &str) {
    line(("hint", AnsiColor::Cyan), text);
}

/// An error and the way out of it.
pub(crate) fn error(message: &str, hint: &str) {
    line(("error", AnsiColor::Red), message);
    line(("hint", AnsiColor::Cyan), hint);
}

/// One labelled line. Whoever has closed stderr does not want to know.
fn line((label, color): (&str, AnsiColor), text: impl fmt::Display) {
    let style = Style::new().bold().fg_color(Some(Ansi::Ansi(color)));
    let text = text.to_string();
    let _ = writeln!(stderr(), "{style}{label}:{style:#} {}", OneLine(&text));
}

/// Writes what the next text is to replace.
pub(crate) fn in_place(text: &str) {
    let _ = write!(anstream::stderr().lock(), "{text}");
}

/// Where everything else goes.
fn stderr() -> impl io::Write {
    waiting::end();
    anstream::stderr().lock()
}

fn label_of(level: Level) -> (&'static str, AnsiColor) {
    match level {
        Level::Error | Level::Warn => ("warning", AnsiColor::Yellow),
        Level::Info => ("info", AnsiColor::Blue),
        Level::Debug | Level::Trace => ("debug", AnsiColor::Magenta),
    }
}

/// Text that clap made: help and usage errors, with its own colours.
pub(crate) fn usage(text: &str) -> ExitCode {
    // The arguments that say so could not be read.
    set_color(Color::Auto);
    let _ = write!(stderr(), "{text}");
    ExitCode::from(2)
}

/// An error for programs: one line of JSON.
pub(crate) fn json(value: &impl serde::Serialize) {
    let text = serde_json::to_string(value).unwrap_or_default();
    let _ = writeln!(stderr(), "{text}");
}

//! The only place that writes to stderr: warnings, progress and errors, for people.

use std::collections::BTreeSet;
use std::env;
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Color as Ansi, Style};
use carto_auth_core::OneLine;
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::arguments::{Color, Global};

/// Prints what the libraries log: warnings always, the rest as far as `-v` asks for it. What has been said once is not
/// said again.
struct Talk {
    said: Mutex<BTreeSet<String>>,
}

static TALK: Talk = Talk {
    said: Mutex::new(BTreeSet::new()),
};

impl Log for Talk {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Other crates' logs may hold requests, so only ours are shown.
        metadata.target().starts_with("carto_auth") && metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        let is_new = || {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            record.level() > Level::Warn || said.insert(record.args().to_string())
        };
        if self.enabled(record.metadata()) && is_new() {
            line(label_of(record.level()), record.args());
        }
    }

    fn flush(&self) {}
}

/// Sets colour and verbosity, by the arguments and `CARTO_AUTH_LOG`.
pub(crate) fn start(global: &Global) {
    match global.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let variable = env::var("CARTO_AUTH_LOG").unwrap_or_default();
    let from_variable: Option<LevelFilter> = variable.parse().ok();
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::Off,
        // Programs read one object on stderr, or nothing.
        (_, 0) if global.json => from_variable.unwrap_or(LevelFilter::Off),
        (_, 0) => from_variable.unwrap_or(LevelFilter::Warn),
        (_, 1) => LevelFilter::Info,
        _ => LevelFilter::Debug,
    };
    log::set_max_level(level);
    // It is set once, here.
    let _ = log::set_logger(&TALK);
    if !variable.is_empty() && from_variable.is_none() {
        log::warn!("CARTO_AUTH_LOG is none of off, warn, info and debug");
    }
}

/// Leaves out warnings, unless somebody has asked for more: what they tell is part of the answer.
pub(crate) fn without_warnings() {
    if log::max_level() == LevelFilter::Warn {
        log::set_max_level(LevelFilter::Off);
    }
}

/// Says what went well, unless `--quiet`.
pub(crate) fn say(global: &Global, text: impl fmt::Display) {
    if !global.quiet {
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }
}

/// Says what a person must see to go on, whatever the verbosity.
pub(crate) fn must_say(text: impl fmt::Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
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
    let _ = writeln!(
        anstream::stderr().lock(),
        "{style}{label}:{style:#} {}",
        OneLine(&text)
    );
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
    let _ = write!(anstream::stderr().lock(), "{text}");
    ExitCode::from(2)
}

/// An error for programs: one line of JSON.
pub(crate) fn json(value: &impl serde::Serialize) {
    let text = serde_json::to_string(value).unwrap_or_default();
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

//! `cargo xtask bench`: carto-auth beside its peers and beside what is the least that it could cost, in one run. The table
//! goes into `docs/performance.md`.

mod calls;
mod footprint;
mod herd;
mod programs;
mod starts;

use std::fs;
use std::io;
use std::process::Command;

use crate::bench::programs::Scheme;
use crate::measure::Spread;
use crate::{root, say};

const PAGE: &str = "docs/performance.md";
const BEGIN: &str = "<!-- measured: written by cargo xtask bench -->\n";
const END: &str = "<!-- end of what was measured -->\n";

/// Measures everything, and writes it down. With `footprint` left out nothing is built from scratch.
pub(crate) fn run(with_footprint: bool) -> io::Result<()> {
    let programs = programs::build()?;
    let mut measured = format!("\n{}\n", machine()?);
    for table in [
        starts::from_the_cache(&programs)?,
        starts::cold(&programs, Scheme::Http)?,
        starts::cold(&programs, Scheme::Https)?,
        calls::valid_token(&programs)?,
        herd::table(&programs)?,
        calls::protocol(&programs)?,
    ] {
        say(&format!("\n{table}"))?;
        measured.push_str(&format!("\n{table}"));
    }
    let footprint = match with_footprint {
        true => Some(footprint::table()?),
        false => None,
    };
    let page = root().join(PAGE);
    let text = fs::read_to_string(&page)?;
    let (before, rest) = split(&text, BEGIN)?;
    let (measured_before, after) = split(rest, END)?;
    measured.push_str(&match footprint {
        Some(table) => format!("\n{table}"),
        None => kept_footprint(measured_before),
    });
    fs::write(&page, format!("{before}{BEGIN}{measured}{END}{after}"))
}

fn split<'a>(text: &'a str, mark: &str) -> io::Result<(&'a str, &'a str)> {
    let missing = || io::Error::other(format!("{PAGE} has no line {mark}"));
    text.split_once(mark).ok_or_else(missing)
}

/// What a run before this one has found of what takes minutes to build.
fn kept_footprint(measured: &str) -> String {
    let start = measured.find(footprint::TITLE).unwrap_or(measured.len());
    match &measured[start..] {
        "" => String::new(),
        kept => format!("\n{kept}"),
    }
}

fn machine() -> io::Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("a processor without a name", |(_, name)| name);
    let cores = std::thread::available_parallelism()?;
    Ok(format!(
        "Measured on {} ({cores} cores of {model}, Linux {}, {}, {}), carto-auth {}.",
        said(Command::new("date").args(["-u", "+%F"]))?,
        said(Command::new("uname").arg("-r"))?,
        said(Command::new("rustc").arg("--version"))?,
        said(Command::new("valgrind").arg("--version"))?,
        env!("CARGO_PKG_VERSION"),
    ))
}

fn said(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A table of Markdown.
struct Table {
    title: &'static str,
    text: String,
}

impl Table {
    fn new(title: &'static str, explained: &str, columns: &[&str]) -> Self {
        let rule = "---|".repeat(columns.len());
        let text = format!("{title}\n\n{explained}\n\n| {} |\n|{rule}\n", columns.join(" | "));
        Self { title, text }
    }

    fn row(&mut self, cells: &[String]) -> io::Result<()> {
        say(&format!(
            "  {}: {}",
            self.title.trim_start_matches('#'),
            cells.join(" | ")
        ))?;
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
        Ok(())
    }
}

/// The least and the median, to three figures.
fn shown(spread: Spread) -> String {
    format!("{} / {}", figures(spread.least), figures(spread.median))
}

/// How many times as much as we take.
fn times_ours(theirs: Spread, ours: Spread) -> String {
    format!(
        "{} / {}",
        figures(theirs.least / ours.least),
        figures(theirs.median / ours.median)
    )
}

/// A number to three figures.
fn figures(number: f64) -> String {
    match number.abs() {
        size if size >= 99.95 => format!("{number:.0}"),
        size if size >= 9.995 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// A count, with a blank between thousands.
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

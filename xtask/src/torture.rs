//! Everything that attacks the promises of SECURITY.md, at its full length, and the figures of it as a table.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::{cargo, checks, conformance, fuzz, interop, say, target_folder};

/// Set for the tests that have a longer form.
const FULL: (&str, &str) = ("CARTO_AUTH_TORTURE", "full");

/// How long each fuzz target runs, in seconds. (`cargo xtask fuzz` runs them for longer.)
const FUZZED: u32 = 30;

/// Runs all of it, and prints the table.
pub(crate) fn run() -> io::Result<()> {
    match fs::remove_dir_all(folder()) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    checks::prepare()?;
    interop::forget()?;
    let mut tests = cargo(&["test", "--workspace", "--exclude", checks::BIGQUERY, "--locked"]);
    tests.envs([FULL, interop::A_MINUTE]);
    checks::check("tests, at their full length", tests, "see the failure above")?;
    conformance::compare()?;
    fuzz::run_all(FUZZED)?;
    interop::tables()?;
    table()
}

/// Keeps figures for the table: lines of a name and a value with a tab between.
pub(crate) fn keep(group: &str, figures: &str) -> io::Result<()> {
    fs::create_dir_all(folder())?;
    fs::write(folder().join(group), figures)
}

/// What the tests kept, and at the end what was skipped.
fn table() -> io::Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder())?
        .map(|file| file.map(|file| file.path()))
        .collect::<io::Result<_>>()?;
    files.sort();
    let texts: Vec<String> = files.iter().map(fs::read_to_string).collect::<io::Result<_>>()?;
    let lines = texts.iter().flat_map(|text| text.lines());
    let (skipped, done): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("skipped: "));
    say("\n| what | how often |\n|---|---|")?;
    for line in done.into_iter().chain(skipped) {
        say(&format!("| {} |", line.replace('\t', " | ")))?;
    }
    Ok(())
}

fn folder() -> PathBuf {
    target_folder().join("tmp/torture")
}

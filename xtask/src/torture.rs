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
    fuzz::run_all(FUZZED)?;
    tables()
}

/// Prints what the last runs kept.
pub(crate) fn tables() -> io::Result<()> {
    conformance::compare()?;
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
    let (mut done, mut skipped) = (Vec::new(), Vec::new());
    for file in files {
        let group = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for line in fs::read_to_string(&file)?.lines() {
            let row = format!("| {group} | {} |", line.replace('\t', " | "));
            match line.starts_with("skipped: ") {
                true => skipped.push(row),
                false => done.push(row),
            }
        }
    }
    say("\n| group | what | figure |\n|---|---|---|")?;
    done.iter().chain(&skipped).try_for_each(|row| say(row))
}

fn folder() -> PathBuf {
    target_folder().join("tmp/torture")
}

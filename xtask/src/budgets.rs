//! The budgets of instructions and allocations. What is counted is the same however busy the machine is, so a check can
//! hold it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use carto_auth_sandbox::Sandbox;
use tempfile::TempDir;

use crate::measure::{allocations_per_call, instructions, instructions_per_call};
use crate::scene::{Cached, cold};
use crate::{cargo, checks, say, target_folder};

/// The most instructions that one start of the command line may cost. Some 300,000 of them are the C library's and the
/// standard library's, which differ a little from system to system.
const FROM_THE_CACHE: u64 = 600_000;
const FROM_THE_CACHE_AS_JSON: u64 = 650_000;
const COLD: u64 = 1_380_000;

/// What one call may cost at most: the benchmark's crate and its operation, instructions, allocations.
const CALLS: [(&str, &str, u64, u64); 9] = [
    ("ureq", "access_token", 180, 0),
    ("ureq", "authorization_header", 230, 0),
    ("reqwest", "access_token", 180, 0),
    ("native", "authorize_url", 10_500, 4),
    ("native", "token_exchange_opaque", 15_200, 17),
    ("native", "token_exchange_jwt", 33_000, 37),
    ("native", "cache_decode", 47_200, 47),
    ("native", "cache_encode", 13_700, 4),
    ("native", "callback", 8_700, 6),
];

/// Counts all of it, says what it came to, and fails where it is more than may be.
pub(crate) fn check() -> io::Result<()> {
    let program = command_line()?;
    let mut counted = Table::default();
    let cached = Cached::new()?;
    counted.row(
        "`carto-auth token`, from the cache",
        instructions(&cached.token(&program, &[]))?,
        FROM_THE_CACHE,
    )?;
    counted.row(
        "`carto-auth token --json`, from the cache",
        instructions(&cached.token(&program, &["--json"]))?,
        FROM_THE_CACHE_AS_JSON,
    )?;
    let (carto, home) = (Sandbox::start()?, TempDir::new()?);
    counted.row(
        "`carto-auth token`, cold, http",
        instructions(&cold(
            &program,
            home.path(),
            &carto.auth_url(),
            (carto.client_id(), carto.client_secret()),
        ))?,
        COLD,
    )?;
    let benchmarks = benchmarks()?;
    for (crate_name, operation, most, most_allocations) in CALLS {
        let benchmark = benchmark(&benchmarks, crate_name)?;
        let calls = |times| call(benchmark, operation, times);
        let spent = instructions_per_call(1000, calls)?;
        counted.row(&format!("{operation} ({crate_name})"), spent, most)?;
        let allocated = allocations_per_call(calls)?;
        counted.row(
            &format!("{operation} ({crate_name}), allocations"),
            allocated,
            most_allocations,
        )?;
    }
    counted.verdict()
}

#[derive(Default)]
struct Table(Vec<String>);

impl Table {
    fn row(&mut self, what: &str, counted: u64, most: u64) -> io::Result<()> {
        if counted > most {
            self.0.push(format!("{what}: {counted}, and {most} is the most"));
        }
        say(&format!("{counted:>9} of {most:>9}  {what}"))
    }

    fn verdict(self) -> io::Result<()> {
        match self.0[..] {
            [] => Ok(()),
            _ => Err(io::Error::other(format!(
                "more instructions or allocations than the budgets of xtask/src/budgets.rs allow:\n  {}",
                self.0.join("\n  ")
            ))),
        }
    }
}

/// The command line as it is released.
pub(crate) fn command_line() -> io::Result<PathBuf> {
    checks::check(
        "the command line as it is released",
        cargo(&["build", "--release", "--locked", "-p", "carto-auth-cli"]),
        "see the failure above",
    )?;
    Ok(target_folder().join("release/carto-auth"))
}

/// The benchmarks as they are timed, by the name of their crate.
pub(crate) fn benchmarks() -> io::Result<BTreeMap<String, PathBuf>> {
    let mut built = BTreeMap::new();
    for (crate_name, benchmark) in [
        ("native", "protocol"),
        ("reqwest", "access_token"),
        ("ureq", "access_token"),
    ] {
        let package = format!("carto-auth-{crate_name}");
        say(&format!("== the benchmark of {package}"))?;
        let mut build = cargo(&[
            "bench", "--no-run", "--locked", "--bench", benchmark, "-p", &package,
        ]);
        let output = build.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let path = said
            .lines()
            .find_map(|line| line.trim_start().strip_prefix("Executable"))
            .and_then(|line| line.rsplit_once('(')?.1.strip_suffix(')'));
        match path {
            Some(path) if output.status.success() => {
                built.insert(crate_name.to_owned(), crate::root().join(path));
            }
            _ => {
                return Err(io::Error::other(format!(
                    "the benchmark of {package} was not built:\n{said}"
                )));
            }
        }
    }
    Ok(built)
}

pub(crate) fn benchmark<'a>(
    benchmarks: &'a BTreeMap<String, PathBuf>,
    crate_name: &str,
) -> io::Result<&'a Path> {
    let missing = || io::Error::other(format!("there is no benchmark of {crate_name}"));
    benchmarks
        .get(crate_name)
        .map(PathBuf::as_path)
        .ok_or_else(missing)
}

/// So many calls.
pub(crate) fn call(benchmark: &Path, operation: &str, times: u64) -> Command {
    let mut command = Command::new(benchmark);
    command.args(["--times", &times.to_string(), operation]);
    command
}

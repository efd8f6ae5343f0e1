//! The fuzz targets of `fuzz/`, built as cargo-fuzz builds them, with the stable compiler and without a sanitizer: there is no
//! unsafe code of ours to watch.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{cargo, root, say, torture};

/// Coverage, as libFuzzer needs it.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";
/// Where coverage can be had and libFuzzer runs.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";
/// How long each target runs, in seconds, unless it is said.
const SMOKE: u32 = 5;
const LONG: u32 = 300;
const NEEDED: &str = "x86-64 Linux and a C++ compiler (Debian: apt-get install g++)";

/// Runs each target for a few seconds, or says why not.
pub(crate) fn smoke() -> io::Result<()> {
    run_all(SMOKE)
}

/// Runs each target for so many seconds, or says why not.
pub(crate) fn run_all(seconds: u32) -> io::Result<()> {
    if is_possible() {
        return run_each(&targets()?, seconds);
    }
    torture::keep("fuzz", &format!("skipped: fuzzing\tit needs {NEEDED}\n"))?;
    say(&format!("== fuzzing: skipped; it needs {NEEDED}"))
}

fn is_possible() -> bool {
    let is_platform = cfg!(all(
        target_arch = "x86_64",
        target_os = "linux",
        target_env = "gnu"
    ));
    is_platform && Command::new("c++").arg("--version").output().is_ok()
}

/// `cargo xtask fuzz [TARGET] [--seconds N]`.
pub(crate) fn run(arguments: &[&str]) -> io::Result<()> {
    if !is_possible() {
        return Err(io::Error::other(format!("fuzzing needs {NEEDED}")));
    }
    let (chosen, seconds) = match *arguments {
        [] => (None, LONG),
        ["--seconds", count] => (None, number(count)?),
        [target] => (Some(target), LONG),
        [target, "--seconds", count] | ["--seconds", count, target] => (Some(target), number(count)?),
        _ => return Err(io::Error::other("usage: cargo xtask fuzz [TARGET] [--seconds N]")),
    };
    let mut targets = targets()?;
    if let Some(name) = chosen {
        if !targets.iter().any(|target| target == name) {
            let all = targets.join(", ");
            return Err(io::Error::other(format!("no target {name}; there are {all}")));
        }
        targets.retain(|target| target == name);
    }
    run_each(&targets, seconds)
}

fn number(text: &str) -> io::Result<u32> {
    text.parse()
        .map_err(|_| io::Error::other(format!("--seconds {text}: not a number")))
}

/// A target for each program in `fuzz/fuzz_targets`.
fn targets() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn run_each(targets: &[String], seconds: u32) -> io::Result<()> {
    say("== fuzzing")?;
    let folder = root().join("target/fuzz");
    let mut build = cargo(&[
        "build",
        "--release",
        "--locked",
        "--manifest-path",
        "fuzz/Cargo.toml",
    ]);
    build
        .args(["--bins", "--target", PLATFORM])
        .arg("--target-dir")
        .arg(&folder);
    if !build.env("RUSTFLAGS", COVERAGE).status()?.success() {
        return Err(io::Error::other("the fuzz targets cannot be built; see above"));
    }
    let mut figures = String::new();
    for target in targets {
        let executions = fuzz(target, seconds, &folder)?;
        say(&format!(
            "{target:<14} {executions:>10} executions in {seconds} s"
        ))?;
        figures.push_str(&format!(
            "fuzz target {target}: executions in {seconds} s\t{executions}\n"
        ));
    }
    torture::keep("fuzz", &figures)
}

/// Runs one target and gives how often it was executed. What it learns is kept below `target`, not among the seeds.
fn fuzz(target: &str, seconds: u32, folder: &Path) -> io::Result<String> {
    let learned = folder.join("corpus").join(target);
    fs::create_dir_all(&learned)?;
    let finding = folder.join(format!("found_in_{target}"));
    let _ = fs::remove_file(&finding);
    let output = Command::new(folder.join(PLATFORM).join("release").join(target))
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"])
        .arg(option("-exact_artifact_path=", &finding))
        .arg(option("-dict=", &root().join("fuzz/words.dict")))
        .arg(&learned)
        .arg(root().join("fuzz/corpus").join(target))
        .stdout(Stdio::null())
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let count = told
            .lines()
            .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        return Ok(count.unwrap_or("?").trim().to_owned());
    }
    let last: Vec<&str> = told.lines().rev().take(40).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(io::Error::other(format!(
        "{}\n{target} does not hold for {}: mend it, and keep that file as fuzz/corpus/{target}/NAME_FOR_WHAT_IT_SHOWS",
        last.join("\n"),
        finding.display()
    )))
}

fn option(name: &str, path: &Path) -> PathBuf {
    let mut text = std::ffi::OsString::from(name);
    text.push(path);
    PathBuf::from(text)
}

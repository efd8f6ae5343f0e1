//! What is built: crates, the time that takes, the size of what comes out.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::bench::programs::release;
use crate::bench::{Table, figures, machine};
use crate::measure::run;
use crate::{cargo, root};

pub(super) const TITLE: &str = "### What is built";

/// Builds each program from nothing: minutes.
pub(super) fn table() -> io::Result<String> {
    let explained = format!(
        "{} A release build from nothing (`cargo xtask bench --footprint`), stripped. The crates are those of Linux: the \
         program itself and procedural macros count, build scripts and what they need do not.",
        machine()?
    );
    let columns = ["program", "crates", "build, CPU s", "MiB"];
    let mut table = Table::new(TITLE, &explained, &columns);
    let ours = |package: &str| {
        let mut command = cargo(&["tree", "--locked", "-p", package]);
        command.current_dir(root());
        command
    };
    for library in [
        "carto-auth-core",
        "carto-auth-native",
        "carto-auth-ureq",
        "carto-auth-reqwest",
    ] {
        let crates = crates(ours(library))?;
        table.row(&[
            format!("{library} (library)"),
            crates.to_string(),
            String::new(),
            String::new(),
        ])?;
    }
    let folder = TempDir::new()?;
    let mut build = cargo(&[
        "build",
        "--release",
        "--locked",
        "--quiet",
        "-p",
        "carto-auth-cli",
        "--target-dir",
    ]);
    build.arg(folder.path());
    table.row(&built(
        "**carto-auth** (the command line)",
        ours("carto-auth-cli"),
        build,
        &folder.path().join("release/carto-auth"),
    )?)?;
    drop(folder);
    for (program, name) in [
        ("carto-auth-ureq", "**a token by carto-auth-ureq**"),
        ("carto-auth-reqwest", "**a token by carto-auth-reqwest**"),
        ("oauth2-ureq", "a token by oauth2 + ureq"),
        ("oauth2-reqwest", "a token by oauth2 + reqwest"),
        ("yup-oauth2", "a token by yup-oauth2"),
        ("azure-identity", "a token by azure_identity"),
        ("google-cloud-auth", "a token by google-cloud-auth"),
    ] {
        let mut tree = cargo(&["tree", "--locked", "--manifest-path"]);
        tree.arg(root().join("peers").join(program).join("Cargo.toml"));
        let folder = TempDir::new()?;
        let build = release(program, folder.path());
        table.row(&built(
            name,
            tree,
            build,
            &folder.path().join("release").join(program),
        )?)?;
    }
    Ok(table.text)
}

#[expect(clippy::cast_precision_loss, reason = "less than 2^52 bytes")]
fn built(name: &str, tree: Command, mut build: Command, program: &Path) -> io::Result<[String; 4]> {
    let cost = run(&mut build)?;
    let size = fs::metadata(program)?.len() as f64 / f64::from(1 << 20);
    Ok([
        name.to_owned(),
        crates(tree)?.to_string(),
        figures(cost.cpu.as_secs_f64()),
        figures(size),
    ])
}

/// The crates that a program or library is built from on Linux, itself and procedural macros among them.
fn crates(mut tree: Command) -> io::Result<usize> {
    tree.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let output = tree.output()?;
    if !output.status.success() {
        return Err(io::Error::other(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let names: BTreeSet<&str> = said
        .lines()
        .filter_map(|line| line.strip_suffix(" (*)").or(Some(line)))
        .filter(|line| !line.is_empty())
        .collect();
    Ok(names.len())
}

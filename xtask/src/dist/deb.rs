//! The Debian package, made by cargo-deb as `[package.metadata.deb]` of the command line says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::dist::{VERSION, output};
use crate::{cargo, checks, say};

/// What must be in it, by its place on a Debian system.
const FILES: [&str; 10] = [
    "usr/bin/carto-auth",
    "usr/share/bash-completion/completions/carto-auth",
    "usr/share/zsh/vendor-completions/_carto-auth",
    "usr/share/fish/vendor_completions.d/carto-auth.fish",
    "usr/share/man/man1/carto-auth.1.gz",
    "usr/share/man/man1/carto-auth-token.1.gz",
    "usr/share/doc/carto-auth/copyright",
    "usr/share/doc/carto-auth/LICENSE-APACHE",
    "usr/share/doc/carto-auth/README.md",
    "usr/share/doc/carto-auth/THIRD-PARTY.md",
];

/// Of the program that was built and the man pages that were made before.
pub(super) fn build(folder: &Path, target: &str) -> io::Result<PathBuf> {
    let mut deb = cargo(&[
        "deb",
        "--no-build",
        "-p",
        "carto-auth-cli",
        "--target",
        target,
        "-o",
    ]);
    // What is in it has the commit's time, so the same program is the same package.
    deb.arg(folder).env("SOURCE_DATE_EPOCH", super::epoch()?);
    checks::check(
        "Debian package",
        deb,
        "run `cargo install --locked cargo-deb@3.8.0`, which takes minutes, and `apt-get install dpkg-dev`",
    )?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            return Ok(path);
        }
    }
    Err(io::Error::other("cargo-deb left no package"))
}

/// Unpacks it: the files are in their places, and the program runs.
pub(super) fn check(package: &Path) -> io::Result<()> {
    let unpacked = TempDir::new()?;
    output(
        Command::new("dpkg-deb")
            .arg("-x")
            .arg(package)
            .arg(unpacked.path()),
    )?;
    for file in FILES {
        if !unpacked.path().join(file).is_file() {
            return Err(io::Error::other(format!("{file} is not in the package")));
        }
    }
    answers(&unpacked.path().join(FILES[0]))?;
    say(&output(Command::new("dpkg-deb").arg("-I").arg(package))?)
}

/// Installs it, tries it and removes it; needs root.
pub(super) fn install(package: &Path) -> io::Result<()> {
    if Command::new("dpkg")
        .args(["-s", "carto-auth"])
        .output()?
        .status
        .success()
    {
        return Err(io::Error::other(
            "a carto-auth is installed: remove it before this one is tried",
        ));
    }
    output(Command::new("dpkg").arg("-i").arg(package))?;
    let tried = FILES
        .into_iter()
        .try_for_each(|file| fs::metadata(Path::new("/").join(file)).map(|_| ()))
        .and_then(|()| answers(&Path::new("/").join(FILES[0])));
    let removed = output(Command::new("dpkg").args(["-r", "carto-auth"]));
    tried?;
    removed?;
    match FILES.iter().find(|file| Path::new("/").join(file).exists()) {
        None => say("Installed, tried and removed."),
        Some(file) => Err(io::Error::other(format!("/{file} is left after the package"))),
    }
}

fn answers(program: &Path) -> io::Result<()> {
    let answer = output(Command::new(program).arg("--version"))?;
    match answer.trim() == format!("carto-auth {VERSION}") {
        true => Ok(()),
        false => Err(io::Error::other(format!("{} says {answer}", program.display()))),
    }
}

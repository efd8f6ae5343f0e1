//! What is handed out: an archive with the program and what belongs to it, a Debian package, and their sums.

mod deb;
mod third_party;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::checks::check;
use crate::manual::{COMPLETIONS, man_pages};
use crate::{cargo, root, say, target_folder};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const THIRD_PARTY: &str = "THIRD-PARTY.md";

/// What is made beside the archive.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Deb {
    No,
    Yes,
    /// Installed here, tried and removed.
    Installed,
}

pub(crate) fn run(deb: Deb) -> io::Result<()> {
    let target = host()?;
    let folder = target_folder().join("dist");
    let man = target_folder().join("man");
    // Nothing of an earlier version may come into the packages or the sums.
    for stale in [&folder, &man].into_iter().filter(|stale| stale.exists()) {
        fs::remove_dir_all(stale)?;
    }
    fs::create_dir_all(&folder)?;
    let program = build(&target)?;
    fs::write(folder.join(THIRD_PARTY), third_party::list(&target)?)?;
    man_pages(&man)?;
    let mut made = vec![archive(&folder, &program, &target)?];
    if deb != Deb::No {
        let package = deb::build(&folder, &target)?;
        deb::check(&package)?;
        if deb == Deb::Installed {
            deb::install(&package)?;
        }
        made.push(package);
    }
    let names = made.iter().filter_map(|path| path.file_name());
    let sums = output(Command::new("sha256sum").args(names).current_dir(&folder))?;
    fs::write(folder.join("SHA256SUMS"), &sums)?;
    for path in &made {
        say(&format!(
            "{:>5} KiB {}",
            fs::metadata(path)?.len().div_ceil(1024),
            path.display()
        ))?;
    }
    say(&sums)
}

fn host() -> io::Result<String> {
    let version = output(Command::new("rustc").arg("-vV").current_dir(root()))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| io::Error::other("rustc does not say what it builds for"))
}

/// The program, in whose panics no path of this machine remains.
fn build(target: &str) -> io::Result<PathBuf> {
    let home = env::var_os("CARGO_HOME").or_else(|| Some(env::home_dir()?.join(".cargo").into()));
    let places = [(home, "/cargo"), (Some(root().into()), "/carto-auth")];
    let mut flags = OsString::new();
    for (place, name) in places {
        let Some(place) = place else { continue };
        if !flags.is_empty() {
            flags.push("\x1f");
        }
        flags.push("--remap-path-prefix=");
        flags.push(place);
        flags.push("=");
        flags.push(name);
    }
    let mut build = cargo(&["build", "--release", "--locked", "-p", "carto-auth-cli"]);
    // A target that is named has a folder of its own, so that these flags cost no other build its work.
    build
        .args(["--target", target])
        .env("CARGO_ENCODED_RUSTFLAGS", flags);
    check(
        "the command line as it is released",
        build,
        "see the failure above",
    )?;
    Ok(target_folder().join(target).join("release/carto-auth"))
}

/// The same bytes for the same program, whoever packs it and when.
fn archive(folder: &Path, program: &Path, target: &str) -> io::Result<PathBuf> {
    let name = format!("carto-auth-{VERSION}-{target}");
    let packed = TempDir::new()?;
    let top = packed.path().join(&name);
    let completions = top.join("completions");
    fs::create_dir_all(&completions)?;
    fs::copy(program, top.join("carto-auth"))?;
    for entry in fs::read_dir(root().join(COMPLETIONS))? {
        let entry = entry?;
        fs::copy(entry.path(), completions.join(entry.file_name()))?;
    }
    man_pages(&top.join("man/man1"))?;
    for file in ["LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md"] {
        fs::copy(root().join(file), top.join(file))?;
    }
    // The repository's README links to pages that are not here.
    fs::copy(
        root().join("crates/carto-auth-cli/README.md"),
        top.join("README.md"),
    )?;
    fs::copy(folder.join(THIRD_PARTY), top.join(THIRD_PARTY))?;
    let archive = folder.join(format!("{name}.tar.gz"));
    let mut tar = Command::new("tar");
    tar.args([
        "--sort=name",
        "--format=ustar",
        "--numeric-owner",
        "--owner=0",
        "--group=0",
    ])
    .args(["--mode=u+rw,go+r-w,a+X", &format!("--mtime=@{}", epoch()?)])
    .args(["--use-compress-program", "gzip -n -9", "-cf"])
    .arg(&archive)
    .arg("-C")
    .arg(packed.path())
    .arg(&name);
    check("archive", tar, "it needs GNU tar and gzip")?;
    Ok(archive)
}

/// The time of everything in what is handed out, in seconds: the commit's unless the packager says another.
fn epoch() -> io::Result<String> {
    match env::var("SOURCE_DATE_EPOCH") {
        Ok(epoch) => Ok(epoch),
        Err(_) => {
            let mut commit = Command::new("git");
            let commit = output(commit.args(["log", "-1", "--format=%ct"]).current_dir(root()))?;
            Ok(commit.trim().to_owned())
        }
    }
}

fn output(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(io::Error::other(format!(
            "{}: {}",
            command.get_program().display(),
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
    }
}

//! Every check, with the command that repairs what it finds.

use std::io;
use std::process::Command;

use crate::{cargo, say};

pub(crate) fn test() -> io::Result<()> {
    if Command::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .output()
        .is_ok_and(|out| out.status.success())
    {
        return check(
            "tests",
            cargo(&["test", "--workspace", "--locked"]),
            "see the failure above",
        );
    }
    Err(io::Error::other(
        "the tests need python3 with venv (Debian: apt-get install python3-venv)",
    ))
}

pub(crate) fn lint() -> io::Result<()> {
    check(
        "formatting",
        cargo(&["fmt", "--all", "--check"]),
        "run `cargo fmt --all`",
    )?;
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    check(
        "clippy",
        cargo(&clippy),
        "run `cargo clippy --workspace --all-targets`",
    )?;
    let mut doc = cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--locked",
        "--document-private-items",
    ]);
    doc.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links");
    check("documentation", doc, "run `cargo doc --workspace --no-deps`")?;
    // The advisory database is another matter: it needs the network (`cargo deny check advisories`).
    let deny = cargo(&["deny", "--all-features", "check", "bans", "licenses", "sources"]);
    check(
        "dependencies",
        deny,
        "edit deny.toml, or run `cargo install --locked cargo-deny`",
    )
}

fn check(name: &str, mut command: Command, repair: &str) -> io::Result<()> {
    say(&format!("== {name}"))?;
    match command.status()?.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{name} failed: {repair}"))),
    }
}

//! Every check, with the command that repairs what it finds.

use std::io;
use std::process::Command;

use crate::{book, budgets, cargo, conformance, public_api, say};

/// What the tests need beyond cargo, how to see that it is there, and the Debian package that brings it.
const NEEDED: [(&str, &[&str], &str); 10] = [
    ("python3", &["-c", "import venv, ensurepip"], "python3-venv"),
    (
        "test",
        &["-e", "/usr/share/zoneinfo/Australia/Lord_Howe"],
        "tzdata",
    ),
    ("faketime", &["--version"], "faketime"),
    ("chromium", &["--version"], "chromium"),
    ("chromedriver", &["--version"], "chromium-driver"),
    ("curl", &["--version"], "curl"),
    ("fish", &["--version"], "fish"),
    ("zsh", &["--version"], "zsh"),
    ("strace", &["--version"], "strace"),
    ("valgrind", &["--version"], "valgrind"),
];

/// Apart from the others, for what it brings turns on features of theirs.
pub(crate) const BIGQUERY: &str = "carto-auth-bigquery";
const FRONT_ENDS: [&str; 4] = ["-p", "carto-auth-reqwest", "-p", "carto-auth-ureq"];

/// Sees that what the tests need is there, and forgets what earlier ones kept.
pub(crate) fn prepare() -> io::Result<()> {
    let is_missing = |(program, arguments, _): &&(&str, &[&str], &str)| {
        let works = Command::new(program).args(*arguments).output();
        !works.is_ok_and(|output| output.status.success())
    };
    let missing: Vec<&str> = NEEDED
        .iter()
        .filter(is_missing)
        .map(|(.., package)| *package)
        .collect();
    if !missing.is_empty() {
        let packages = missing.join(" ");
        return Err(io::Error::other(format!(
            "the tests need {packages} (Debian: apt-get install {packages})"
        )));
    }
    conformance::forget()?;
    // A test looks at every crate's dependencies, those of crates that it does not build too, without the network.
    check(
        "crates to look at",
        cargo(&["fetch", "--locked"]),
        "cargo needs the registry once",
    )
}

pub(crate) fn test() -> io::Result<()> {
    prepare()?;
    check(
        "tests",
        cargo(&["test", "--workspace", "--exclude", BIGQUERY, "--locked"]),
        "see the failure above",
    )?;
    conformance::compare()?;
    let mut without_tls = cargo(&["test", "--locked"]);
    without_tls.args(FRONT_ENDS).arg("--no-default-features");
    check("tests without TLS", without_tls, "see the failure above")?;
    // reqwest's cannot even do http without a provider.
    let mut without_provider = cargo(&["test", "--locked", "-p", "carto-auth-ureq", "--lib"]);
    without_provider.args(["--no-default-features", "--features", "rustls-no-provider"]);
    check(
        "tests without a provider of TLS",
        without_provider,
        "see the failure above",
    )?;
    check(
        "tests of the BigQuery client",
        cargo(&["test", "-p", BIGQUERY, "--locked"]),
        "see the failure above",
    )?;
    budgets::check()
}

/// A part of the tests that takes seconds.
pub(crate) fn tidy() -> io::Result<()> {
    check(
        "tidy",
        cargo(&["test", "--locked", "-p", "carto-auth-tests", "--test", "tidy"]),
        "see the failure above",
    )
}

pub(crate) fn lint() -> io::Result<()> {
    check(
        "formatting",
        cargo(&["fmt", "--all", "--check"]),
        "run `cargo fmt --all`",
    )?;
    check(
        "formatting of the fuzz targets",
        cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]),
        "run `cargo fmt --manifest-path fuzz/Cargo.toml`",
    )?;
    let peers = [
        "update",
        "--workspace",
        "--locked",
        "--manifest-path",
        "peers/Cargo.toml",
    ];
    check(
        "the peers' lock file",
        cargo(&peers),
        "run `cargo update --workspace --manifest-path peers/Cargo.toml`",
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
    let mut other_features = cargo(&["clippy", "--locked", "--no-default-features"]);
    other_features
        .args(FRONT_ENDS)
        .args(["--features", "rustls-no-provider", "--", "-D", "warnings"]);
    check(
        "clippy with other features",
        other_features,
        "run `cargo clippy -p carto-auth-reqwest --no-default-features --features rustls-no-provider`",
    )?;
    let doc = ["doc", "--workspace", "--no-deps", "--locked"];
    let mut as_published = cargo(&doc);
    as_published.env("RUSTDOCFLAGS", "-D warnings");
    check(
        "documentation",
        as_published,
        "run `RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps`",
    )?;
    let mut of_everything = cargo(&doc);
    of_everything
        .arg("--document-private-items")
        .env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links");
    check(
        "documentation of what is private",
        of_everything,
        "run `cargo doc --workspace --no-deps --document-private-items`",
    )?;
    say("== book")?;
    book::build()?;
    public_api::fresh()?;
    // The advisory database is another matter: it needs the network (`cargo deny check advisories`).
    let deny = cargo(&["deny", "--all-features", "check", "bans", "licenses", "sources"]);
    check(
        "dependencies",
        deny,
        "edit deny.toml, or run `cargo install --locked cargo-deny`",
    )
}

pub(crate) fn check(name: &str, mut command: Command, repair: &str) -> io::Result<()> {
    say(&format!("== {name}"))?;
    match command.status()?.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{name} failed: {repair}"))),
    }
}

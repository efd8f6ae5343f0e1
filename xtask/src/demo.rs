//! A tour without an account: a CARTO on loopback, the real command line, real files.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use carto_auth_sandbox::{Endpoint, Sandbox};

use crate::{cargo, root, say};

pub(crate) fn run() -> io::Result<()> {
    if !cargo(&["build", "--quiet", "--locked", "-p", "carto-auth-cli"])
        .status()?
        .success()
    {
        return Err(io::Error::other("the command line does not build"));
    }
    let folder = tempfile::tempdir()?;
    let carto = Sandbox::start()?;
    fs::write(
        folder.path().join("carto_credentials.json"),
        carto.credentials_json(),
    )?;
    say(&format!(
        "A CARTO is running at {}, and carto_credentials.json holds a machine's credentials.",
        carto.url()
    ))?;

    let demo = Demo {
        carto,
        folder: folder.path(),
    };
    let first = demo.command(&["token"])?;
    demo.say_asked("CARTO was asked for it")?;
    let second = demo.command(&["token", "-v"])?;
    demo.say_asked("the second token came from the cache")?;
    if first != second || demo.carto.count(Endpoint::Token) != 1 {
        return Err(io::Error::other(
            "the second token should have come from the cache",
        ));
    }
    demo.command(&["status"])?;
    say("\nWhat the cache holds:")?;
    for entry in fs::read_dir(folder.path().join("cache"))? {
        let entry = entry?;
        say(&format!(
            "  {:>5} bytes  {}",
            entry.metadata()?.len(),
            entry.file_name().display()
        ))?;
    }
    demo.command(&["logout"])?;
    say(
        "\nWith an account: cargo install --path crates/carto-auth-cli, then carto-auth token --credentials FILE",
    )
}

struct Demo<'a> {
    carto: Sandbox,
    folder: &'a Path,
}

impl Demo<'_> {
    /// Runs the command line as a person would, shows what it prints, and gives it back.
    fn command(&self, arguments: &[&str]) -> io::Result<String> {
        say(&format!(
            "\n$ carto-auth {} --credentials carto_credentials.json",
            arguments.join(" ")
        ))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
        let output = Command::new(target.join("debug/carto-auth"))
            .args(arguments)
            .args(["--credentials", "carto_credentials.json"])
            .current_dir(self.folder)
            .env("CARTO_AUTH_HOME", self.folder.join("cache"))
            .env("CARTO_AUTH_URL", self.carto.auth_url())
            .output()?;
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        for line in stderr.lines().chain(stdout.lines()) {
            // Tokens are long; this one is good for nothing but the demo.
            let shown: String = line.chars().take(90).collect();
            say(&if shown.len() < line.len() {
                format!("{shown}…")
            } else {
                shown
            })?;
        }
        match output.status.success() {
            true => Ok(stdout.into_owned()),
            false => Err(io::Error::other(format!(
                "carto-auth {} failed",
                arguments.join(" ")
            ))),
        }
    }

    fn say_asked(&self, why: &str) -> io::Result<()> {
        say(&format!(
            "({why}; token requests so far: {})",
            self.carto.count(Endpoint::Token)
        ))
    }
}

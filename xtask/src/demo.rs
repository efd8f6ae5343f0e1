//! A tour without an account: a CARTO on loopback, the real command line, real files.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use carto_auth_sandbox::{Endpoint, Person, Sandbox};

use crate::{cargo, root, say};

/// Who logs in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Browser {
    /// A scripted user agent.
    Scripted,
    /// The one of whoever runs the demo.
    Own,
}

pub(crate) fn run(browser: Browser) -> io::Result<()> {
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
    // So that the demo runs beside a login of one's own.
    let redirect_uri = carto.register_free_redirect_uri()?;
    let demo = Demo {
        carto,
        folder: folder.path(),
        redirect_uri,
    };
    say(&format!(
        "A CARTO is running at {}; no account and no network are needed.\n\n== A person",
        demo.carto.url()
    ))?;
    demo.person(browser)?;
    say("\n== A machine, whose credentials are in carto_credentials.json")?;
    demo.machine()?;
    say("\nWith an account: cargo install --locked --path crates/carto-auth-cli, then carto-auth login")
}

struct Demo<'a> {
    carto: Sandbox,
    folder: &'a Path,
    redirect_uri: String,
}

impl Demo<'_> {
    fn person(&self, browser: Browser) -> io::Result<()> {
        say(&format!(
            "(The person is {}, the password {}.)\n\n$ carto-auth login",
            self.carto.email(),
            self.carto.password()
        ))?;
        let mut command = self.carto_auth(&["login", "--browser"]);
        if browser == Browser::Scripted {
            command.env("BROWSER", "true");
        }
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        for line in child
            .stderr
            .take()
            .map(BufReader::new)
            .into_iter()
            .flat_map(BufRead::lines)
        {
            let line = line?;
            match browser {
                Browser::Scripted => say_short(&line)?,
                Browser::Own => say(&line)?,
            }
            // The wait is announced once the callback is listened for.
            if browser == Browser::Scripted && line.contains("/authorize?") {
                self.browse(&line)?;
            }
        }
        if !child.wait()?.success() {
            return Err(io::Error::other("carto-auth login failed"));
        }
        self.command(&["status"])?;
        self.command(&["token"])?;
        self.say_asked("the token of the login; CARTO was asked for it once")?;
        self.command(&["logout"]).map(drop)
    }

    /// What a browser does: it follows redirects, fills the form in, accepts, and comes back.
    fn browse(&self, url: &str) -> io::Result<()> {
        let mut agent = self.carto.user_agent();
        let callback = agent.log_in_at(url, Person::Accepts)?;
        let visited = agent.visit(&callback)?;
        say(&format!(
            "(a scripted browser logs in, comes back, and ends on {})",
            visited.address
        ))
    }

    fn machine(&self) -> io::Result<()> {
        const FILE: [&str; 2] = ["--credentials", "carto_credentials.json"];
        let with_file = |arguments: &[&'static str]| [arguments, &FILE].concat();
        let before = self.carto.count(Endpoint::Token);
        let first = self.command(&with_file(&["token"]))?;
        self.say_asked("CARTO was asked for it")?;
        let second = self.command(&with_file(&["token", "-v"]))?;
        self.say_asked("the second token came from the cache")?;
        if first != second || self.carto.count(Endpoint::Token) != before + 1 {
            return Err(io::Error::other(
                "the second token should have come from the cache",
            ));
        }
        self.command(&with_file(&["dw"]))?;
        say("(the project of the Data Warehouse, and a token for it, which is kept nowhere)")?;
        self.command(&with_file(&["status"]))?;
        say("\nWhat the cache holds:")?;
        for entry in fs::read_dir(self.folder.join("cache"))? {
            let entry = entry?;
            say(&format!(
                "  {:>5} bytes  {}",
                entry.metadata()?.len(),
                entry.file_name().display()
            ))?;
        }
        self.command(&with_file(&["logout"])).map(drop)
    }

    fn carto_auth(&self, arguments: &[&str]) -> Command {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        let mut command = Command::new(target.join("debug/carto-auth"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CARTO_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.folder)
            .env("CARTO_AUTH_HOME", self.folder.join("cache"))
            .env("CARTO_AUTH_URL", self.carto.auth_url())
            .env("CARTO_ACCOUNTS_URL", self.carto.accounts_url())
            .env("CARTO_APP_URL", self.carto.app_url())
            .env("CARTO_AUTH_REDIRECT_URI", &self.redirect_uri);
        for name in [
            "CARTO_CREDENTIALS_FILE",
            "CARTO_CLIENT_ID",
            "CARTO_AUTH_MODE",
            "CARTO_PROFILE",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// Runs the command line as a person would, shows what it prints, and gives it back.
    fn command(&self, arguments: &[&str]) -> io::Result<String> {
        say(&format!("\n$ carto-auth {}", arguments.join(" ")))?;
        let output = self.carto_auth(arguments).output()?;
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        for line in stderr.lines().chain(stdout.lines()) {
            say_short(line)?;
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

/// Tokens and addresses are long; these are good for nothing but the demo.
fn say_short(line: &str) -> io::Result<()> {
    let shown: String = line.chars().take(90).collect();
    say(&if shown.len() < line.len() {
        format!("{shown}…")
    } else {
        shown
    })
}

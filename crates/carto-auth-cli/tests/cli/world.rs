use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use carto_auth_sandbox::{Endpoint, Sandbox};
use carto_auth_tests::{FreePort, Outcome, bare, free_port, run, token_files};
use tempfile::TempDir;

/// A sandbox, a home and a credentials file.
pub(crate) struct World {
    pub(crate) carto: Sandbox,
    pub(crate) port: u16,
    _port: FreePort,
    home: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(Sandbox::start().unwrap())
    }

    pub(crate) fn of(carto: Sandbox) -> Self {
        let home = tempfile::tempdir().unwrap();
        let credentials = home.path().join("ci.json");
        std::fs::write(&credentials, carto.credentials_json()).unwrap();
        std::fs::set_permissions(&credentials, Permissions::from_mode(0o600)).unwrap();
        let free = free_port();
        let port = free.number();
        carto.register_redirect_uri(&format!("http://localhost:{port}/callback/"));
        Self {
            carto,
            port,
            _port: free,
            home,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The command, with nothing of this machine's environment but what is set here.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(env!("CARGO_BIN_EXE_carto-auth"));
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("CARTO_AUTH_URL", self.carto.auth_url())
            .env("CARTO_ACCOUNTS_URL", self.carto.accounts_url())
            .env("CARTO_APP_URL", self.carto.app_url())
            .env(
                "CARTO_AUTH_REDIRECT_URI",
                format!("http://localhost:{}/callback/", self.port),
            );
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments), "").unwrap()
    }

    /// Runs with the machine's credentials file.
    pub(crate) fn machine(&self, arguments: &[&str]) -> Outcome {
        self.run(&[arguments, &["--credentials", "ci.json"]].concat())
    }

    /// Runs `token` with other bytes as the credentials file.
    pub(crate) fn token_with_file(&self, bytes: impl AsRef<[u8]>) -> Outcome {
        std::fs::write(self.path("ci.json"), bytes).unwrap();
        self.machine(&["token"])
    }

    pub(crate) fn token(&self) -> String {
        let outcome = self.machine(&["token"]);
        assert_eq!(
            (outcome.code, outcome.stderr.as_str()),
            (Some(0), ""),
            "{outcome:?}"
        );
        outcome.stdout.trim_end().to_owned()
    }

    pub(crate) fn asked(&self) -> usize {
        self.carto.count(Endpoint::Token)
    }

    /// The files of the default token folder that hold tokens.
    pub(crate) fn token_files(&self) -> Vec<PathBuf> {
        token_files(self.path(".carto-auth"))
    }

    /// An outcome with what differs from run to run replaced, for a snapshot.
    pub(crate) fn shown(&self, outcome: &Outcome) -> String {
        let Outcome { code, stdout, stderr } = outcome;
        let code = code.map_or_else(|| "signal".to_owned(), |code| code.to_string());
        format!("exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}")
            .replace(&self.carto.url(), "http://SANDBOX")
            .replace(&home_of(self.home.path()), "HOME")
    }
}

fn home_of(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The token was delivered, with warnings that hold these words, each at least once.
pub(crate) fn delivered(outcome: &Outcome, words: &[&str]) {
    assert_eq!(
        (outcome.code, outcome.stdout.split('.').count()),
        (Some(0), 3),
        "{outcome:?}"
    );
    let mut lines = outcome.stderr.lines();
    assert!(lines.all(|line| line.starts_with("warning: ")), "{outcome:?}");
    for word in words {
        assert!(outcome.stderr.contains(word), "{word}: {outcome:?}");
    }
    assert!(!words.is_empty() || outcome.stderr.is_empty(), "{outcome:?}");
}

/// Exit code, and the two lines of an error.
pub(crate) fn error_of(outcome: &Outcome) -> (i32, &str, &str) {
    assert_eq!(outcome.stdout, "", "an error leaves stdout empty");
    let mut lines = outcome
        .stderr
        .lines()
        .skip_while(|line| !line.starts_with("error: "));
    let error = lines.next().and_then(|line| line.strip_prefix("error: "));
    let hint = lines.next().and_then(|line| line.strip_prefix("hint: "));
    assert_eq!(lines.next(), None, "{outcome:?}");
    (
        outcome.code.unwrap(),
        error.unwrap_or_default(),
        hint.unwrap_or_default(),
    )
}

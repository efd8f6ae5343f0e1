//! The hostile replies of `tests/suites/hostile.rs`, through the command line: what it says must be what the front ends say.

use std::fs;

use carto_auth_tests::{
    Asked, Asks, Outcome, Scripted, bare, hostile_tests, http, run, scenario, try_redirects, unfit_words,
};
use serde_json::Value;

/// Where the login begins, in the place of the server that ends it.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A CARTO of which each part answers well, and the login of a person that waits for its code.
struct Good {
    token: Scripted,
    accounts: Scripted,
    tenant: Scripted,
    pending: String,
}

impl Good {
    fn new() -> Self {
        let serve = |body: String| Scripted::http(vec![http(200, &[], &body)]).unwrap();
        let tenant = serve(Asked::Config.good(""));
        let home = tempfile::tempdir().unwrap();
        let mut login = bare(env!("CARGO_BIN_EXE_carto-auth"));
        let nowhere = [("CARTO_AUTH_URL", NOWHERE)];
        login.arg("login").env("HOME", home.path()).envs(nowhere);
        assert_eq!(run(&mut login, "").unwrap().code, Some(4));
        Self {
            token: serve(Asked::Machine.good("")),
            accounts: serve(Asked::Accounts.good(authority(&tenant))),
            tenant,
            pending: fs::read_to_string(home.path().join(".carto-auth/login_pending.json")).unwrap(),
        }
    }

    /// Asks this server what is asked, and the good ones everything else.
    fn run(&self, asked: Asked, server: &Scripted) -> Outcome {
        let home = tempfile::tempdir().unwrap();
        let tenant = Scripted::http(vec![http(200, &[], &Asked::Accounts.good(authority(server)))]);
        let tenant = tenant.unwrap();
        let [auth, accounts, base] = match asked {
            Asked::Machine | Asked::Code => {
                [server.url(), self.accounts.url(), "https://api.carto.com".into()]
            }
            Asked::Accounts => [self.token.url(), server.url(), String::new()],
            Asked::Config => [self.token.url(), tenant.url(), String::new()],
            Asked::Warehouse => [self.token.url(), self.accounts.url(), server.url()],
        };
        let mut command = bare(env!("CARGO_BIN_EXE_carto-auth"));
        command
            .env("HOME", home.path())
            .env("CARTO_AUTH_URL", &auth)
            .env("CARTO_ACCOUNTS_URL", accounts);
        if matches!(asked, Asked::Machine | Asked::Warehouse) {
            command
                .args([
                    if asked == Asked::Machine { "token" } else { "dw" },
                    "--no-cache",
                    "--json",
                ])
                .env("CARTO_API_BASE_URL", base)
                .env("CARTO_CLIENT_ID", "the-id")
                .env("CARTO_CLIENT_SECRET", "the-canary-secret");
            return run(&mut command, "").unwrap();
        }
        let folder = home.path().join(".carto-auth");
        fs::create_dir(&folder).unwrap();
        let pending = self.pending.replace(NOWHERE, &auth);
        fs::write(folder.join("login_pending.json"), pending).unwrap();
        run(
            command.args(["login", "--json", "--code", "-"]),
            "the-canary-code\n",
        )
        .unwrap()
    }
}

fn authority(server: &Scripted) -> &'static str {
    // A few bytes for each server of the test.
    server.url().split_off("http://".len()).leak()
}

/// What came of it, or what is wrong with that.
fn told(outcome: &Outcome) -> Result<String, String> {
    if outcome.code == Some(0) {
        return Ok("taken".to_owned());
    }
    let Outcome { code, stdout, stderr } = outcome;
    let error: Value = serde_json::from_str(stderr).map_err(|error| format!("{error}: {outcome:?}"))?;
    let [message, hint] = ["message", "hint"].map(|key| error["error"][key].as_str().unwrap_or_default());
    if !matches!(code, Some(3..=5)) || !stdout.is_empty() {
        return Err(format!("{outcome:?}"));
    }
    match [message, hint].into_iter().find_map(unfit_words) {
        Some(problem) => Err(format!("{problem}: {outcome:?}")),
        None => Ok(message.to_owned()),
    }
}

impl Asks for Good {
    const NAME: &'static str = "cli";

    fn tenant(&self) -> &Scripted {
        &self.tenant
    }

    fn ask(&self, asked: Asked, server: &Scripted) -> Result<String, String> {
        told(&self.run(asked, server))
    }
}

hostile_tests!(Good::new(), of any kind);
hostile_tests!(Good::new(), of HTTP);

#[test]
fn redirects_are_not_followed_by_any_question() {
    let _scenario = scenario!();
    try_redirects(&Good::new());
}

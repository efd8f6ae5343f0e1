//! The hostile replies of `tests/suites/hostile.rs`, through the command line: what it says must be what the front ends say.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use carto_auth_tests::{
    Asked, Hostile, Outcome, Reply, Scripted, at_once, http, keep_figures, note, run, scenario, unfit_words,
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
        let mut login = Command::new(env!("CARGO_BIN_EXE_carto-auth"));
        let nowhere = [("CARTO_AUTH_URL", NOWHERE)];
        login
            .arg("login")
            .env_clear()
            .env("HOME", home.path())
            .envs(nowhere);
        assert_eq!(run(&mut login, "").unwrap().code, Some(4));
        Self {
            token: serve(Asked::Machine.good("")),
            accounts: serve(Asked::Accounts.good(authority(&tenant))),
            tenant,
            pending: fs::read_to_string(home.path().join(".carto-auth/login_pending.json")).unwrap(),
        }
    }

    /// Asks this server what is asked, and the good ones everything else.
    fn ask(&self, asked: Asked, server: &Scripted) -> Outcome {
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_carto-auth"));
        command
            .env_clear()
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

fn try_one(good: &Good, asked: Asked, row: &Hostile) -> Result<String, String> {
    let server = Scripted::http(vec![row.reply.clone()]).unwrap();
    let start = Instant::now();
    let outcome = good.ask(asked, &server);
    let took = start.elapsed();
    let sent = server.stop();
    let told = told(&outcome)?;
    match (told == "taken") == row.is_taken && took < Duration::from_secs(10) && sent < 24 << 20 {
        true => Ok(told),
        false => Err(format!("{took:?}, {sent} bytes, {outcome:?}")),
    }
}

fn try_table(asked: Asked, whole: bool) {
    let good = Good::new();
    let mut rows = asked.hostile(authority(&good.tenant));
    rows.retain(|row| row.needs_http == whole);
    let outcomes = at_once(2, &rows, |row| try_one(&good, asked, row));
    let mut complaints = Vec::new();
    for (row, outcome) in rows.iter().zip(&outcomes) {
        match outcome {
            Ok(outcome) => note(format_args!("{}: {outcome}", row.name)),
            Err(complaint) => complaints.push(format!("{}: {complaint}", row.name)),
        }
    }
    assert!(complaints.is_empty(), "{}: {complaints:#?}", asked.name());
    let kind = if whole { "of HTTP" } else { "of any kind" };
    keep(&format!("{} {kind}", asked.name()), rows.len());
}

fn keep(what: &str, count: usize) {
    keep_figures("hostile_replies", &[(format!("cli: {what}"), count)]).unwrap();
}

#[test]
fn hostile_replies_to_a_machine() {
    let _scenario = scenario!();
    try_table(Asked::Machine, false);
}

#[test]
fn hostile_replies_to_a_code() {
    let _scenario = scenario!();
    try_table(Asked::Code, false);
}

#[test]
fn hostile_replies_about_the_tenant() {
    let _scenario = scenario!();
    try_table(Asked::Accounts, false);
}

#[test]
fn hostile_configurations_of_a_tenant() {
    let _scenario = scenario!();
    try_table(Asked::Config, false);
}

#[test]
fn hostile_replies_about_the_warehouse() {
    let _scenario = scenario!();
    try_table(Asked::Warehouse, false);
}

#[test]
fn hostile_http_for_a_machine() {
    let _scenario = scenario!();
    try_table(Asked::Machine, true);
}

#[test]
fn hostile_http_for_a_code() {
    let _scenario = scenario!();
    try_table(Asked::Code, true);
}

#[test]
fn hostile_http_for_the_tenant() {
    let _scenario = scenario!();
    try_table(Asked::Accounts, true);
}

#[test]
fn hostile_http_for_a_configuration() {
    let _scenario = scenario!();
    try_table(Asked::Config, true);
}

#[test]
fn hostile_http_for_the_warehouse() {
    let _scenario = scenario!();
    try_table(Asked::Warehouse, true);
}

/// As in the suite of the transports: nobody is asked again, and nobody else hears a byte.
#[test]
fn redirects_are_not_followed_by_any_question() {
    let _scenario = scenario!();
    let (good, other) = (Good::new(), Scripted::http(vec![http(200, &[], "{}")]).unwrap());
    let locations = Reply::locations(other.port());
    let questions: Vec<(Asked, u16, &str)> = Asked::ALL
        .into_iter()
        .flat_map(|asked| [301, 302, 303, 307, 308].map(|status| (asked, status)))
        .flat_map(|(asked, status)| locations.iter().map(move |to| (asked, status, to.as_str())))
        .collect();
    let outcomes = at_once(2, &questions, |(asked, status, location)| {
        let headers = [("location", *location), ("refresh", "0; url=/elsewhere")];
        let server = Scripted::http(vec![http(*status, &headers, "")]).unwrap();
        let told = told(&good.ask(*asked, &server)).unwrap();
        assert_eq!(server.requests().len(), 1, "{asked:?} {status} {location}");
        format!("{} {status}: {told}", asked.name())
    });
    outcomes.iter().for_each(note);
    assert_eq!((other.connections(), other.requests().len()), (0, 0));
    keep("redirects", outcomes.len());
}

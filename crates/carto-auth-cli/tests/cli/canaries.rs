//! Every command with secrets that are known: they are where they belong, and nowhere else in what a command prints, says,
//! gives its children or leaves in files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use carto_auth_sandbox::{Endpoint, Fault, Person, Sandbox};
use carto_auth_tests::planted::{
    self, CLIENT_SECRET, PASSWORD, PROXY_PASSWORD_IN_A_URL, REFUSED_SECRET, WAREHOUSE_TOKEN,
};
use carto_auth_tests::{Canaries, Outcome, Scripted, Terminal, free_port, http, keep_figures, run};

use crate::login::url_in;
use crate::world::World;

/// What each command has left, and whose place it is there.
struct Kept {
    world: World,
    outputs: Vec<(String, String, Vec<&'static str>)>,
    access_tokens: Vec<String>,
}

/// What may be in stdout and in stderr.
type Allowed = (&'static [&'static str], &'static [&'static str]);

const NOTHING: Allowed = (&[], &[]);
/// The address that a person opens.
const ADDRESS: Allowed = (&[], &["state"]);

impl Kept {
    fn keep(&mut self, what: &str, outcome: Outcome, allowed: Allowed) {
        let Outcome { stdout, stderr, .. } = outcome;
        self.outputs
            .push((format!("{what}: stdout"), stdout, allowed.0.to_vec()));
        self.outputs
            .push((format!("{what}: stderr"), stderr, allowed.1.to_vec()));
    }

    /// Runs a command, as loud as it can be, and compares its exit code.
    fn run(&mut self, arguments: &[&str], code: i32, allowed: Allowed) -> Outcome {
        let mut command = self.world.command(arguments);
        self.run_prepared(&mut command, "", code, allowed)
    }

    fn run_prepared(&mut self, command: &mut Command, stdin: &str, code: i32, allowed: Allowed) -> Outcome {
        command
            .env("RUST_BACKTRACE", "full")
            .env("CARTO_AUTH_LOG", "trace");
        let what = format!("{:?}", command.get_args().collect::<Vec<_>>());
        let outcome = run(command, stdin).unwrap();
        assert_eq!(outcome.code, Some(code), "{what}: {outcome:?}");
        self.keep(&what, outcome.clone(), allowed);
        outcome
    }
}

#[test]
fn no_command_leaves_a_secret_where_it_does_not_belong() {
    let carto = Sandbox::builder()
        .client("the-machine", CLIENT_SECRET)
        .person("ana@acme.test", PASSWORD)
        .start()
        .unwrap();
    carto.warehouse_token_text(Some(WAREHOUSE_TOKEN.to_owned()));
    let mut kept = Kept {
        world: World::of(carto),
        outputs: Vec::new(),
        access_tokens: Vec::new(),
    };
    machines(&mut kept);
    refusals(&mut kept);
    people(&mut kept);
    doctors(&mut kept);
    children(&mut kept);

    let mut canaries = Canaries::default();
    for (name, secret) in planted::ALL {
        canaries.add(name, secret);
    }
    for request in kept.world.carto.requests() {
        let authorization = request.headers.get("authorization").map(String::as_str);
        canaries.add_request(&request.form, authorization);
        canaries.add_request(&request.query, None);
    }
    for token in &kept.access_tokens {
        canaries.add("access token", token);
    }
    let expected = [
        "access token",
        "client secret",
        "code",
        "password",
        "proxy password",
        "state",
        "verifier",
        "warehouse token",
    ];
    assert_eq!(canaries.names(), expected);
    for (what, text, allowed) in &kept.outputs {
        canaries.search(what, text, allowed);
    }
    let home = kept.world.path("");
    let place = |path: &Path| match path.strip_prefix(&home).unwrap_or(path).to_str() {
        Some("ci.json") => vec!["client secret"],
        Some("seen.browser.arguments") => vec!["state"],
        // A setting of the person's own, which a browser needs.
        Some("seen.browser.environment") => vec!["proxy password"],
        Some("seen.command.environment") => vec!["access token", "warehouse token", "client secret"],
        Some(name) if name.starts_with(".carto-auth/login_pending") => vec!["state", "verifier"],
        Some(name) if name.starts_with(".carto-auth/") => vec!["access token"],
        _ => Vec::new(),
    };
    canaries.search_folder(&home, &place).unwrap();
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots");
    canaries.search_folder(&snapshots, &|_| Vec::new()).unwrap();
    assert_eq!(canaries.hits(), []);
    keep_figures("canaries", &canaries.counts("cli")).unwrap();

    // What belongs somewhere is found there.
    for (what, text, allowed) in &kept.outputs {
        if !allowed.is_empty() {
            canaries.search(what, text, &[]);
        }
    }
    let mut found: Vec<&str> = canaries.hits().iter().map(|hit| hit.secret.as_str()).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, ["access token", "code", "state", "warehouse token"]);
}

fn machines(kept: &mut Kept) {
    const TOKEN: Allowed = (&["access token"], &[]);
    let token = kept.run(&["token", "-vv", "--credentials", "ci.json"], 0, TOKEN);
    kept.access_tokens.push(token.stdout.trim_end().to_owned());
    kept.run(&["token", "-vv", "--json", "--credentials", "ci.json"], 0, TOKEN);
    kept.run(
        &["token", "-vv", "--header", "--credentials", "ci.json"],
        0,
        TOKEN,
    );
    let newer = kept.run(
        &["token", "-vv", "--refresh", "--credentials", "ci.json"],
        0,
        TOKEN,
    );
    kept.access_tokens.push(newer.stdout.trim_end().to_owned());
    kept.run(&["env", "-vv", "--credentials", "ci.json"], 0, TOKEN);
    kept.run(&["env", "-vv", "--json", "--credentials", "ci.json"], 0, TOKEN);
    kept.run(
        &["env", "-vv", "--format", "fish", "--credentials", "ci.json"],
        0,
        TOKEN,
    );
    let both = (&["access token", "warehouse token"][..], &[][..]);
    kept.run(&["env", "-vv", "--dw", "--credentials", "ci.json"], 0, both);
    kept.run(
        &["dw", "-vv", "--credentials", "ci.json"],
        0,
        (&["warehouse token"], &[]),
    );
    kept.run(
        &["dw", "-vv", "--json", "--credentials", "ci.json"],
        0,
        (&["warehouse token"], &[]),
    );
    kept.run(&["dw", "-vv", "project", "--credentials", "ci.json"], 0, NOTHING);
    kept.run(&["status", "-vv", "--credentials", "ci.json"], 0, NOTHING);
    kept.run(
        &["status", "-vv", "--json", "--verify", "--credentials", "ci.json"],
        0,
        NOTHING,
    );
    let mut by_variables = kept.world.command(&["token", "-vv"]);
    by_variables.envs(kept.world.carto.environment());
    kept.run_prepared(&mut by_variables, "", 0, TOKEN);
    let file = kept.world.carto.credentials_json();
    let mut piped = kept.world.command(&["token", "-vv", "--credentials", "-"]);
    kept.run_prepared(&mut piped, &file, 0, TOKEN);
}

fn doctors(kept: &mut Kept) {
    kept.run(&["doctor", "-vv", "--credentials", "ci.json"], 0, NOTHING);
    kept.run(&["doctor", "-vv", "--json"], 0, NOTHING);
    let mut by_variables = kept.world.command(&["doctor", "-vv"]);
    by_variables.envs(kept.world.carto.environment());
    kept.run_prepared(&mut by_variables, "", 0, NOTHING);
    let broken = format!(r#"{{"client_id":"i","client_secret":["{REFUSED_SECRET}"]}}"#);
    let mut piped = kept.world.command(&["doctor", "-vv", "--credentials", "-"]);
    kept.run_prepared(&mut piped, &broken, 1, NOTHING);

    let proxy = Scripted::http(vec![http(407, &[], "")]).unwrap();
    for arguments in [&["doctor", "-vv"][..], &["doctor", "-vv", "--json"]] {
        let mut proxied = kept.world.command(arguments);
        let url = format!("http://me:{PROXY_PASSWORD_IN_A_URL}@127.0.0.1:{}", proxy.port());
        proxied
            .env("HTTPS_PROXY", url)
            .env("CARTO_AUTH_URL", "https://auth.example");
        kept.run_prepared(&mut proxied, "", 1, NOTHING);
    }
    assert!(!proxy.requests().is_empty());
}

fn refusals(kept: &mut Kept) {
    let world = &kept.world;
    let with = |secret: &str| {
        let mut command = world.command(&["token", "-vv", "--no-cache"]);
        command
            .envs(world.carto.environment())
            .env("CARTO_CLIENT_SECRET", secret);
        command
    };
    let mut commands = Vec::new();
    for json in [
        format!(r#"{{"client_secret":"{REFUSED_SECRET}""#),
        format!(r#"["{REFUSED_SECRET}"]"#),
        format!(
            r#"{{"api_base_url":"{REFUSED_SECRET}","client_id":"i","client_secret":"{REFUSED_SECRET}"}}"#
        ),
        format!(
            r#"{{"api_base_url":"https://a.carto.com","client_id":"i","client_secret":["{REFUSED_SECRET}"]}}"#
        ),
    ] {
        commands.push((world.command(&["token", "-vv", "--credentials", "-"]), json));
    }
    for (mut command, json) in commands {
        let outcome = run(command.env("CARTO_AUTH_LOG", "trace"), &json).unwrap();
        assert_eq!(outcome.code, Some(3), "{outcome:?}");
        kept.outputs
            .push(("a broken file".to_owned(), format!("{outcome:?}"), Vec::new()));
    }
    let mut refused = with(REFUSED_SECRET);
    let mut sent_back = with(REFUSED_SECRET);
    let mut proxied = with(CLIENT_SECRET);
    kept.run_prepared(&mut refused, "", 3, NOTHING);
    let words = format!(r#"{{"error":"{REFUSED_SECRET}","error_description":"{REFUSED_SECRET}"}}"#);
    let answer = Fault::status(400).with_body("application/json", words);
    kept.world.carto.fail_next(
        Endpoint::Token,
        answer.with_header("x-request-id", REFUSED_SECRET),
    );
    kept.run_prepared(&mut sent_back, "", 3, NOTHING);

    let proxy = Scripted::http(vec![http(407, &[], "")]).unwrap();
    let url = format!("http://me:{PROXY_PASSWORD_IN_A_URL}@127.0.0.1:{}", proxy.port());
    proxied
        .env("HTTPS_PROXY", url)
        .env("CARTO_AUTH_URL", "https://auth.example");
    kept.run_prepared(&mut proxied, "", 3, NOTHING);
    assert!(!proxy.requests().is_empty());
}

fn people(kept: &mut Kept) {
    kept.run(&["login", "-vv", "--json"], 4, (&["state"], &[]));
    for (is_refused, code) in [(true, 4), (false, 0)] {
        let first = kept.run(&["login", "-vv"], 4, ADDRESS);
        let address = kept
            .world
            .carto
            .log_in_at(url_in(&first.stderr), Person::Accepts)
            .unwrap();
        let mut useless = kept.world.command(&["login", "-vv", "--code", "-"]);
        kept.run_prepared(&mut useless, &address.replace("state=", "state=x"), 2, NOTHING);
        if is_refused {
            let answer = Fault::status(403).with_body("application/json", r#"{"error":"invalid_grant"}"#);
            kept.world.carto.fail_next(Endpoint::Token, answer);
        }
        let mut second = kept.world.command(&["login", "-vv", "--code", "-"]);
        kept.run_prepared(&mut second, &address, code, NOTHING);
    }
    for arguments in [
        &["status", "-vv"][..],
        &["status", "-vv", "--json", "--verify"],
        &["login", "-vv"],
    ] {
        kept.run(arguments, 0, NOTHING);
    }
    let token = kept.run(&["token", "-vv"], 0, (&["access token"], &[]));
    kept.access_tokens.push(token.stdout.trim_end().to_owned());

    // The terminal shows what a person types.
    let mut terminal = kept
        .world
        .at_terminal(&["login", "-vv", "--no-browser", "--force"]);
    let text = terminal.wait_for("paste the code that it shows here");
    let address = kept
        .world
        .carto
        .log_in_at(url_in(&text), Person::Accepts)
        .unwrap();
    terminal.type_line(&address).unwrap();
    let outcome = terminal.finish().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    kept.keep("a paste", outcome, (&[], &["state", "code"]));

    // One more login waits while the files are searched.
    kept.run(&["login", "-vv", "--force"], 4, ADDRESS);
    kept.run(&["logout", "-vv", "--profile", "other"], 0, NOTHING);
}

/// The browser, and the command that `env` runs, note what they are given.
fn children(kept: &mut Kept) {
    let noting = |name: &str| {
        let body = format!(
            "cat /proc/$$/environ > seen.{name}.environment; cat /proc/$$/cmdline > new; mv new seen.{name}.arguments"
        );
        kept.world.program(&format!("noting.{name}"), &body)
    };
    let (browser, child) = (noting("browser"), noting("command"));
    let mut login = kept.world.command(&["login", "-vv", "--browser", "--force"]);
    login.envs(kept.world.carto.environment()).env("BROWSER", browser);
    // Whoever runs this in a shell that `env` has filled.
    let mut variables = kept.world.command(&["env", "--dw", "--json", "--mode", "m2m"]);
    let variables = run(variables.envs(kept.world.carto.environment()), "").unwrap();
    let variables: BTreeMap<String, String> = serde_json::from_str(&variables.stdout).unwrap();
    let is_token = |name: &str| name.ends_with("ACCESS_TOKEN");
    assert_eq!(variables.keys().filter(|name| is_token(name)).count(), 3);
    for (name, value) in variables {
        let value = if is_token(&name) {
            kept.access_tokens[0].clone()
        } else {
            value
        };
        login.env(name, value);
    }
    let nowhere = free_port();
    let proxy = format!("http://me:{PROXY_PASSWORD_IN_A_URL}@127.0.0.1:{nowhere}");
    login.env("HTTPS_PROXY", proxy);
    let terminal = Terminal::start(&mut login).unwrap();
    let text = terminal.wait_for("paste that page's address here:");
    let _ = kept.world.wait_for_file("seen.browser.arguments");
    kept.world.browse(url_in(&text), Person::Accepts);
    let outcome = terminal.finish().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    kept.keep("a login with a browser", outcome, ADDRESS);

    let mut command = kept
        .world
        .command(&["env", "-vv", "--dw", "--mode", "m2m", "--", &child]);
    command.envs(kept.world.carto.environment());
    kept.run_prepared(&mut command, "", 0, NOTHING);
    let environment = fs::read_to_string(kept.world.path("seen.command.environment")).unwrap();
    assert!(
        environment.contains(WAREHOUSE_TOKEN),
        "it is what the command is for"
    );
}

/// Snapshots are in the repository for ever.
#[test]
fn no_snapshot_holds_what_looks_like_a_secret() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for secret in [
            "eyJ",
            "ya29.",
            "sandbox-secret",
            "sandbox-password",
            "state=",
            "code=",
            "canary",
        ] {
            assert!(!text.contains(secret), "{}: {secret}", path.display());
        }
        count += 1;
    }
    assert!(count > 10, "{count}");
}

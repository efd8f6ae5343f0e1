//! `carto-auth login`, at a terminal and without one.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use carto_auth_sandbox::{Endpoint, Fault, Person};
use carto_auth_tests::{Outcome, Terminal, run};

use crate::world::{World, error_of};

/// The address that was shown.
pub(crate) fn url_in(text: &str) -> &str {
    text.lines().find(|line| line.contains("/authorize?")).unwrap()
}

impl World {
    /// Starts a command at a terminal, with a browser that only notes what it is called with.
    pub(crate) fn at_terminal(&self, arguments: &[&str]) -> Terminal {
        let script = self.program(
            "browser",
            "for a in \"$@\"; do echo \"$a\"; done > opened.new; mv opened.new opened",
        );
        Terminal::start(self.command(arguments).env("BROWSER", script)).unwrap()
    }

    pub(crate) fn program(&self, name: &str, body: &str) -> String {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What the person's browser does with the address: it logs in and comes back.
    pub(crate) fn browse(&self, url: &str, person: Person) -> carto_auth_sandbox::Visited {
        let mut agent = self.carto.user_agent();
        let callback = agent.log_in_at(url, person).unwrap();
        agent.visit(&callback).unwrap()
    }

    /// Logs in without a terminal: the address is printed, the code is brought later.
    pub(crate) fn log_in(&self, arguments: &[&str]) {
        let first = self.run(&[&["login"], arguments].concat());
        assert_eq!(first.code, Some(4), "{first:?}");
        let address = self
            .carto
            .log_in_at(url_in(&first.stderr), Person::Accepts)
            .unwrap();
        let second = self.run(&[&["login", "--code", &address], arguments].concat());
        assert_eq!(second.code, Some(0), "{second:?}");
    }

    fn login_shown(&self, outcome: &Outcome) -> String {
        let text = self.shown(outcome);
        let mut filtered: Vec<String> = Vec::new();
        for line in text.lines() {
            let line = match line.split_once("/authorize?") {
                Some((before, _)) => format!("{before}/authorize?…"),
                None => line.to_owned(),
            };
            let line = match line.split_once(", until 20") {
                Some((before, after)) => {
                    format!("{before}, until …{}", &after[after.find(" UTC").unwrap()..])
                }
                None => line,
            };
            filtered.push(line);
        }
        filtered.join("\n").replace(&self.port.to_string(), "PORT")
    }
}

#[test]
fn without_a_terminal_it_prints_the_address_and_ends_at_once_and_the_code_is_brought_later() {
    let world = World::new();
    let start = Instant::now();
    let first = world.run(&["login"]);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    insta::assert_snapshot!("login_without_a_terminal", world.login_shown(&first));
    let pending = world.path(".carto-auth/login_pending.json");
    assert_eq!(
        fs::metadata(&pending).unwrap().permissions().mode() & 0o777,
        0o600
    );

    let address = world
        .carto
        .log_in_at(url_in(&first.stderr), Person::Accepts)
        .unwrap();
    let code = address.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let useless = world.run(&["login", "--code", "two words"]);
    assert_eq!(error_of(&useless).0, 2);
    let second = run(
        &mut world.command(&["login", "--code", "-"]),
        &format!("  '{code}' \n"),
    )
    .unwrap();
    insta::assert_snapshot!("login_with_a_code", world.login_shown(&second));
    assert!(!pending.exists(), "a code is spent once");

    for again in [code, "-Kx_9"] {
        let again = world.run(&["login", "--code", again]);
        assert_eq!(
            error_of(&again),
            (
                4,
                "no login is waiting for a code (they wait for 10 minutes)",
                "run `carto-auth login`; a login that was begun with --profile NAME is finished with it"
            )
        );
    }
    let token = world.run(&["token"]);
    assert_eq!((token.code, token.stderr.as_str()), (Some(0), ""));
    assert_eq!(token.stdout.split('.').count(), 3);
}

#[test]
fn at_a_terminal_the_address_is_shown_the_browser_opened_and_its_answer_waited_for() {
    let world = World::new();
    let terminal = world.at_terminal(&["login", "--browser"]);
    let text = terminal.wait_for("paste that page's address here:");
    let visited = world.browse(url_in(&text), Person::Accepts);
    assert_eq!(visited.address, format!("{}/auth/success", world.carto.url()));
    assert!(terminal.is_as_before());
    let outcome = terminal.finish().unwrap();
    insta::assert_snapshot!("login_at_a_terminal", world.login_shown(&outcome));

    let opened = world.wait_for_file("opened");
    assert_eq!(
        opened.trim_end(),
        url_in(&text),
        "the address is the browser's one argument"
    );
    for secret in ["code_verifier", "code=", "access_token"] {
        assert!(!opened.contains(secret), "{secret}");
    }
    let again = world.run(&["login"]);
    assert!(
        again
            .stderr
            .starts_with("Already logged in as ana@acme.test (ac_sandbox) for 24h, until "),
        "{again:?}"
    );
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), ""));
    assert_eq!(world.asked(), 1);
}

impl World {
    /// The content of a file that another process writes.
    pub(crate) fn wait_for_file(&self, name: &str) -> String {
        let start = Instant::now();
        loop {
            if let Ok(text) = fs::read_to_string(self.path(name)) {
                return text;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{name}");
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_code_is_pasted_at_a_terminal_and_a_wrong_one_harms_nothing() {
    let world = World::new();
    let mut terminal = world.at_terminal(&["login", "--no-browser"]);
    let text = terminal.wait_for("paste the code that it shows here");
    let address = world.carto.log_in_at(url_in(&text), Person::Accepts).unwrap();
    terminal.type_line("two words").unwrap();
    let _ = terminal.wait_for("neither a code nor the address");
    terminal.type_line(&address.replace("state=", "state=x")).unwrap();
    let _ = terminal.wait_for("the state is not that of this login");
    terminal.type_line(&format!("\"{address}\"")).unwrap();
    let outcome = terminal.finish().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        outcome
            .stderr
            .contains("No browser is opened: --no-browser was given"),
        "{outcome:?}"
    );
    assert!(!world.path("opened").exists());
}

#[test]
fn force_logs_in_anew_and_lets_the_browser_ask_for_the_password() {
    let world = World::new();
    world.log_in(&[]);
    let forced = world.run(&["login", "--force"]);
    assert_eq!(forced.code, Some(4));
    assert!(url_in(&forced.stderr).contains("&prompt=login&"), "{forced:?}");
    let organization = world.run(&["login", "--org", "acme"]);
    assert!(
        url_in(&organization.stderr).contains("&organization=org_sandboxacme&"),
        "{organization:?}"
    );
    let status = world.run(&["status", "--json"]);
    assert!(
        status
            .stdout
            .contains(r#""logged_in":true,"mode":"oauth","profile":"default","source":"browser login""#)
    );
}

#[test]
fn a_denial_says_so_in_both_places() {
    let world = World::new();
    let terminal = world.at_terminal(&["login", "--browser"]);
    let text = terminal.wait_for("paste that page's address here:");
    let visited = world.browse(url_in(&text), Person::Denies);
    assert_eq!(visited.status, Some(403));
    let outcome = terminal.finish().unwrap();
    assert_eq!(outcome.code, Some(3));
    assert!(
        outcome.stderr.contains("error: the login was refused: access_denied (User did not authorize the request)\nhint: run `carto-auth login` again and accept"),
        "{outcome:?}"
    );
}

#[test]
fn a_login_that_nobody_finishes_ends_in_time() {
    let world = World::new();
    let outcome = world
        .at_terminal(&["login", "--browser", "--timeout", "1s"])
        .finish()
        .unwrap();
    assert_eq!(outcome.code, Some(4));
    assert!(
        outcome.stderr.ends_with(
            "error: nobody logged in within 1 s\nhint: run `carto-auth login` again, with --timeout 15m if it takes longer\n"
        ),
        "{outcome:?}"
    );
}

#[test]
fn an_interrupt_ends_the_wait_frees_the_port_and_leaves_the_terminal_as_it_was() {
    let world = World::new();
    let terminal = world.at_terminal(&["login", "--browser"]);
    let _ = terminal.wait_for("paste that page's address here:");
    assert!(TcpListener::bind(("127.0.0.1", world.port)).is_err());
    terminal.interrupt().unwrap();
    let before = terminal.is_as_before();
    let outcome = terminal.finish().unwrap();
    assert_eq!(outcome.code, None, "a signal: a shell shows 130");
    assert!(before);
    // A browser that is being started holds the port until it runs.
    let start = Instant::now();
    let is_free = |address: &&str| TcpListener::bind((*address, world.port)).is_ok();
    while !["127.0.0.1", "::1"].iter().all(is_free) {
        assert!(start.elapsed() < Duration::from_secs(5), "the port stays taken");
        std::thread::yield_now();
    }
    assert!(world.token_files().is_empty());
}

#[test]
fn a_port_that_is_taken_makes_it_a_login_by_paste() {
    let world = World::new();
    let _taken = TcpListener::bind(("::1", world.port)).unwrap();
    let mut terminal = world.at_terminal(&["login", "--browser"]);
    let text = terminal.wait_for("paste the code that it shows here");
    let reason = format!(
        "No browser is opened: port {} of this machine is taken",
        world.port
    );
    assert!(text.contains(&reason), "{text}");
    terminal
        .type_line(&world.carto.log_in_at(url_in(&text), Person::Accepts).unwrap())
        .unwrap();
    assert_eq!(terminal.finish().unwrap().code, Some(0));
}

#[test]
fn the_end_of_the_input_ends_a_login_by_paste() {
    let world = World::new();
    let mut terminal = world.at_terminal(&["login", "--no-browser"]);
    let _ = terminal.wait_for("paste the code that it shows here");
    terminal.end_input().unwrap();
    let outcome = terminal.finish().unwrap();
    assert_eq!(outcome.code, Some(4));
    assert!(
        outcome
            .stderr
            .contains("error: the input ended before a code was pasted"),
        "{outcome:?}"
    );
}

#[test]
fn a_browser_that_is_missing_fails_or_hangs_does_not_stop_a_login() {
    let world = World::new();
    let missing = world.path("no-such-browser");
    let failing = world.program("failing", "exit 1");
    // It ends by itself when the test's folder is gone.
    let hanging = world.program(
        "hanging",
        "while [ -d .carto-auth ] || [ ! -e gone ]; do sleep 1; [ -d . ] && [ -e hanging ] || exit 0; done",
    );
    let injecting = format!("{failing} $(touch pwned) ; touch pwned");
    for browser in [missing.to_str().unwrap(), &failing, &hanging, &injecting] {
        let mut command = world.command(&["login", "--browser", "--force"]);
        let terminal = Terminal::start(command.env("BROWSER", browser)).unwrap();
        let text = terminal.wait_for("paste that page's address here:");
        world.browse(url_in(&text), Person::Accepts);
        let outcome = terminal.finish().unwrap();
        assert_eq!(outcome.code, Some(0), "{browser}: {outcome:?}");
        fs::write(world.path("gone"), "").unwrap();
    }
    assert!(!world.path("pwned").exists(), "no shell reads BROWSER");
}

#[test]
fn the_browser_is_given_the_environment_without_our_secrets() {
    let world = World::new();
    let noting = world.program("noting", "env > environment.new; mv environment.new environment");
    let secrets = [
        "CARTO_CLIENT_SECRET",
        "CARTO_ACCESS_TOKEN",
        "CLOUDSDK_AUTH_ACCESS_TOKEN",
        "GOOGLE_OAUTH_ACCESS_TOKEN",
    ];
    let mut command = world.command(&["login", "--browser"]);
    command.envs(secrets.map(|name| (name, "canary")));
    let terminal = Terminal::start(command.env("BROWSER", noting).env("KEPT", "kept")).unwrap();
    let text = terminal.wait_for("paste that page's address here:");
    let environment = world.wait_for_file("environment");
    assert!(environment.contains("KEPT=kept\n"), "{environment}");
    for name in secrets.iter().chain(&["canary"]) {
        assert!(!environment.contains(name), "{environment}");
    }
    world.browse(url_in(&text), Person::Accepts);
    assert_eq!(terminal.finish().unwrap().code, Some(0));
}

#[test]
fn in_ci_and_in_an_ssh_session_no_browser_is_opened() {
    let world = World::new();
    let mut command = world.command(&["login"]);
    let outcome = Terminal::start(command.env("CI", "true").env("NO_COLOR", "1"))
        .unwrap()
        .finish()
        .unwrap();
    assert_eq!(outcome.code, Some(4));
    assert!(
        outcome
            .stderr
            .contains("error: nobody to paste the access code: CI is set"),
        "{outcome:?}"
    );

    let mut command = world.command(&["login"]);
    let mut terminal = Terminal::start(command.env("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")).unwrap();
    let text = terminal.wait_for("paste the code that it shows here");
    assert!(
        text.contains("No browser is opened: this is an SSH session (--browser opens one all the same)."),
        "{text}"
    );
    terminal.end_input().unwrap();
    assert_eq!(terminal.finish().unwrap().code, Some(4));
}

#[test]
fn json_tells_programs_how_to_go_on() {
    let world = World::new();
    let pending = world.run(&["login", "--json"]);
    assert_eq!((pending.code, pending.stderr.as_str()), (Some(4), ""));
    let answer: serde_json::Value = serde_json::from_str(&pending.stdout).unwrap();
    assert_eq!(
        (&answer["logged_in"], &answer["reason"]),
        (&false.into(), &"login_pending".into())
    );
    assert_eq!(answer["complete_with"], "carto-auth login --code CODE");
    let address = world
        .carto
        .log_in_at(answer["url"].as_str().unwrap(), Person::Accepts)
        .unwrap();
    let done = world.run(&["login", "--code", &address, "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        (&answer["logged_in"], &answer["email"]),
        (&true.into(), &"ana@acme.test".into())
    );
    assert_eq!(answer["api_base_url"], world.carto.api_base_url());
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let world = World::new();
    for arguments in [
        &["login", "--mode", "m2m"][..],
        &["login", "--no-cache"],
        &["login", "--credentials", "ci.json"],
        &["login", "--profile", "../etc"],
        &["login", "--code", "c", "--force"],
        &["login", "--browser", "--no-browser"],
        &["login", "--timeout", "soon"],
    ] {
        let outcome = world.run(arguments);
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}: {outcome:?}"
        );
    }
    let address = world.run(&["login", "--api-base-url", "http://api.carto.com"]);
    assert_eq!(error_of(&address).0, 3);
    let organization = world.run(&["login", "--org", "nobody"]);
    assert_eq!(
        error_of(&organization),
        (
            3,
            r#"CARTO knows no organization "nobody" with single sign-on"#,
            "check the name after --org, or leave it out"
        )
    );
    assert_eq!(world.carto.count(Endpoint::Authorize), 0);
}

#[test]
fn the_address_given_for_the_apis_is_kept_and_not_asked_for() {
    let world = World::new();
    world.log_in(&["--api-base-url", "https://api.carto.com/v/"]);
    let token = world.run(&["token", "--json"]);
    assert!(
        token
            .stdout
            .contains(r#""api_base_url":"https://api.carto.com/v","mode":"oauth""#),
        "{token:?}"
    );
    assert_eq!(world.carto.count(Endpoint::Accounts), 0);
    assert!(Path::new(&world.path(".carto-auth/token_oauth.json")).exists());
}

#[test]
fn a_text_browser_is_never_started() {
    let world = World::new();
    let w3m = world.program("w3m", "touch started");
    for browser in [
        w3m.clone(),
        format!("{w3m} %s"),
        format!("env {w3m}"),
        format!("{w3m}:firefox"),
    ] {
        let mut command = world.command(&["login", "--browser", "--timeout", "1s"]);
        let outcome = Terminal::start(command.env("BROWSER", &browser))
            .unwrap()
            .finish()
            .unwrap();
        assert!(
            outcome
                .stderr
                .contains("BROWSER names a text browser, which is not started"),
            "{outcome:?}"
        );
    }
    assert!(!world.path("started").exists());
}

#[test]
fn a_code_that_never_left_and_a_word_that_is_none_leave_the_login_pending() {
    let world = World::new();
    let first = world.run(&["login"]);
    let address = world
        .carto
        .log_in_at(url_in(&first.stderr), Person::Accepts)
        .unwrap();
    let word = world.run(&["login", "--code", "hello"]);
    assert_eq!(error_of(&word).0, 4);

    // The same login service, and nobody at home.
    world.carto.fail_next(Endpoint::Token, Fault::drop_connection());
    let mut command = world.command(&["login", "--code", "hello"]);
    let lost = run(&mut command, "").unwrap();
    assert_eq!(error_of(&lost).0, 5);
    let gone = world.run(&["login", "--code", &address]);
    assert_eq!(
        error_of(&gone).0,
        4,
        "bytes may have left, so it is not pending any more"
    );
}

#[test]
fn a_login_that_could_not_be_kept_is_not_begun() {
    let world = World::new();
    let folder = world.path(".carto-auth");
    let refused = |arguments: &[&str], problem: &str, hint: &str| {
        let outcome = world.run(arguments);
        let error = format!("the login cannot be kept: {}: {problem}", folder.display());
        assert_eq!(error_of(&outcome), (1, error.as_str(), hint));
    };
    let hint = "name another folder in CARTO_AUTH_HOME";
    let pending = world.run(&["login"]);
    let address = world
        .carto
        .log_in_at(url_in(&pending.stderr), Person::Accepts)
        .unwrap();
    fs::rename(&folder, world.path("aside")).unwrap();
    fs::write(&folder, "").unwrap();
    refused(&["login"], "it is no folder", hint);
    refused(&["login", "--browser"], "it is no folder", hint);
    refused(&["login", "--code", &address], "it is no folder", hint);
    fs::remove_file(&folder).unwrap();
    symlink(world.path("gone"), &folder).unwrap();
    refused(&["login"], "it is a link that leads nowhere", hint);
    let below = run(
        world
            .command(&["login"])
            .env("CARTO_AUTH_HOME", folder.join("below")),
        "",
    )
    .unwrap();
    let error = format!(
        "the login cannot be kept: {0}/below: {0} is a link that leads nowhere",
        folder.display()
    );
    assert_eq!(error_of(&below), (1, error.as_str(), hint));
    fs::remove_file(&folder).unwrap();
    assert_eq!(world.asked(), 0, "no code is spent");

    fs::rename(world.path("aside"), &folder).unwrap();
    let outcome = world.run(&["login", "--code", &address]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

#[test]
fn a_login_that_cannot_be_kept_is_a_failure() {
    let world = World::new();
    let first = world.run(&["login"]);
    let address = world
        .carto
        .log_in_at(url_in(&first.stderr), Person::Accepts)
        .unwrap();
    // A folder in the place of both token files.
    let own = world.run(&["status", "--json"]);
    let own: serde_json::Value = serde_json::from_str(&own.stdout).unwrap();
    for path in [
        own["path"].as_str().unwrap().to_owned(),
        world.path(".carto-auth/token_oauth.json").display().to_string(),
    ] {
        fs::create_dir_all(format!("{path}/x")).unwrap();
    }
    let outcome = world.run(&["login", "--code", &address]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome
            .stderr
            .contains("error: the login cannot be kept: cannot write "),
        "{outcome:?}"
    );
    assert!(
        outcome
            .stderr
            .contains("hint: remove what is in its place, or keep tokens elsewhere (CARTO_AUTH_HOME)"),
        "{outcome:?}"
    );
}

#[test]
fn a_login_whose_account_cannot_be_asked_says_that_it_is_kept_and_how_it_goes_on() {
    let world = World::new();
    world.carto.fail_always(
        Endpoint::TenantConfig,
        Fault::status(404).with_body("text/html", "<h1>no</h1>"),
    );
    let first = world.run(&["login"]);
    let address = world
        .carto
        .log_in_at(url_in(&first.stderr), Person::Accepts)
        .unwrap();
    let outcome = world.run(&["login", "--code", &address]);
    let (code, _, hint) = error_of(&outcome);
    assert_eq!(code, 5);
    assert!(
        hint.starts_with(
            "the login itself is kept: `carto-auth login` goes on from here without the browser"
        ),
        "{hint}"
    );
    let given = world.run(&["login", "--api-base-url", "https://api.carto.com"]);
    assert_eq!(given.code, Some(0), "{given:?}");
    assert!(given.stderr.starts_with("Already logged in as"), "{given:?}");
    assert_eq!(world.asked(), 1);
    world.carto.heal();
    assert!(
        world
            .run(&["token", "--json"])
            .stdout
            .contains(r#""api_base_url":"https://api.carto.com""#)
    );
}

#[test]
fn variables_that_are_empty_count_as_unset_and_bad_ones_are_named() {
    let world = World::new();
    let with = |name: &str, value: &str| {
        let mut command = world.command(&["token"]);
        run(command.env(name, value), "").unwrap()
    };
    for name in [
        "CARTO_PROFILE",
        "CARTO_AUTH_MODE",
        "CARTO_CREDENTIALS_FILE",
        "CARTO_AUTH_HOME",
    ] {
        assert_eq!(
            error_of(&with(name, "")),
            (4, "not logged in", "run `carto-auth login`"),
            "{name}"
        );
    }
    assert_eq!(
        error_of(&with("CARTO_PROFILE", "../x")).1,
        "CARTO_PROFILE has no usable value"
    );
    assert_eq!(
        error_of(&with("CARTO_AUTH_MODE", "both")),
        (2, "CARTO_AUTH_MODE has no usable value", "set it to oauth or m2m")
    );
    let mut command = world.command(&["token", "--mode", "oauth"]);
    let outcome = run(command.env("CARTO_CREDENTIALS_FILE", "no-such-file"), "").unwrap();
    assert_eq!(
        error_of(&outcome).1,
        "not logged in",
        "the machine is not looked at"
    );
    let outcome = world.run(&["token", "--profile", "work"]);
    assert_eq!(error_of(&outcome).2, "run `carto-auth login --profile work`");
}

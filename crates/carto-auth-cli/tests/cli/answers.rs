//! What the commands answer when all is well, and what they do with their streams.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use carto_auth_sandbox::{Endpoint, Fault};
use carto_auth_tests::{Terminal, run};

use crate::world::{World, error_of};

#[test]
fn token_prints_the_token_and_one_line_end_and_nothing_else() {
    let world = World::new();
    let outcome = world.machine(&["token"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert_eq!(outcome.stdout.matches('\n').count(), 1);
    let token = outcome.stdout.trim_end();
    assert_eq!(token.split('.').count(), 3);

    let header = world.machine(&["token", "--header"]);
    assert_eq!(header.stdout, format!("Authorization: Bearer {token}\n"));
    assert_eq!(world.asked(), 1, "the second answer came from the cache");
}

#[test]
fn a_usage_error_in_json_has_all_of_its_words_on_one_line() {
    let world = World::new();
    let outcome = world.run(&["login", "--profile=a\nb", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stderr).unwrap();
    let message = report["error"]["message"].as_str().unwrap();
    assert_eq!(outcome.code, Some(2));
    assert!(
        message.starts_with("invalid value 'a\\nb' for '--profile <NAME>': "),
        "{message}"
    );
}

#[test]
fn token_json_is_a_credential_process() {
    let world = World::new();
    let outcome = world.machine(&["token", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(answer["access_token"], world.token());
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["api_base_url"], world.carto.api_base_url());
    assert_eq!(answer["mode"], "m2m");
    assert!((86_390..=86_400).contains(&answer["expires_in"].as_u64().unwrap()));
    assert!(answer["expires_at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn refresh_asks_again_and_min_ttl_asks_only_when_needed() {
    let world = World::new();
    let first = world.token();
    let second = world.machine(&["token", "--refresh"]).stdout;
    assert_ne!(second.trim_end(), first);
    assert_eq!(
        world.token(),
        second.trim_end(),
        "the new token is the cached one"
    );
    assert_eq!(world.machine(&["token", "--min-ttl", "23h"]).stdout, second);
    assert_eq!(world.asked(), 2);

    for min_ttl in ["48h", "25h", "24h"] {
        let short = world.machine(&["token", "--min-ttl", min_ttl]);
        assert_eq!(
            error_of(&short),
            (
                2,
                "the newest token has 23h 59m left, less than --min-ttl",
                "ask for less"
            )
        );
        assert_eq!(world.asked(), 2, "the cached one has just come");
    }
}

#[test]
fn no_cache_looks_for_no_login() {
    let world = World::new();
    world.log_in(&[]);
    let error = "the login of a person is kept in the cache, and --no-cache looks at none";
    let hint = "leave --no-cache out, or use a machine's credentials";
    for command in ["token", "status", "dw", "env", "doctor"] {
        let outcome = world.run(&[command, "--no-cache"]);
        assert_eq!(error_of(&outcome), (2, error, hint), "{command}");
    }
    let error = "logout forgets what is in the cache, and --no-cache looks at none";
    for logout in [
        world.run(&["logout", "--no-cache"]),
        world.machine(&["logout", "--no-cache"]),
    ] {
        assert_eq!(error_of(&logout), (2, error, "leave --no-cache out"));
    }
    assert_eq!(world.run(&["status"]).code, Some(0));
}

#[test]
fn colour_is_forced_by_what_is_not_zero() {
    let world = World::new();
    for (value, is_colored) in [("0", false), ("1", true)] {
        for arguments in [&["token"][..], &["token", "--bogus"]] {
            let mut command = world.command(arguments);
            let outcome = run(command.env("CLICOLOR_FORCE", value), "").unwrap();
            assert_eq!(
                outcome.stderr.contains('\x1b'),
                is_colored,
                "{value}: {outcome:?}"
            );
        }
    }
}

#[test]
fn no_cache_keeps_nothing() {
    let world = World::new();
    assert_eq!(world.machine(&["token", "--no-cache"]).code, Some(0));
    assert!(!world.path(".carto-auth").exists());
}

#[test]
fn the_identity_rule_is_argument_then_file_then_variables() {
    let world = World::new();
    let of = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = world.command(arguments);
        command.args(["status", "--json"]).envs(variables.iter().copied());
        let outcome = run(&mut command, &world.carto.credentials_json()).unwrap();
        serde_json::from_str::<serde_json::Value>(&outcome.stdout).unwrap()["source"].clone()
    };
    let all = [
        ("CARTO_CREDENTIALS_FILE", "ci.json"),
        ("CARTO_CLIENT_ID", "id"),
        ("CARTO_CLIENT_SECRET", "s"),
        ("CARTO_API_BASE_URL", "https://a.example"),
    ];
    assert_eq!(of(&["--credentials", "ci.json"], &all), "--credentials ci.json");
    assert_eq!(
        of(&["--credentials", "-"], &all),
        "--credentials (standard input)"
    );
    assert_eq!(of(&[], &all), "CARTO_CREDENTIALS_FILE ci.json");
    assert_eq!(of(&[], &all[1..]), "CARTO_CLIENT_ID");
}

#[test]
fn carto_auth_home_moves_the_token_files() {
    let world = World::new();
    let mut command = world.command(&["token", "--credentials", "ci.json"]);
    assert_eq!(
        run(command.env("CARTO_AUTH_HOME", "elsewhere"), "").unwrap().code,
        Some(0)
    );
    assert!(world.path("elsewhere/token_m2m.json").exists());
    assert!(!world.path(".carto-auth").exists());
}

#[test]
fn status_and_logout_say_what_is_there_and_what_is_gone() {
    let world = World::new();
    let mut filters = insta::Settings::clone_current();
    filters.add_filter(r"token_m2m\.[0-9a-f]{16}\.json", "token_m2m.KEY.json");
    filters.add_filter(r"2\d{3}-\d\d-\d\d \d\d:\d\d UTC", "TIME");
    filters.bind(|| {
        insta::assert_snapshot!("status_before", world.shown(&world.machine(&["status"])));
        assert_eq!(world.asked(), 0, "status asks nobody");
        world.token();
        insta::assert_snapshot!("status", world.shown(&world.machine(&["whoami"])));
        insta::assert_snapshot!("logout", world.shown(&world.machine(&["logout"])));
        insta::assert_snapshot!("logout_again", world.shown(&world.machine(&["logout"])));
        assert!(world.token_files().is_empty());
    });
}

#[test]
fn the_help_texts_are_these() {
    let world = World::new();
    for (name, arguments) in [
        ("help_short", &["-h"][..]),
        ("help", &["--help"]),
        ("help_token", &["token", "--help"]),
        ("help_env", &["env", "--help"]),
        ("help_dw", &["dw", "--help"]),
        ("help_status", &["help", "status"]),
        ("help_doctor", &["doctor", "--help"]),
        ("usage", &["token", "--headr"]),
        ("usage_json", &["token", "--headr", "--json"]),
    ] {
        insta::assert_snapshot!(name, world.shown(&world.run(arguments)));
    }
}

#[test]
fn verbose_says_why_and_shows_no_secret() {
    let world = World::new();
    let loud = world.machine(&["token", "-vv"]);
    let token = loud.stdout.trim_end();
    assert!(
        loud.stderr.contains("info: using --credentials ci.json"),
        "{}",
        loud.stderr
    );
    assert!(
        loud.stderr.contains("debug: POST http://127.0.0.1"),
        "{}",
        loud.stderr
    );
    for secret in [token, world.carto.client_secret()] {
        assert!(!loud.stderr.contains(secret));
    }
    let cached = world.machine(&["token", "-v"]);
    assert!(
        cached.stderr.contains("info: the token comes from the cache"),
        "{}",
        cached.stderr
    );
}

#[test]
fn without_an_identity_a_person_is_told_what_to_give() {
    let world = World::new();
    let token = world.run(&["token"]);
    assert_eq!(error_of(&token), (4, "not logged in", "run `carto-auth login`"));
    let machine = world.run(&["token", "--mode", "m2m"]);
    let (code, error, hint) = error_of(&machine);
    assert_eq!((code, error), (3, "no machine credentials were given"));
    assert!(
        hint.starts_with("pass --credentials FILE, or set CARTO_CREDENTIALS_FILE"),
        "{hint}"
    );
    let json = world.run(&["token", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json.stderr).unwrap();
    assert_eq!(
        (&report["error"]["code"], &report["error"]["exit_code"]),
        (&"not_logged_in".into(), &4.into())
    );
    assert_eq!(json.stdout, "");
}

#[test]
fn a_reader_that_has_gone_is_no_failure_and_a_full_disk_is() {
    let world = World::new();
    world.token();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let closed = world
        .command(&["token", "--credentials", "ci.json"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!((closed.status.code(), closed.stderr.len()), (Some(0), 0));

    let full = File::options().write(true).open("/dev/full").unwrap();
    let full = world
        .command(&["token", "--credentials", "ci.json"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(full.status.code(), Some(1));
    let text = String::from_utf8(full.stderr).unwrap();
    assert!(
        text.starts_with("error: cannot write to standard output: No space left on device"),
        "{text}"
    );

    let mute = world
        .command(&["token"])
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(mute.status.code(), Some(4));
    let token = world.command(&["token", "--credentials", "ci.json"]);
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", "\"$0\" \"$@\" >&-"])
        .arg(token.get_program())
        .args(token.get_args());
    let variables = token.get_envs().filter_map(|(name, value)| Some((name, value?)));
    shell.current_dir(world.path(".")).env_clear().envs(variables);
    let lost = shell.output().unwrap();
    assert_eq!((lost.status.code(), lost.stderr.len()), (Some(0), 0), ">&-");
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let world = World::new();
    assert!(!world.run(&["token"]).stderr.contains('\u{1b}'));
    assert!(
        world
            .run(&["token", "--color", "always"])
            .stderr
            .contains('\u{1b}')
    );
}

#[test]
fn at_a_terminal_a_slow_answer_is_waited_for_in_words_that_go_away() {
    let world = World::new();
    let slow = Fault::delay(Duration::from_millis(900));
    let shown = |arguments: &[&str], variables: &[(&str, &str)]| {
        world.carto.fail_next(Endpoint::Token, slow.clone());
        let mut command =
            world.command(&[&["token", "--no-cache", "--credentials", "ci.json"], arguments].concat());
        command.env("TERM", "xterm").envs(variables.iter().copied());
        let outcome = Terminal::start(&mut command).unwrap().finish().unwrap();
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        outcome.stderr
    };
    let host = world.carto.url().replace("http://", "");
    let line = format!("asking {host}…");
    let blanks = " ".repeat(line.chars().count());
    assert_eq!(shown(&[], &[]), format!("{line}{blanks}"));
    assert_eq!(shown(&[], &[("NO_COLOR", "1")]), format!("{line}{blanks}"));
    for (arguments, variables) in [
        (&["--quiet"][..], &[][..]),
        (&["--json"], &[]),
        (&[], &[("CI", "true")]),
        (&[], &[("TERM", "dumb")]),
    ] {
        assert_eq!(shown(arguments, variables), "", "{arguments:?} {variables:?}");
    }
    assert!(!shown(&["-vv"], &[]).contains("asking"));
}

#[test]
fn what_is_waited_for_is_gone_before_an_error_is_told() {
    let world = World::new();
    let slow = Fault::status(400).after(Duration::from_millis(900));
    world.carto.fail_always(Endpoint::Token, slow);
    let mut command = world.command(&["token", "--credentials", "ci.json"]);
    let outcome = Terminal::start(command.env("TERM", "xterm"))
        .unwrap()
        .finish()
        .unwrap();
    assert_eq!(outcome.code, Some(5), "{outcome:?}");
    let (line, error) = outcome.stderr.split_once('…').unwrap();
    assert!(line.starts_with("asking 127.0.0.1:"), "{outcome:?}");
    let blanks = " ".repeat(line.chars().count() + 1);
    let error = error.strip_prefix(&blanks).unwrap();
    assert!(error.contains("error:") && !error.starts_with(' '), "{outcome:?}");
}

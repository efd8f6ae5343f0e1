//! What the other commands do with the login of a person.

use std::fs;

use carto_auth_sandbox::{Endpoint, Fault};
use carto_auth_tests::{Clock, change_record, run};

use crate::world::{World, error_of};

#[test]
fn status_says_whose_session_it_is_and_logout_forgets_it() {
    let world = World::new();
    let before = world.run(&["status"]);
    assert_eq!(
        (before.code, before.stdout.as_str(), before.stderr.as_str()),
        (Some(4), "Not logged in.\n", "hint: run `carto-auth login`\n")
    );
    world.log_in(&[]);
    let asked = world.carto.requests().len();
    let status = world.run(&["status"]);
    assert_eq!((status.code, status.stderr.as_str()), (Some(0), ""));
    for part in [
        "Person        ana@acme.test\n",
        "account       ac_sandbox\n",
        "from          browser login\n",
        "good for 23h 59m",
    ] {
        assert!(status.stdout.contains(part), "{part:?}: {}", status.stdout);
    }
    assert_eq!(world.carto.requests().len(), asked, "nobody is asked");

    let logout = world.run(&["logout"]);
    assert_eq!((logout.code, logout.stdout.as_str()), (Some(0), ""));
    assert!(logout.stderr.contains("token_oauth.json.\n"), "{logout:?}");
    assert!(
        logout
            .stderr
            .contains("and your browser is still signed in to CARTO."),
        "{logout:?}"
    );
    assert!(world.token_files().is_empty());
    let again = world.run(&["logout"]);
    assert_eq!(
        (again.code, again.stderr.as_str()),
        (Some(0), "Nobody was logged in.\n")
    );
}

#[test]
fn the_token_files_lie_where_pythons_do() {
    let world = World::new();
    world.token();
    world.log_in(&[]);
    for name in ["token_m2m.json", "token_oauth.json"] {
        let file = fs::read(world.path(".carto-auth").join(name)).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&file).unwrap();
        assert_eq!(record["api_base_url"], world.carto.api_base_url(), "{name}");
        assert!(record["access_token"].is_string(), "{name}");
        assert!(record["expiration"].is_i64(), "{name}");
    }
}

#[test]
fn status_verify_asks_carto() {
    let world = World::new();
    world.log_in(&[]);
    let good = world.run(&["status", "--verify", "--json"]);
    assert!(good.stdout.contains(r#""verified":true"#), "{good:?}");
    world.carto.fail_next(Endpoint::Accounts, Fault::status(401));
    let bad = world.run(&["status", "--verify"]);
    assert_eq!(
        (bad.code, bad.stderr.as_str()),
        (Some(4), "hint: run `carto-auth login`\n")
    );
    assert!(
        bad.stdout
            .contains("token         CARTO does not take it any more\n"),
        "{bad:?}"
    );
    assert_eq!(
        error_of(&world.run(&["token"])).1,
        "not logged in",
        "it is forgotten"
    );
}

#[test]
fn a_session_that_has_ended_is_told_from_one_that_never_was() {
    let world = World::new();
    world.log_in(&[]);
    let file = world
        .token_files()
        .into_iter()
        .find(|path| !path.ends_with("token_oauth.json"))
        .unwrap();
    change_record(file, |record| {
        record["expires_at"] = (record["expires_at"].as_i64().unwrap() - 86_400 - 3 * 3600).into();
    })
    .unwrap();
    fs::remove_file(world.path(".carto-auth/token_oauth.json")).unwrap();
    let outcome = world.run(&["token"]);
    assert_eq!(
        error_of(&outcome),
        (
            4,
            "your CARTO session expired 3h ago (ana@acme.test)",
            "run `carto-auth login`"
        )
    );
    let json = world.run(&["token", "--json"]);
    assert!(json.stderr.contains(r#""code":"session_expired""#), "{json:?}");
    let status = world.run(&["status"]);
    assert_eq!(status.code, Some(4));
    assert!(
        status.stdout.contains("token         expired 3h ago\n"),
        "{status:?}"
    );
}

#[test]
fn a_session_of_a_time_that_has_not_come_is_told_from_one_that_has_ended() {
    let world = World::new();
    world.log_in(&[]);
    let machine = world.token();
    let clock = Clock::new(&world.path(".")).unwrap();
    clock.set_ahead(-3600).unwrap();
    let at_that_time = |arguments: &[&str]| run(clock.govern(&mut world.command(arguments)), "").unwrap();
    let token = at_that_time(&["token"]);
    let (code, error, hint) = error_of(&token);
    assert_eq!(
        (code, hint),
        (
            4,
            "check this machine's clock; if it is right, run `carto-auth login`"
        )
    );
    let rest = error.strip_prefix("your CARTO session is from 20").unwrap();
    assert!(
        rest.ends_with(" UTC, which has not come yet (ana@acme.test)"),
        "{error}"
    );
    let status = at_that_time(&["status"]);
    let row = error
        .split_once(" is ")
        .unwrap()
        .1
        .replace(" (ana@acme.test)", "\n");
    assert!(
        status.stdout.contains(&format!("token         {row}")),
        "{status:?}"
    );
    assert_eq!((status.code, status.stderr), (Some(4), format!("hint: {hint}\n")));
    let doctor = at_that_time(&["doctor"]);
    assert_eq!(doctor.code, Some(1));
    for part in [error, hint, " behind 127.0.0.1"] {
        assert!(doctor.stdout.contains(part), "{part:?}: {}", doctor.stdout);
    }
    let status = at_that_time(&["status", "--credentials", "ci.json"]);
    assert!(
        status
            .stdout
            .contains("token         none cached; `carto-auth token` gets one\n"),
        "{status:?}"
    );
    let other = at_that_time(&["token", "--credentials", "ci.json"]).stdout;
    assert_ne!(other.trim_end(), machine);
}

#[test]
fn min_ttl_and_refresh_of_a_person_say_what_only_a_login_can_do() {
    let world = World::new();
    world.log_in(&["--profile", "work"]);
    let token = |arguments: &[&str]| world.run(&[&["token", "--profile", "work"], arguments].concat());
    let error = "no login is good for as long as --min-ttl asks: it is for 24h";
    for min_ttl in ["24h", "25h"] {
        let outcome = token(&["--min-ttl", min_ttl]);
        assert_eq!(error_of(&outcome), (2, error, "ask for less"));
    }
    for file in world.token_files() {
        let two_hours_less = |record: &mut serde_json::Value| {
            record["expires_at"] = (record["expires_at"].as_i64().unwrap() - 7200).into();
        };
        change_record(file, two_hours_less).unwrap();
    }
    assert_eq!(
        error_of(&token(&["--min-ttl", "23h"])),
        (
            4,
            "your CARTO session has 21h 59m left, less than --min-ttl (ana@acme.test)",
            "run `carto-auth login --profile work --force`, or ask for less"
        )
    );
    assert_eq!(error_of(&token(&["--refresh"])).0, 2);
}

#[test]
fn profiles_keep_logins_apart() {
    let world = World::new();
    world.log_in(&["--profile", "work"]);
    assert!(world.path(".carto-auth/token_oauth@work.json").exists());
    assert_eq!(error_of(&world.run(&["token"])).0, 4);
    let token = world.run(&["token", "--profile", "work"]).stdout;
    let same = run(world.command(&["token"]).env("CARTO_PROFILE", "work"), "")
        .unwrap()
        .stdout;
    assert_eq!(token, same);
    assert_eq!(world.run(&["logout"]).stderr, "Nobody was logged in.\n");
    assert_eq!(world.run(&["token", "--profile", "work"]).stdout, token);
}

#[test]
fn a_profile_that_is_named_comes_before_the_machine_of_a_variable() {
    let world = World::new();
    world.log_in(&["--profile", "work"]);
    let machine = world.token();
    let with_machine = |arguments: &[&str], profile: Option<&str>| {
        let mut command = world.command(arguments);
        command
            .env("CARTO_CREDENTIALS_FILE", "ci.json")
            .env("CARTO_AUTH_MODE", if profile.is_none() { "m2m" } else { "" })
            .envs(profile.map(|profile| ("CARTO_PROFILE", profile)));
        run(&mut command, "").unwrap()
    };
    let work = with_machine(&["token", "--profile", "work"], None);
    assert_eq!(work, world.run(&["token", "--profile", "work"]));
    assert_eq!(work.code, Some(0));
    assert_ne!(work.stdout.trim_end(), machine);
    for command in ["status", "doctor", "env"] {
        let outcome = with_machine(&[command, "--profile", "work", "--json"], None);
        let machines = ["CARTO_CREDENTIALS_FILE", &machine].map(|text| outcome.stdout.contains(text));
        assert_eq!((outcome.code, machines), (Some(0), [false, false]), "{outcome:?}");
    }
    let of_variable = with_machine(&["token"], Some("work"));
    assert_eq!(of_variable.stdout.trim_end(), machine, "CARTO_PROFILE is weaker");

    let files = world.token_files().len();
    let hinted = with_machine(&["logout"], Some("work"));
    assert!(
        hinted.stderr.starts_with(
            "The login of a person is still there: `carto-auth logout --profile work` forgets it."
        ),
        "{hinted:?}"
    );
    world.token();
    let logout = with_machine(&["logout", "--profile", "work"], None);
    assert!(
        logout.stderr.starts_with("Logged out: removed ") && logout.stderr.contains("token_oauth@work."),
        "{logout:?}"
    );
    assert_eq!(world.token_files().len(), files - 2, "the person's are gone");
    assert_eq!(world.token(), world.token(), "the machine's is not");
}

#[test]
fn a_profile_and_a_machine_exclude_each_other_wherever_they_stand() {
    let world = World::new();
    for (arguments, error) in [
        (
            &["--profile", "work", "logout", "--credentials", "ci.json"][..],
            "--profile cannot be used with --credentials",
        ),
        (
            &["token", "--mode", "m2m", "--profile", "default"],
            "--profile cannot be used with --mode m2m",
        ),
        (&["-v", "status", "-q"], "--quiet cannot be used with --verbose"),
        (&["-q", "token", "-v"], "--quiet cannot be used with --verbose"),
    ] {
        let outcome = world.run(arguments);
        assert_eq!(error_of(&outcome), (2, error, "leave one of them out"));
    }
}

#[test]
fn advice_is_about_the_profile_that_was_asked_for() {
    let world = World::new();
    world.log_in(&["--profile", "work"]);
    for (arguments, advice) in [
        (
            &["login"][..],
            "`carto-auth login --profile work --force` logs in anew.",
        ),
        (
            &["token", "--refresh"],
            "run `carto-auth login --profile work --force`",
        ),
    ] {
        let outcome = run(world.command(arguments).env("CARTO_PROFILE", "work"), "").unwrap();
        assert!(outcome.stderr.contains(advice), "{outcome:?}");
    }
}

#[test]
fn the_machine_of_a_variable_comes_first_and_mode_overrides_it() {
    let world = World::new();
    world.log_in(&[]);
    let mut login = world.command(&["login"]);
    let warned = run(login.env("CARTO_CREDENTIALS_FILE", "ci.json"), "").unwrap();
    assert!(
        warned.stderr.contains(
            "warning: CARTO_CREDENTIALS_FILE is set: other commands use that machine, not this login"
        ),
        "{warned:?}"
    );
    let of = |arguments: &[&str], mode: Option<&str>| {
        let mut command = world.command(&[&["status", "--json"], arguments].concat());
        command
            .env("CARTO_CREDENTIALS_FILE", "ci.json")
            .envs(mode.map(|mode| ("CARTO_AUTH_MODE", mode)));
        let outcome = run(&mut command, "").unwrap();
        serde_json::from_str::<serde_json::Value>(&outcome.stdout).unwrap()["mode"].clone()
    };
    assert_eq!(of(&[], None), "m2m");
    assert_eq!(of(&["--mode", "oauth"], None), "oauth");
    assert_eq!(of(&[], Some("oauth")), "oauth");
    assert_eq!(
        of(&["--mode", "m2m"], Some("oauth")),
        "m2m",
        "the argument comes first"
    );
    for mode in ["oauth", "robot"] {
        assert_eq!(of(&["--credentials", "ci.json"], Some(mode)), "m2m");
    }
}

#[test]
fn a_status_that_cannot_be_verified_is_shown_all_the_same() {
    let world = World::new();
    world.log_in(&[]);
    world.carto.fail_always(Endpoint::Accounts, Fault::status(500));
    let outcome = world.run(&["status", "--verify", "--json"]);
    assert_eq!(outcome.code, Some(5), "{outcome:?}");
    assert!(
        outcome.stdout.contains(r#""email":"ana@acme.test""#),
        "{outcome:?}"
    );
    assert!(outcome.stdout.contains(r#""verified":null"#), "{outcome:?}");
    let error: serde_json::Value = serde_json::from_str(&outcome.stderr).unwrap();
    assert_eq!(error["error"]["code"], "bad_response");
}

#[test]
fn logout_makes_nothing_where_there_was_nothing_and_needs_no_room() {
    let world = World::new();
    for arguments in [&["logout"][..], &["logout", "--credentials", "ci.json"]] {
        assert_eq!(world.run(arguments).code, Some(0));
    }
    assert!(!world.path(".carto-auth").exists());
    let outcome = run(
        world.command(&["logout"]).env("CARTO_AUTH_HOME", "/proc/nowhere"),
        "",
    )
    .unwrap();
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (Some(0), "Nobody was logged in.\n")
    );
}

#[test]
fn logout_of_a_machine_says_that_a_person_is_logged_in() {
    let world = World::new();
    world.log_in(&[]);
    let outcome = world.run(&["logout", "--credentials", "ci.json"]);
    assert_eq!(
        outcome.stderr, "There was no cached token.\n",
        "--credentials leaves no doubt"
    );
    let outcome = run(
        world
            .command(&["logout"])
            .env("CARTO_CREDENTIALS_FILE", "ci.json"),
        "",
    )
    .unwrap();
    assert!(
        outcome
            .stderr
            .starts_with("The login of a person is still there: `carto-auth logout --mode oauth`"),
        "{outcome:?}"
    );
    let warned = run(world.command(&["token"]).env("CARTO_AUTH_LOG", "bogus"), "").unwrap();
    assert_eq!(
        warned.stderr,
        "warning: CARTO_AUTH_LOG is none of off, warn, info and debug\n"
    );
}

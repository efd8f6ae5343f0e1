//! What the Python package gets wrong as a program: one test for each defect, named after it. The list, and the other tests,
//! are in `tests/suites/python_defects/main.rs`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use carto_auth_sandbox::Person;
use carto_auth_tests::{Outcome, Terminal, python_scene, run, token_number};
use serde_json::Value;

use crate::login::url_in;
use crate::world::{World, error_of};

/// Zones without summer time, five hours west and nine hours east.
const WEST: &str = "America/Bogota";
const EAST: &str = "Asia/Tokyo";

impl World {
    /// The package in this world's home, where it finds `ci.json` and its default cache.
    fn python_command(&self, program: &str) -> Command {
        python_scene(&self.carto.url(), self.port, &self.path(""), program).unwrap()
    }

    /// What a program prints that uses it.
    fn python(&self, program: &str) -> Vec<String> {
        printed(&mut self.python_command(program))
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }
}

fn printed(command: &mut Command) -> Vec<String> {
    let outcome = run(command, "").unwrap();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    outcome.stdout.lines().map(str::to_owned).collect()
}

/// Which of the sandbox's tokens was printed, and nothing beside it.
fn number_of(outcome: &Outcome) -> u64 {
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    token_number(outcome.stdout.trim_end())
}

#[test]
fn defect_01_the_end_of_a_token_is_not_off_by_the_zone() {
    let world = World::new();
    let python_in = |zone, program| printed(world.python_command(program).env("TZ", zone));
    world.carto.set_token_lifetime(Duration::ZERO);
    let hours_off = python_in(
        WEST,
        "
        CartoAuth.from_m2m('ci.json')
        kept = json.load(open('.carto-auth/token_m2m.json'))
        say(round((kept['expiration'] - claims(kept['access_token'])['exp']) / 3600))
        ",
    );
    assert_eq!(hours_off, ["5"]);
    world.carto.set_token_lifetime(Duration::from_secs(86_400));
    let token = "say(number(CartoAuth.from_m2m('ci.json').get_access_token()))";
    assert_eq!(
        python_in("UTC", token),
        ["1"],
        "the one that had ended when it came"
    );

    let ours_in = |world: &World, zone| {
        let mut command = world.command(&["token", "--credentials", "ci.json"]);
        number_of(&run(command.env("TZ", zone), "").unwrap())
    };
    assert_eq!(ours_in(&world, "UTC"), 2);
    assert_eq!(world.asked(), 2);

    for zone in [WEST, "UTC", EAST] {
        let world = World::new();
        assert_eq!(ours_in(&world, zone), 1);
        let file: Value =
            serde_json::from_slice(&fs::read(world.path(".carto-auth/token_m2m.json")).unwrap()).unwrap();
        let life = file["expires_at"].as_i64().unwrap() - file["obtained_at"].as_i64().unwrap();
        assert!((86_399..=86_400).contains(&life), "{zone}: {life}");
        for elsewhere in [WEST, "UTC", EAST] {
            assert_eq!(ours_in(&world, elsewhere), 1, "{zone}, {elsewhere}");
        }
        assert_eq!(world.asked(), 1, "{zone}");
    }
}

#[test]
fn defect_03_the_directory_and_the_file_are_for_their_owner_alone() {
    let modes = |world: &World| {
        (
            world.mode(".carto-auth"),
            world.mode(".carto-auth/token_m2m.json"),
        )
    };
    let world = World::new();
    world.python("os.umask(0o022); CartoAuth.from_m2m('ci.json')");
    assert_eq!(modes(&world), (0o755, 0o644));

    let world = World::new();
    world.token();
    assert_eq!(modes(&world), (0o700, 0o600));
}

#[test]
fn defect_04_without_a_cache_no_directory_is_made() {
    let world = World::new();
    assert_eq!(
        world.python("say(number(CartoAuth.from_m2m('ci.json', use_cache=False).get_access_token()))"),
        ["1"]
    );
    assert!(world.path(".carto-auth").is_dir());

    let world = World::new();
    assert_eq!(number_of(&world.machine(&["token", "--no-cache"])), 1);
    assert!(!world.path(".carto-auth").exists());
}

#[test]
fn defect_04_a_tilde_is_the_home_directory() {
    let world = World::new();
    fs::create_dir(world.path("kept")).unwrap();
    let python =
        "say(failure(CartoAuth.from_m2m, 'ci.json', cache_filepath='~/kept/token.json').split(':')[0])";
    assert_eq!(world.python(python), ["FileNotFoundError"]);

    let mut command = world.command(&["token", "--credentials", "~/ci.json"]);
    let outcome = run(command.env("CARTO_AUTH_HOME", "~/kept"), "").unwrap();
    assert_eq!(number_of(&outcome), 2, "the first one is lost");
    assert!(world.path("kept/token_m2m.json").is_file());
    assert!(!world.path("~").exists());
}

#[test]
fn defect_04_a_home_that_cannot_be_written_is_not_fatal() {
    let world = World::new();
    let python = "say(failure(CartoAuth.from_m2m, 'ci.json').split(':')[0])";
    let python = printed(world.python_command(python).env("HOME", "/dev/null"));
    assert_eq!(python, ["NotADirectoryError"]);
    assert_eq!(world.asked(), 0);

    let mut command = world.command(&["token", "--credentials", "ci.json"]);
    let outcome = run(command.env("HOME", "/dev/null"), "").unwrap();
    assert_eq!(
        (outcome.code, token_number(outcome.stdout.trim_end())),
        (Some(0), 1)
    );
    assert!(
        outcome
            .stderr
            .starts_with("warning: cannot make the folder /dev/null/.carto-auth"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn defect_08_without_a_browser_the_address_is_shown_and_nothing_hangs() {
    let world = World::new();
    let python = world.python(
        "
        from socketserver import BaseServer
        def wait(server):
            say('it waits for a browser, without end:', server.timeout)
            os._exit(0)
        BaseServer.handle_request = wait
        webbrowser.open_new = open_new
        CartoAuth.from_oauth()
        ",
    );
    assert_eq!(
        python,
        ["it waits for a browser, without end: None"],
        "nothing was printed before"
    );

    // Neither here nor there is a browser to be found; the person opens the address elsewhere on this machine.
    let missing = world.path("no-such-browser");
    let mut command = world.command(&["login", "--browser"]);
    let terminal = Terminal::start(command.env("BROWSER", missing)).unwrap();
    let text = terminal.wait_for("paste that page's address here:");
    let mut agent = world.carto.user_agent();
    let callback = agent.log_in_at(url_in(&text), Person::Accepts).unwrap();
    agent.visit(&callback).unwrap();
    assert_eq!(terminal.finish().unwrap().code, Some(0));

    // Without a display, nothing is waited for but the person's code.
    let world = World::new();
    let mut terminal = Terminal::start(&mut world.command(&["login"])).unwrap();
    let text = terminal.wait_for("Then paste the code that it shows here");
    assert!(text.starts_with("No browser is opened: "), "{text}");
    let page = world.carto.log_in_at(url_in(&text), Person::Accepts).unwrap();
    terminal.type_line(&page).unwrap();
    assert_eq!(terminal.finish().unwrap().code, Some(0));
}

#[test]
fn defect_08_without_standard_input_a_login_says_how_it_goes_on() {
    let world = World::new();
    let outcome = run(
        &mut world.python_command("CartoAuth.from_oauth(open_browser=False)"),
        "",
    )
    .unwrap();
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.starts_with("Traceback "), "{}", outcome.stderr);
    assert!(
        outcome.stderr.ends_with("EOFError: EOF when reading a line\n"),
        "{}",
        outcome.stderr
    );

    let first = world.run(&["login"]);
    let (code, error, hint) = error_of(&first);
    assert_eq!((code, error), (4, "no terminal to read the access code from"));
    assert!(
        hint.starts_with("within 10 minutes run `carto-auth login --code CODE`"),
        "{hint}"
    );
    let page = world
        .carto
        .log_in_at(url_in(&first.stderr), Person::Accepts)
        .unwrap();
    assert_eq!(world.run(&["login", "--code", &page]).code, Some(0));
    assert!(world.path(".carto-auth/token_oauth.json").is_file());
}

#[test]
fn defect_11_a_machines_identity_can_come_from_the_environment_and_from_standard_input() {
    let world = World::new();
    let mut variables = world.carto.environment();
    variables.retain(|(name, _)| name.starts_with("CARTO_C") || *name == "CARTO_API_BASE_URL");
    fs::remove_file(world.path("ci.json")).unwrap();
    let mut command = world.python_command("say(failure(CartoAuth.from_m2m))");
    let python = printed(command.envs(variables.iter().map(|(name, value)| (*name, value))));
    assert_eq!(
        python,
        ["TypeError: CartoAuth.from_m2m() missing 1 required positional argument: 'filepath'"]
    );

    let mut command = world.command(&["token", "--no-cache"]);
    let outcome = run(command.envs(variables), "").unwrap();
    assert_eq!(number_of(&outcome), 1);
    let mut command = world.command(&["token", "--no-cache", "--credentials", "-"]);
    let outcome = run(&mut command, &world.carto.credentials_json()).unwrap();
    assert_eq!(number_of(&outcome), 2);
    assert_eq!(
        fs::read_dir(world.path("")).unwrap().count(),
        0,
        "no file was needed"
    );
}

//! A callback port at which the system lets nobody listen, although nobody else does.

use std::fs;
use std::path::Path;
use std::time::Duration;

use carto_auth_sandbox::Person;
use carto_auth_tests::{Terminal, run_within};

use crate::strace::{obstacle, under_strace};
use crate::tally;
use crate::world::{World, error_of};

const LIMIT: Duration = Duration::from_secs(20);

/// Which binds fail (IPv4 comes first), how, and what is said of it.
const REFUSALS: [(&str, &str); 6] = [
    ("error=EACCES", "permission denied"),
    ("error=EACCES:when=2", "permission denied"),
    ("error=EPERM", "permission denied"),
    ("error=ENOMEM", "out of memory"),
    ("error=EMFILE", "too many open files"),
    ("error=EADDRNOTAVAIL", "address not available"),
];

/// The address that was shown.
fn url_in(text: &str) -> &str {
    text.lines().find(|line| line.contains("/authorize?")).unwrap()
}

/// Whether the binds that strace let fail were those of the callback's port.
fn assert_struck(log: &Path, port: u16) {
    let log = fs::read_to_string(log).unwrap();
    let is_it = |line: &str| line.contains(&format!("htons({port})")) && line.contains("(INJECTED)");
    assert!(log.lines().any(is_it), "{log}");
}

fn tried() -> bool {
    let why = obstacle();
    why.inspect(|why| tally::skip("a port that must not be bound", why));
    why.is_none()
}

#[test]
fn a_port_that_must_not_be_bound_makes_it_a_login_by_paste() {
    if !tried() {
        return;
    }
    for (how, why) in REFUSALS {
        let world = World::new();
        let (log, inject) = (world.path("log"), format!("inject=bind:{how}"));
        let command = world.command(&["login", "--browser"]);
        let options = ["-e", "trace=bind", "-e", &inject];
        let mut terminal = Terminal::start(&mut under_strace(&command, &log, &options)).unwrap();
        let text = terminal.wait_for("paste the code that it shows here");
        let reason = format!(
            "No browser is opened: port {} of this machine cannot be listened at ({why}).",
            world.port
        );
        assert!(text.contains(&reason), "{how}: {text}");
        let address = world.carto.log_in_at(url_in(&text), Person::Accepts).unwrap();
        terminal.type_line(&address).unwrap();
        let outcome = terminal.finish().unwrap();
        assert_eq!(outcome.code, Some(0), "{how}: {outcome:?}");
        assert_struck(&log, world.port);
        assert_eq!(world.run(&["token"]).code, Some(0), "{how}");
    }
}

#[test]
fn a_port_that_must_not_be_bound_where_nobody_can_paste_ends_the_login() {
    if !tried() {
        return;
    }
    for (how, why) in REFUSALS {
        let world = World::new();
        let (log, inject) = (world.path("log"), format!("inject=bind:{how}"));
        let command = world.command(&["login", "--browser"]);
        let options = ["-e", "trace=bind", "-e", &inject];
        let outcome = run_within(&mut under_strace(&command, &log, &options), LIMIT).unwrap();
        let error = format!(
            "port {} of this machine cannot be listened at ({why}), and nobody can paste the code",
            world.port
        );
        let hint = "run `carto-auth login` at a terminal; without one, and without --browser, it prints an address, and `carto-auth login --code CODE` \
                    finishes it";
        assert_eq!(error_of(&outcome.unwrap()), (4, error.as_str(), hint), "{how}");
        assert_struck(&log, world.port);
        assert_eq!(world.carto.requests().len(), 0, "{how}");
        assert!(world.token_files().is_empty(), "{how}");
    }
}

#[test]
fn a_family_that_this_machine_does_not_have_is_done_without() {
    if !tried() {
        return;
    }
    for family in [1, 2] {
        let world = World::new();
        let (log, inject) = (
            world.path("log"),
            format!("inject=bind:error=EADDRNOTAVAIL:when={family}"),
        );
        let mut command = world.command(&["login", "--browser"]);
        command.env("BROWSER", "/bin/true");
        let options = ["-e", "trace=bind", "-e", &inject];
        let terminal = Terminal::start(&mut under_strace(&command, &log, &options)).unwrap();
        let text = terminal.wait_for("paste that page's address here:");
        let mut agent = world.carto.user_agent();
        let callback = agent.log_in_at(url_in(&text), Person::Accepts).unwrap();
        agent.visit(&callback).unwrap();
        let outcome = terminal.finish().unwrap();
        assert_eq!(outcome.code, Some(0), "{family}: {outcome:?}");
        assert_struck(&log, world.port);
    }
}

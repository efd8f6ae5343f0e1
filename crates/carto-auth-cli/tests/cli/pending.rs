//! A login that waits for its code, and a process that dies over it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use carto_auth_sandbox::{Endpoint, Fault, Person};
use carto_auth_tests::Outcome;

use crate::login::url_in;
use crate::world::{World, error_of};

#[test]
fn the_answer_to_a_login_that_another_has_replaced_is_told_to_be_one() {
    let world = World::new();
    let first = world.leave_pending();
    let second = world.leave_pending();
    let outcome = world.run(&["login", "--code", &first]);
    let error = "the code is of no use: the state is not that of this login";
    let hint =
        "use the address that the last `carto-auth login` printed: it takes the place of those before it";
    assert_eq!(error_of(&outcome), (2, error, hint));
    let wrong = world.run(&["login", "--code", "a-word"]);
    let (code, _, hint) = error_of(&wrong);
    let again =
        "the login still waits: run `carto-auth login --code CODE` with the code that CARTO's page shows";
    assert_eq!((code, hint), (4, again));
    assert_eq!(world.run(&["login", "--code", &second]).code, Some(0));
}

impl World {
    /// Leaves a login pending, and says what the person's browser ends on.
    fn leave_pending(&self) -> String {
        let first = self.run(&["login"]);
        self.carto
            .log_in_at(url_in(&first.stderr), Person::Accepts)
            .unwrap()
    }

    /// Starts `login --code`, which CARTO keeps waiting for a minute.
    fn start_code(&self, address: &str) -> Child {
        let delay = Fault::delay(Duration::from_secs(60));
        self.carto.fail_next(Endpoint::Token, delay);
        let asked = self.asked();
        let mut command = self.command(&["login", "--code", address]);
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = quiet.stderr(Stdio::null()).spawn().unwrap();
        self.wait_until_asked(asked + 1);
        child
    }

    /// The files of pending logins.
    fn pending_files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path(".carto-auth")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.contains("login_pending")).collect();
        names.sort();
        names
    }
}

fn interrupt(mut child: Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), None, "a signal: a shell shows 130");
}

#[test]
fn a_code_is_sent_once_even_if_its_process_is_interrupted() {
    let world = World::new();
    let address = world.leave_pending();
    let child = world.start_code(&address);
    assert!(world.pending_files().is_empty(), "{:?}", world.pending_files());
    let is_gone = |outcome: &Outcome| {
        let (code, error, _) = error_of(outcome);
        assert_eq!(
            (code, error),
            (4, "no login is waiting for a code (they wait for 10 minutes)")
        );
    };
    is_gone(&world.run(&["login", "--code", &address]));
    interrupt(child);
    is_gone(&world.run(&["login", "--code", &address]));
    assert_eq!(world.asked(), 1);
}

#[test]
fn a_new_login_takes_the_place_of_one_whose_process_was_interrupted() {
    let world = World::new();
    let old = world.leave_pending();
    interrupt(world.start_code(&old));
    let new = world.leave_pending();
    assert_eq!(world.pending_files(), ["login_pending.json"]);
    let outcome = world.run(&["login", "--code", &old]);
    assert_eq!(
        error_of(&outcome).0,
        2,
        "the answer to another login: {outcome:?}"
    );
    assert_eq!(world.run(&["login", "--code", &new]).code, Some(0));
    assert!(world.pending_files().is_empty());
}

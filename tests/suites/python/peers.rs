//! The two peers: the real Python package, and a process of ours. Each has one time zone and a clock of the test's own.

use std::env;
use std::path::Path;
use std::process::Command;

use carto_auth_tests::{Clock, Dialogue, python_peer};

/// A place that both peers are at.
pub(crate) struct Place<'a> {
    pub(crate) sandbox: String,
    pub(crate) home: &'a Path,
    pub(crate) zone: &'a str,
    pub(crate) clock: &'a Clock,
}

impl Place<'_> {
    pub(crate) fn python(&self) -> Dialogue {
        self.start(&mut python_peer(&self.sandbox, self.home).unwrap())
    }

    pub(crate) fn ours(&self) -> Dialogue {
        // Examples are built beside the tests.
        let tests = env::current_exe().unwrap();
        let examples = tests.ancestors().nth(2).unwrap().join("examples");
        let mut command = Command::new(examples.join("our_peer"));
        command.env("SANDBOX", &self.sandbox).env("HOME", self.home);
        self.start(&mut command)
    }

    fn start(&self, command: &mut Command) -> Dialogue {
        Dialogue::start(self.clock.govern(command.env("TZ", self.zone))).unwrap()
    }
}

/// The token of a machine, and the API base URL, as a peer gives them from this cache or from the default place.
pub(crate) fn machine(peer: &mut Dialogue, credentials: &Path, cache: Option<&Path>) -> (String, String) {
    let paths = [Some(credentials), cache];
    let paths = paths.into_iter().flatten().map(|path| path.to_str().unwrap());
    let words: Vec<&str> = ["m2m"].into_iter().chain(paths).collect();
    let answer = peer.ask(&words).unwrap();
    let (token, address) = answer.split_once(' ').unwrap();
    assert_ne!(token, "error", "{answer}");
    (token.to_owned(), address.to_owned())
}

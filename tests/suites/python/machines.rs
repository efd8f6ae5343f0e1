//! Two machines, and two regions, in turn at the default place.

use std::fs;
use std::path::PathBuf;

use carto_auth_sandbox::{Endpoint, Sandbox};
use carto_auth_tests::{Clock, Dialogue};

use crate::peers::{Place, machine};
use crate::zones;

/// Two credentials files, which differ in the client, the region or both, and the peers that use them.
struct World {
    carto: Sandbox,
    python: Dialogue,
    ours: Dialogue,
    home: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let (carto, home) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
        let clock = Clock::new(home.path()).unwrap();
        let place = Place {
            sandbox: carto.url(),
            home: home.path(),
            zone: zones::KOLKATA.name,
            clock: &clock,
        };
        let (python, ours) = (place.python(), place.ours());
        Self {
            carto,
            python,
            ours,
            home,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a credentials file of the other region: another name of the same loopback.
    fn in_other_region(&self, name: &str, credentials: &str) {
        let elsewhere = self.carto.api_base_url().replace("127.0.0.1", "localhost");
        let credentials = credentials.replace(&self.carto.api_base_url(), &elsewhere);
        fs::write(self.file(name), credentials).unwrap();
    }

    /// The token and the API base URL that a peer gives for a credentials file.
    fn python(&mut self, name: &str) -> (String, String) {
        let file = self.file(name);
        machine(&mut self.python, &file, None)
    }

    fn ours(&mut self, name: &str) -> (String, String) {
        let file = self.file(name);
        machine(&mut self.ours, &file, None)
    }

    fn take_turns(&mut self) {
        let (a, b) = (self.ours("a.json"), self.ours("b.json"));
        assert_ne!(a.0, b.0);
        for _ in 0..3 {
            // Python's cache knows neither client nor region: b gets the token of a, which we do not replace while it lives.
            assert_eq!(self.python("a.json"), a);
            assert_eq!(self.python("b.json"), a);
            assert_eq!(self.ours("b.json"), b, "not evicted, neither by a nor by Python");
            assert_eq!(self.ours("a.json"), a);
        }
        assert_eq!(self.carto.count(Endpoint::Token), 2);

        // Now Python is first, and b's token is in the file that is shared.
        fs::remove_dir_all(self.file(".carto-auth")).unwrap();
        let b = self.python("b.json");
        let a = self.ours("a.json");
        assert_ne!(a.0, b.0, "the token of b, which is another's, is not taken");
        for _ in 0..3 {
            assert_eq!(self.ours("b.json"), b, "taken from Python's file");
            assert_eq!(self.python("b.json"), b, "not evicted");
            assert_eq!(self.ours("a.json"), a);
        }
        assert_eq!(self.carto.count(Endpoint::Token), 4);
    }
}

#[test]
fn two_clients_take_turns_at_the_default_place() {
    let mut world = World::new();
    fs::write(world.file("a.json"), world.carto.credentials_json()).unwrap();
    fs::write(world.file("b.json"), world.carto.add_client("b", "secret")).unwrap();
    world.take_turns();
}

#[test]
fn one_client_in_two_regions_takes_turns_at_the_default_place() {
    let mut world = World::new();
    fs::write(world.file("a.json"), world.carto.credentials_json()).unwrap();
    world.in_other_region("b.json", &world.carto.credentials_json());
    world.take_turns();
}

#[test]
fn two_clients_in_two_regions_take_turns_at_the_default_place() {
    let mut world = World::new();
    fs::write(world.file("a.json"), world.carto.credentials_json()).unwrap();
    world.in_other_region("b.json", &world.carto.add_client("b", "secret"));
    world.take_turns();
}

//! The real Python package, `carto-auth` 0.2.0, beside us on one token file.
#![expect(clippy::unwrap_used, reason = "tests")]
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;

use carto_auth_sandbox::{Endpoint, Sandbox};
use carto_auth_tests::{Outcome, python_with_carto_auth, run};

const ZONES: [&str; 4] = ["UTC", "America/New_York", "Europe/Madrid", "Asia/Tokyo"];

/// What the Python peer runs: `CartoAuth.from_m2m`, with CARTO's address replaced by the sandbox's where the
/// package asks for a token, for it has no setting for that.
const PYTHON: &str = "
import os, sys, requests
post = requests.post
def to_sandbox(url, **rest):
    return post(url.replace('https://auth.carto.com', os.environ['SANDBOX']), **rest)
requests.post = to_sandbox
from carto_auth import CartoAuth
auth = CartoAuth.from_m2m(sys.argv[1], cache_filepath=sys.argv[2])
print(auth.get_access_token())
";

/// What our peer runs. It is a process of its own, because a process has one time zone.
fn ours(carto: &Sandbox, zone: &str, credentials: &Path, cache: &Path) -> String {
    let outcome = run(
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "our_peer", "--nocapture", "--test-threads=1"])
            .env("TZ", zone)
            .env(
                "OUR_PEER",
                format!(
                    "{}\n{}\n{}",
                    carto.auth_url(),
                    credentials.display(),
                    cache.display()
                ),
            ),
        "",
    )
    .unwrap();
    let token = outcome
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("token: "))
        .map(str::to_owned);
    token.unwrap_or_else(|| panic!("no token: {outcome:?}"))
}

/// Takes a token as a program of ours would, when it is started as a peer; otherwise there is nothing to do.
#[test]
#[expect(clippy::print_stdout, reason = "the test that started this process reads it")]
fn our_peer() {
    let Ok(arguments) = std::env::var("OUR_PEER") else {
        return;
    };
    let [auth_url, credentials, cache] = arguments.lines().collect::<Vec<_>>()[..] else {
        panic!("{arguments}")
    };
    let machine = carto_auth_ureq::credentials::from_file(credentials).unwrap();
    let endpoints = carto_auth_ureq::Endpoints::carto()
        .with_auth_url(auth_url)
        .unwrap();
    let auth = carto_auth_ureq::CartoAuth::m2m(machine)
        .endpoints(endpoints)
        .cache_file(cache)
        .connect()
        .unwrap();
    println!("\ntoken: {}", auth.access_token().unwrap().secret().expose());
}

fn python(carto: &Sandbox, zone: &str, credentials: &Path, cache: &Path) -> String {
    let outcome: Outcome = run(
        Command::new(python_with_carto_auth().unwrap())
            .args(["-W", "ignore", "-c", PYTHON])
            .args([credentials, cache])
            .env("TZ", zone)
            .env("SANDBOX", carto.url()),
        "",
    )
    .unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    outcome.stdout.trim().to_owned()
}

struct World {
    carto: Sandbox,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let (carto, folder) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join("ci.json"), carto.credentials_json()).unwrap();
        Self { carto, folder }
    }

    fn ours(&self, zone: &str) -> String {
        ours(
            &self.carto,
            zone,
            &self.folder.path().join("ci.json"),
            &self.cache(),
        )
    }

    fn python(&self, zone: &str) -> String {
        python(
            &self.carto,
            zone,
            &self.folder.path().join("ci.json"),
            &self.cache(),
        )
    }

    fn cache(&self) -> std::path::PathBuf {
        self.folder.path().join("token_m2m.json")
    }

    fn asked(&self) -> usize {
        self.carto.count(Endpoint::Token)
    }
}

#[test]
fn python_takes_our_token_and_we_take_pythons_in_every_zone() {
    for zone in ZONES {
        let world = World::new();
        let token = world.ours(zone);
        assert_eq!(world.python(zone), token, "{zone}: Python takes ours");
        assert_eq!(world.ours(zone), token, "{zone}: and leaves it to us");
        assert_eq!(world.asked(), 1, "{zone}");

        let world = World::new();
        let token = world.python(zone);
        assert_eq!(world.ours(zone), token, "{zone}: we take Python's");
        assert_eq!(world.python(zone), token, "{zone}: and leave it to Python");
        assert_eq!(world.asked(), 1, "{zone}");
    }
}

#[test]
fn python_in_the_same_zone_does_not_serve_a_token_of_ours_that_has_expired() {
    for zone in ZONES {
        let world = World::new();
        let token = world.ours(zone);
        let text = fs::read_to_string(world.cache()).unwrap();
        let file: Vec<i64> = ["\"expiration\":", "\"expires_at\":", "\"obtained_at\":"]
            .map(|key| {
                text.split_once(key)
                    .unwrap()
                    .1
                    .split_once(',')
                    .unwrap()
                    .0
                    .parse()
                    .unwrap()
            })
            .to_vec();
        let [expiration, expires_at, obtained_at] = file[..] else {
            unreachable!()
        };
        // The same file a day and a minute later: Python's number moves as its clock does.
        let life = expires_at - obtained_at + 60;
        let later = text.replace(
            &format!("\"expiration\":{expiration}"),
            &format!("\"expiration\":{}", expiration - life),
        );
        fs::write(world.cache(), later).unwrap();
        assert_ne!(world.python(zone), token, "{zone}");
        assert_eq!(world.asked(), 2, "{zone}");
    }
}

#[test]
fn a_token_of_ours_survives_python_starting_with_other_credentials() {
    let world = World::new();
    let ours = world.ours("UTC");
    fs::remove_file(world.cache()).unwrap();
    let other = world.folder.path().join("other.json");
    fs::write(&other, world.carto.add_client("other", "secret")).unwrap();
    let theirs = python(&world.carto, "UTC", &other, &world.cache());
    assert_ne!(theirs, ours);
    assert_eq!(world.ours("UTC"), ours, "from the file of our own");
    assert_eq!(
        python(&world.carto, "UTC", &other, &world.cache()),
        theirs,
        "which we left alone"
    );
    assert_eq!(world.asked(), 2);
}

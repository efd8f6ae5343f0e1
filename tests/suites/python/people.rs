//! People who log in with Python and with us, at the default place and elsewhere: nobody is asked twice.

use std::time::Duration;

use carto_auth_sandbox::{Endpoint, Person, Sandbox};
use carto_auth_tests::{Clock, Dialogue};

use crate::peers::Place;
use crate::zones;

/// The Unix time of the tests: 2027-01-15T08:00:00Z.
const START: i64 = 1_800_000_000;
const HOUR: i64 = 3600;

/// Both peers, and the person that either of them may ask.
struct World {
    carto: Sandbox,
    clock: Clock,
    python: Dialogue,
    ours: Dialogue,
    // Its files go last.
    _home: tempfile::TempDir,
}

impl World {
    fn new(zone: &str) -> Self {
        let (carto, home) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
        carto.set_token_lifetime(Duration::from_secs(24 * 3600));
        let clock = Clock::new(home.path()).unwrap();
        let place = Place {
            sandbox: carto.url(),
            home: home.path(),
            zone,
            clock: &clock,
        };
        let (python, ours) = (place.python(), place.ours());
        let world = Self {
            carto,
            clock,
            python,
            ours,
            _home: home,
        };
        world.set_clock(START);
        world
    }

    fn set_clock(&self, at: i64) {
        self.carto.set_clock_ahead(self.clock.set(at).unwrap());
    }

    fn python(&mut self, words: &[&str]) -> Given {
        Given::by(&mut self.python, &self.carto, words)
    }

    fn ours(&mut self, words: &[&str]) -> Given {
        Given::by(&mut self.ours, &self.carto, words)
    }
}

/// The token that a peer gave, and whether the person had to log in for it.
#[derive(PartialEq, Eq, Debug)]
struct Given {
    token: String,
    after_login: bool,
}

impl Given {
    fn by(peer: &mut Dialogue, carto: &Sandbox, words: &[&str]) -> Self {
        let mut answer = peer.ask(words).unwrap();
        let url = answer.strip_prefix("prompt ").map(str::to_owned);
        if let Some(url) = &url {
            answer = peer
                .ask(&[&carto.log_in_at(url, Person::Accepts).unwrap()])
                .unwrap();
        }
        let (token, address) = answer.split_once(' ').unwrap();
        assert_eq!(address, carto.api_base_url(), "{answer}");
        Self {
            token: token.to_owned(),
            after_login: url.is_some(),
        }
    }

    /// The same token again, without a login.
    fn again(&self) -> Self {
        Self {
            token: self.token.clone(),
            after_login: false,
        }
    }
}

#[test]
fn whoever_logged_in_with_one_is_logged_in_with_the_other_until_the_token_ends() {
    for zone in [zones::MADRID, zones::LOS_ANGELES, zones::LORD_HOWE] {
        let mut world = World::new(zone.name);
        let first = world.python(&["oauth"]);
        assert!(first.after_login, "{}", zone.name);
        world.set_clock(START + 23 * HOUR);
        assert_eq!(world.ours(&["oauth"]), first.again(), "{}", zone.name);
        assert_eq!(world.python(&["oauth"]), first.again(), "{}", zone.name);

        world.set_clock(START + 24 * HOUR + 60);
        let second = world.ours(&["oauth"]);
        assert!(second.after_login, "{}", zone.name);
        world.set_clock(START + 47 * HOUR);
        assert_eq!(world.python(&["oauth"]), second.again(), "{}", zone.name);
        assert_eq!(world.ours(&["oauth"]), second.again(), "{}", zone.name);

        world.set_clock(START + 48 * HOUR + 120);
        assert!(world.python(&["oauth"]).after_login, "{}", zone.name);
    }
}

#[test]
fn two_organizations_take_turns_and_neither_gets_the_others_login_nor_loses_its_own() {
    let (acme, other) = ("org_sandboxacme", "org_sandboxother");
    let mut world = World::new(zones::NEW_YORK.name);
    world.carto.add_organization("other", other);
    let of_acme = world.ours(&["oauth_in", acme]);
    let of_other = world.ours(&["oauth_in", other]);
    assert!(of_acme.after_login && of_other.after_login);
    assert_ne!(of_acme.token, of_other.token);
    for _ in 0..2 {
        assert_eq!(world.ours(&["oauth_in", acme]), of_acme.again());
        assert_eq!(world.ours(&["oauth_in", other]), of_other.again());
        // Python's cache knows no organizations: the other one is given the login of acme, which we do not replace while it
        // lives.
        assert_eq!(world.python(&["oauth_in", acme]), of_acme.again());
        assert_eq!(world.python(&["oauth_in", other]), of_acme.again());
    }
    assert_eq!(world.carto.count(Endpoint::Token), 2);

    // The other way round: Python logs in first.
    let mut world = World::new(zones::NEW_YORK.name);
    world.carto.add_organization("other", other);
    let of_acme = world.python(&["oauth_in", acme]);
    assert_eq!(world.ours(&["oauth_in", acme]), of_acme.again());
    let of_other = world.ours(&["oauth_in", other]);
    assert!(of_other.after_login);
    assert_eq!(world.python(&["oauth_in", acme]), of_acme.again(), "not evicted");
    assert_eq!(world.ours(&["oauth_in", acme]), of_acme.again());
    assert_eq!(world.ours(&["oauth_in", other]), of_other.again());
}

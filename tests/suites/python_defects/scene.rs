//! A CARTO and a home in which the Python package and ours do the same.

use std::fs;
use std::path::PathBuf;
use std::thread;

use carto_auth_sandbox::{Endpoint, Person, Visited};
use carto_auth_tests::{Dialogue, python_scene, run, token_number};
use carto_auth_ureq::{AccessToken, CartoAuth, Endpoints, Error, M2mBuilder, OauthBuilder, credentials};
use tempfile::TempDir;

use crate::person::{Screen, Shown, World};

pub(crate) struct Scene {
    pub(crate) world: World,
    home: TempDir,
}

impl Scene {
    /// With the credentials files `a.json` and, of a client in another region, `b.json`.
    pub(crate) fn new() -> Self {
        let scene = Self {
            world: World::new(),
            home: tempfile::tempdir().unwrap(),
        };
        let carto = &scene.world.carto;
        fs::write(scene.path("a.json"), carto.add_client("a", "secret")).unwrap();
        let b = carto
            .add_client("b", "secret")
            .replace(&carto.api_base_url(), REGION_B);
        fs::write(scene.path("b.json"), b).unwrap();
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// What a program prints that uses the package.
    pub(crate) fn python(&self, program: &str) -> Vec<String> {
        let (url, port) = (self.world.carto.url(), self.world.port);
        let mut command = python_scene(&url, port, self.home.path(), program).unwrap();
        let outcome = run(&mut command, "").unwrap();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
        outcome.stdout.lines().map(str::to_owned).collect()
    }

    /// Such a program, to talk with.
    pub(crate) fn dialogue(&self, program: &str) -> Dialogue {
        let (url, port) = (self.world.carto.url(), self.world.port);
        Dialogue::start(&mut python_scene(&url, port, self.home.path(), program).unwrap()).unwrap()
    }

    /// The client of a credentials file, with `token.json` as its cache.
    pub(crate) fn machine(&self, file: &str) -> M2mBuilder {
        let endpoints = Endpoints::carto().with_auth_url(&self.world.carto.auth_url());
        CartoAuth::m2m(credentials::from_file(self.path(file)).unwrap())
            .endpoints(endpoints.unwrap())
            .cache_file(self.path("token.json"))
    }

    /// A person's login, with `token.json` as its cache.
    pub(crate) fn oauth(&self) -> OauthBuilder {
        CartoAuth::oauth()
            .endpoints(self.world.endpoints())
            .cache_file(self.path("token.json"))
    }

    /// Runs a login of ours, and the test's person beside it.
    pub(crate) fn log_in<T: Send>(
        &self,
        auth: &CartoAuth,
        act: impl FnOnce(&Screen) -> T + Send,
    ) -> (Result<AccessToken, Error>, T) {
        let (shown, screen) = Shown::watching();
        thread::scope(|scope| {
            let acting = scope.spawn(|| act(&screen));
            let outcome = auth.log_in(&self.world.options(&shown));
            (outcome, acting.join().unwrap())
        })
    }

    /// What the person's browser does with an address that the package or ours opens: it comes back.
    pub(crate) fn browse(&self, url: &str, person: Person) -> Visited {
        let mut agent = self.world.carto.user_agent();
        let callback = agent.log_in_at(url, person).unwrap();
        agent.visit(&callback).unwrap()
    }

    pub(crate) fn asked(&self, endpoint: Endpoint) -> usize {
        self.world.carto.count(endpoint)
    }
}

pub(crate) const REGION_B: &str = "https://gcp-europe-west1.api.carto.com";

/// The number of the token that is handed out.
pub(crate) fn number_of(auth: &CartoAuth) -> u64 {
    token_number(auth.access_token().unwrap().secret().expose())
}

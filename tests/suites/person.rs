//! A person for the login suites: shown an address, they do as the test says.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use carto_auth_sandbox::{Person, Sandbox, Visited};
use carto_auth_tests::{FreePort, free_port};

use crate::front_end::{
    Cancelled, CartoAuth, Endpoints, Ignored, LoginInteraction, LoginOptions, LoginPrompt, OauthBuilder, Way,
};

/// A CARTO and the redirect URI of a program that logs in to it.
pub(crate) struct World {
    pub(crate) carto: Sandbox,
    pub(crate) port: u16,
    _port: FreePort,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(Sandbox::start().unwrap())
    }

    pub(crate) fn of(carto: Sandbox) -> Self {
        let port = free_port();
        carto.register_redirect_uri(&format!("http://localhost:{port}/callback/"));
        Self {
            carto,
            port: port.number(),
            _port: port,
        }
    }

    pub(crate) fn endpoints(&self) -> Endpoints {
        Endpoints::carto()
            .with_auth_url(&self.carto.auth_url())
            .and_then(|endpoints| endpoints.with_accounts_url(&self.carto.accounts_url()))
            .and_then(|endpoints| endpoints.with_app_url(&self.carto.app_url()))
            .and_then(|endpoints| {
                endpoints.with_redirect_uri(&format!("http://localhost:{}/callback/", self.port))
            })
            .unwrap()
    }

    pub(crate) fn oauth(&self) -> OauthBuilder {
        CartoAuth::oauth().endpoints(self.endpoints()).without_cache()
    }

    /// Options for a login through the browser, shown to this person.
    pub(crate) fn options(&self, person: &Shown) -> LoginOptions {
        LoginOptions::default()
            .way(Way::Callback)
            .timeout(Duration::from_secs(20))
            .interaction(person.clone())
    }
}

/// A person who is shown an address, and hands it to the test.
#[derive(Clone)]
pub(crate) struct Shown(Arc<Inner>);

struct Inner {
    urls: Mutex<Sender<(String, Option<String>)>>,
    pastes: Option<Mutex<Receiver<String>>>,
    refused: Mutex<Vec<Ignored>>,
}

/// The test's end of it.
pub(crate) struct Screen {
    urls: Mutex<Receiver<(String, Option<String>)>>,
}

impl Shown {
    /// A person without a keyboard.
    pub(crate) fn watching() -> (Self, Screen) {
        Self::new(None)
    }

    /// A person who pastes what the test sends.
    pub(crate) fn typing() -> (Self, Screen, Sender<String>) {
        let (keyboard, pastes) = channel();
        let (shown, screen) = Self::new(Some(Mutex::new(pastes)));
        (shown, screen, keyboard)
    }

    fn new(pastes: Option<Mutex<Receiver<String>>>) -> (Self, Screen) {
        let (sender, urls) = channel();
        let inner = Inner {
            urls: Mutex::new(sender),
            pastes,
            refused: Mutex::default(),
        };
        (
            Self(Arc::new(inner)),
            Screen {
                urls: Mutex::new(urls),
            },
        )
    }

    pub(crate) fn refused_because(&self) -> Vec<Ignored> {
        self.0.refused.lock().unwrap().clone()
    }
}

impl Screen {
    /// The address, once it is shown.
    pub(crate) fn url(&self) -> String {
        self.shown().0
    }

    /// The address, and why no browser can come back.
    pub(crate) fn shown(&self) -> (String, Option<String>) {
        self.urls
            .lock()
            .unwrap()
            .recv_timeout(Duration::from_secs(20))
            .unwrap()
    }

    /// Logs in where the address leads, and goes where that leads.
    pub(crate) fn log_in(&self, world: &World, person: Person) -> Visited {
        let url = self.url();
        let mut agent = world.carto.user_agent();
        let callback = agent.log_in_at(&url, person).unwrap();
        agent.visit(&callback).unwrap()
    }
}

impl LoginInteraction for Shown {
    fn show(&self, prompt: &LoginPrompt<'_>) {
        let shown = (
            prompt.url.to_owned(),
            prompt.obstacle.map(|obstacle| obstacle.to_string()),
        );
        let _ = self.0.urls.lock().unwrap().send(shown);
    }

    fn can_paste(&self) -> bool {
        self.0.pastes.is_some()
    }

    fn read_pasted(&self, _: &Cancelled) -> Option<String> {
        self.0.pastes.as_ref()?.lock().unwrap().recv().ok()
    }

    fn refused(&self, why: Ignored) {
        self.0.refused.lock().unwrap().push(why);
    }
}

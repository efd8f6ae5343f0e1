//! Numbers 6 and 7: what a login asks for, and what comes to its listener.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use carto_auth_sandbox::{Endpoint, Person};
use carto_auth_ureq::Error;
use url::Url;

use crate::person::Shown;
use crate::scene::Scene;

/// Three whom nobody asked: a browser for its icon, a form, and a port scan.
pub(crate) const STRAYS: [&str; 3] = [
    "GET /favicon.ico HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
    "POST /callback/ HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 0\r\n\r\n",
    "",
];

impl Scene {
    /// Connects to the listener, says this, and gives the status of the answer, if there is one.
    pub(crate) fn say(&self, request: &str) -> Option<u16> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.world.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request = request.replace("PORT", &self.world.port.to_string());
        if request.is_empty() {
            return None;
        }
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer.split(' ').nth(1)?.parse().ok()
    }

    /// The parameters of the address that ours opens.
    fn our_parameter(&self, name: &str) -> Option<String> {
        let auth = self.world.oauth().build();
        let (outcome, url) = self.log_in(&auth, |screen| {
            let url = screen.url();
            self.browse(&url, Person::Accepts);
            url
        });
        assert!(outcome.is_ok(), "{outcome:?}");
        parameter(&url, name)
    }

    /// The codes that were exchanged, or tried to be.
    pub(crate) fn codes(&self) -> Vec<String> {
        let requests = self.world.carto.requests();
        let codes = requests.iter().filter_map(|request| request.field("code"));
        codes.map(str::to_owned).collect()
    }
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

const AUTHORIZE_URL: &str = "say(pkce.CartoPKCE().get_authorize_url())";

#[test]
fn defect_06_the_scope_is_not_the_word_none() {
    let scene = Scene::new();
    let python = scene.python(AUTHORIZE_URL);
    assert_eq!(parameter(&python[0], "scope").as_deref(), Some("None"));

    assert_eq!(scene.our_parameter("scope"), None);
}

#[test]
fn defect_06_a_login_has_a_state() {
    let scene = Scene::new();
    let python = scene.python(AUTHORIZE_URL);
    assert_eq!(parameter(&python[0], "state"), None);

    let [one, other] = [scene.our_parameter("state"), scene.our_parameter("state")].map(Option::unwrap);
    assert_eq!((one.len(), other.len()), (43, 43), "256 bits in base64url");
    assert!(one != other);
}

#[test]
fn defect_06_a_code_that_anybody_sends_is_not_accepted() {
    let attack = "GET /anything?code=ATTACKER HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n";
    let scene = Scene::new();
    let python = scene.dialogue("say(failure(CartoAuth.from_oauth))");
    let _url = python.rest_of("browser: ");
    assert_eq!(scene.say(attack), Some(200));
    let end = python.line();
    assert!(end.starts_with("HTTPError: 403 Client Error"), "{end}");
    assert_eq!(scene.codes(), ["ATTACKER"]);

    let scene = Scene::new();
    let auth = scene.world.oauth().build();
    let (outcome, ()) = scene.log_in(&auth, |screen| {
        let url = screen.url();
        assert_eq!(scene.say(attack), Some(404));
        assert_eq!(scene.say(&attack.replace("anything", "callback/")), Some(400));
        let state = attack
            .replace("anything", "callback/")
            .replace("ATTACKER", "ATTACKER&state=guess");
        assert_eq!(scene.say(&state), Some(400));
        scene.browse(&url, Person::Accepts);
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(scene.codes().len(), 1);
    assert!(scene.codes()[0] != "ATTACKER");
}

#[test]
fn defect_07_one_stray_request_does_not_end_a_login() {
    let scene = Scene::new();
    let mut python = scene.dialogue("for stray in range(3): say('ended by', failure(CartoAuth.from_oauth))");
    python.end_input();
    for stray in STRAYS {
        let _url = python.rest_of("browser: ");
        scene.say(stray);
        let lines: Vec<_> = (0..4).map(|_| python.line()).collect();
        assert_eq!(
            lines[3], "ended by EOFError: EOF when reading a line",
            "{stray:?}"
        );
    }
    assert_eq!(scene.asked(Endpoint::Token), 0);

    let auth = scene.world.oauth().build();
    let (outcome, statuses) = scene.log_in(&auth, |screen| {
        let url = screen.url();
        let statuses = STRAYS.map(|stray| scene.say(stray));
        scene.browse(&url, Person::Accepts);
        statuses
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(statuses, [Some(404), Some(405), None]);
}

#[test]
fn defect_07_an_idle_connection_does_not_hold_up_the_browser() {
    let scene = Scene::new();
    let connect = || TcpStream::connect(("127.0.0.1", scene.world.port)).unwrap();
    let mut python = scene.dialogue("say(failure(CartoAuth.from_oauth))");
    python.end_input();
    let url = python.rest_of("browser: ");
    let idle = connect();
    let callback = scene.world.carto.log_in_at(&url, Person::Accepts).unwrap();
    let target = callback.split_once(&format!(":{}", scene.world.port)).unwrap().1;
    let mut browser = connect();
    write!(browser, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    browser
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let held_up = browser.read(&mut [0]).unwrap_err();
    assert_eq!(held_up.kind(), ErrorKind::WouldBlock);
    drop(idle);
    let end = python.finish();
    assert_eq!(end.last().unwrap(), "EOFError: EOF when reading a line");
    assert_eq!(
        scene.asked(Endpoint::Token),
        0,
        "the person had logged in, in vain"
    );

    let auth = scene.world.oauth().build();
    let (outcome, took) = scene.log_in(&auth, |screen| {
        let url = screen.url();
        let (_idle, _another) = (connect(), connect());
        let start = Instant::now();
        scene.browse(&url, Person::Accepts);
        start.elapsed()
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn defect_07_a_login_does_not_wait_for_ever() {
    let scene = Scene::new();
    let python = scene.python(
        "
        from socketserver import BaseServer
        def wait(server):
            say('waits for a connection', server.timeout, 'and for its request', server.RequestHandlerClass.timeout)
            os._exit(0)
        BaseServer.handle_request = wait
        CartoAuth.from_oauth()
        ",
    );
    assert_eq!(python[1], "waits for a connection None and for its request None");

    let (shown, _screen) = Shown::watching();
    let limit = Duration::from_millis(50);
    let options = scene.world.options(&shown).timeout(limit);
    let error = scene.world.oauth().build().log_in(&options).unwrap_err();
    assert!(
        matches!(error, Error::LoginTimedOut(after) if after == limit),
        "{error}"
    );
    let _free = TcpListener::bind(("127.0.0.1", scene.world.port)).unwrap();
}

#[test]
fn defect_07_after_a_denial_the_port_is_free() {
    let scene = Scene::new();
    let bind = || TcpListener::bind(("127.0.0.1", scene.world.port));
    let python = scene.dialogue("CartoAuth.from_oauth()");
    scene.browse(&python.rest_of("browser: "), Person::Denies);
    let _prompt = [
        python.line(),
        python.line(),
        python.rest_of("Enter the Access code: "),
    ];
    assert_eq!(bind().unwrap_err().kind(), ErrorKind::AddrInUse);
    drop(python);

    let auth = scene.world.oauth().build();
    let (outcome, _) = scene.log_in(&auth, |screen| screen.log_in(&scene.world, Person::Denies));
    assert!(matches!(outcome, Err(Error::Denied(_))), "{outcome:?}");
    let _free = bind().unwrap();
}

//! Every flow of a front end, with secrets that are known: none of them shows in what a process prints, logs at any level,
//! panics with, gives its children or writes beside its cache.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use carto_auth_sandbox::{Endpoint, Fault, Person, RecordedRequest, Sandbox};
use carto_auth_tests::planted::{
    self, CLIENT_SECRET, PASSWORD, PROXY_PASSWORD_IN_A_URL, REFUSED_SECRET, REFUSED_SECRET_IN_A_FORM,
    WAREHOUSE_TOKEN,
};
use carto_auth_tests::{
    Canaries, Logbook, bare, end_token, free_port, keep_figures, run, scenario, token_files,
};

use crate::front_end::{CartoAuth, Error, LoginOptions, M2mCredentials, Way};
use crate::person::{Shown, World};
use crate::transport::panic_while_asking;

const TEST: &str = "suite::nothing_that_a_process_leaves_behind_holds_a_secret";
/// What the process of its own leaves for the test, beside what it shows of itself.
struct Ledger<'a> {
    folder: &'a Path,
    shown: String,
    secrets: Vec<(String, String)>,
}

impl Ledger<'_> {
    /// Shows an outcome in every way.
    fn show<T: std::fmt::Debug>(&mut self, what: &str, outcome: &Result<T, Error>) {
        self.shown += &format!("{what}: {outcome:?} {outcome:#?}\n");
        if let Err(error) = outcome {
            self.shown += &format!("{error} {} {:?}\n", error.hint(), error.oauth());
        }
    }

    fn secret(&mut self, name: &str, value: &str) {
        self.secrets.push((name.to_owned(), value.to_owned()));
    }
}

#[test]
fn nothing_that_a_process_leaves_behind_holds_a_secret() {
    let _scenario = scenario!();
    if let Some(folder) = env::var_os("CARTO_AUTH_LEDGER") {
        return be_the_process(Path::new(&folder));
    }
    let (home, ledger) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let browser = ledger.path().join("browser");
    let script =
        "#!/bin/sh\ncat /proc/$$/environ > $0.environ\ncat /proc/$$/cmdline > $0.new\nmv $0.new $0.cmdline\n";
    fs::write(&browser, script).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();

    let nowhere = free_port();
    let mut command = bare(env::current_exe().unwrap());
    command
        .args(["--exact", TEST, "--nocapture"])
        .env("HOME", home.path())
        .env("RUST_BACKTRACE", "full")
        .env("BROWSER", &browser)
        .env("CARTO_AUTH_LEDGER", ledger.path())
        .env("CARTO_CLIENT_SECRET", CLIENT_SECRET)
        .env(
            "HTTPS_PROXY",
            format!("http://me:{PROXY_PASSWORD_IN_A_URL}@127.0.0.1:{nowhere}"),
        );
    let outcome = run(command.current_dir(home.path()), "").unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("a resolver that panics"), "{outcome:?}");

    let read = |name: &str| fs::read(ledger.path().join(name)).unwrap();
    let mut canaries = Canaries::default();
    let secrets: Vec<(String, String)> = serde_json::from_slice(&read("secrets")).unwrap();
    for (name, secret) in &secrets {
        canaries.add(name, secret);
    }
    let expected = [
        "access token",
        "client secret",
        "code",
        "password",
        "proxy password",
        "refresh token",
        "state",
        "verifier",
        "warehouse token",
    ];
    assert_eq!(canaries.names(), expected);
    canaries.search("stdout", &outcome.stdout, &[]);
    canaries.search("stderr", &outcome.stderr, &[]);
    canaries.search("shown", read("shown"), &[]);
    canaries.search("log", read("log"), &[]);
    // The address is what a browser is for; that the proxy has a password is the person's own setting.
    canaries.search("the browser's arguments", read("browser.cmdline"), &["state"]);
    canaries.search(
        "the browser's environment",
        read("browser.environ"),
        &["proxy password"],
    );
    let cache = home.path().join("cache");
    let kept = |path: &Path| match path.starts_with(&cache) {
        true => vec!["access token", "refresh token"],
        false => Vec::new(),
    };
    canaries.search_folder(home.path(), &kept).unwrap();
    assert_eq!(canaries.hits(), []);
    assert!(
        fs::read_dir(&cache).unwrap().count() > 2,
        "there is something to search"
    );

    keep_figures("canaries", &canaries.counts(env!("CARGO_CRATE_NAME"))).unwrap();
    // What a client dumps itself shows that the search finds what is there; see SECURITY.md.
    let wire = read("wire");
    canaries.search("wire", &wire, &[]);
    assert_eq!(
        canaries.hits().is_empty(),
        wire.is_empty(),
        "{:?}",
        canaries.hits()
    );
}

fn be_the_process(folder: &Path) {
    let logbook = Logbook::open();
    let mut ledger = Ledger {
        folder,
        shown: String::new(),
        secrets: Vec::new(),
    };
    let carto = Sandbox::builder()
        .client("the-machine", CLIENT_SECRET)
        .person("ana@acme.test", PASSWORD)
        .start()
        .unwrap();
    carto.warehouse_token_text(Some(WAREHOUSE_TOKEN.to_owned()));
    let world = World::of(carto);
    machine(&world, &mut ledger);
    person(&world, &mut ledger);
    beyond(&mut ledger);
    world
        .carto
        .requests()
        .iter()
        .for_each(|request| note_secrets(request, &mut ledger));
    for (name, value) in planted::ALL {
        ledger.secret(name, value);
    }
    let write = |name: &str, text: &str| fs::write(ledger.folder.join(name), text).unwrap();
    write("secrets", &serde_json::to_string(&ledger.secrets).unwrap());
    write("shown", &ledger.shown);
    write("log", &logbook.text());
    write("wire", &logbook.wire());
}

fn note_secrets(request: &RecordedRequest, ledger: &mut Ledger<'_>) {
    let mut canaries = Canaries::default();
    canaries.add_request(
        &request.form,
        request.headers.get("authorization").map(String::as_str),
    );
    canaries.add_request(&request.query, None);
    ledger.secrets.extend(canaries.into_secrets());
}

fn m2m(world: &World, secret: &str) -> CartoAuth {
    let machine = M2mCredentials::new(&world.carto.api_base_url(), "the-machine", secret).unwrap();
    let builder = CartoAuth::m2m(machine).endpoints(world.endpoints());
    builder.cache_file("cache/machine.json").build()
}

fn machine(world: &World, ledger: &mut Ledger<'_>) {
    let carto = &world.carto;
    let auth = m2m(world, CLIENT_SECRET);
    let token = auth.access_token();
    ledger.secret("access token", token.as_ref().unwrap().secret().expose());
    ledger.show("machine", &token);
    let token = auth.new_token();
    ledger.secret("access token", token.as_ref().unwrap().secret().expose());
    ledger.show("new token", &token);
    ledger.show("warehouse", &auth.carto_dw_credentials());
    // What was sent comes back, where it would be shown; after a 401 another token has been sent.
    let sent = token.as_ref().unwrap().secret().expose().to_owned();
    for status in [403, 404, 500, 401] {
        let words = format!(r#"{{"error":"you sent {sent}","hint":"{sent}"}}"#);
        let answer = Fault::status(status).with_body("application/json", words);
        carto.fail_next(Endpoint::Warehouse, answer);
        ledger.show("warehouse refused", &auth.new_carto_dw_credentials());
    }
    let other =
        CartoAuth::m2m(M2mCredentials::new(&carto.api_base_url(), "the-machine", REFUSED_SECRET).unwrap());
    let refused = other.endpoints(world.endpoints()).without_cache().build();
    ledger.show("refused", &refused.access_token());
    for secret in [REFUSED_SECRET, REFUSED_SECRET_IN_A_FORM] {
        let words = format!(r#"{{"error":"{secret}","error_description":"you sent {secret}"}}"#);
        carto.fail_next(
            Endpoint::Token,
            Fault::status(400).with_body("application/json", words),
        );
        ledger.show("sent back", &refused.access_token());
        let page = format!("<html>{secret}</html>");
        carto.fail_next(Endpoint::Token, Fault::status(200).with_body("text/html", page));
        ledger.show("a page", &refused.access_token());
        let strange = Fault::status(200).with_body("application/json", format!(r#"{{"{secret}":1}}"#));
        carto.fail_next(Endpoint::Token, strange.with_header("x-request-id", secret));
        ledger.show("a key", &refused.access_token());
    }
    ledger.show("log out", &auth.log_out());
}

fn options(world: &World, person: &Shown, way: Way) -> LoginOptions {
    world.options(person).way(way).scope("offline_access")
}

fn person(world: &World, ledger: &mut Ledger<'_>) {
    let builder = || CartoAuth::oauth().endpoints(world.endpoints());
    let auth = builder().cache_file("cache/person.json").build();
    for (way, person) in [
        (Way::Browser, Person::Denies),
        (Way::Browser, Person::Accepts),
        (Way::Callback, Person::Accepts),
    ] {
        let (shown, screen) = Shown::watching();
        let token = thread::scope(|scope| {
            scope.spawn(|| screen.log_in(world, person));
            auth.log_in(&options(world, &shown, way))
        });
        ledger.show("login", &token);
        if let Ok(token) = &token {
            ledger.secret("access token", token.secret().expose());
            ledger.show("verify", &auth.verify(token));
        }
        ledger.show("api base URL", &auth.api_base_url());
    }
    wait_for(&ledger.folder.join("browser.cmdline"));
    for is_refused in [true, false] {
        if is_refused {
            let answer = Fault::status(403).with_body("application/json", r#"{"error":"invalid_grant"}"#);
            world.carto.fail_next(Endpoint::Token, answer);
        }
        let (shown, screen, keyboard) = Shown::typing();
        let token = thread::scope(|scope| {
            scope.spawn(|| {
                let address = world.carto.log_in_at(&screen.url(), Person::Accepts).unwrap();
                for text in ["two words", &address.replace("state=", "state=x"), &address] {
                    keyboard.send(text.to_owned()).unwrap();
                }
            });
            auth.log_in(&options(world, &shown, Way::Paste("the test says so")))
        });
        ledger.show("paste", &token);
        assert_eq!(token.is_err(), is_refused, "{token:?}");
    }
    refresh(world, ledger, &|| {
        builder().cache_file("cache/person.json").build()
    });
    ledger.show("warehouse", &auth.carto_dw_credentials());
}

/// Lets the kept token end, and has it renewed: refused by a server in trouble, then granted.
fn refresh(world: &World, ledger: &mut Ledger<'_>, open: &dyn Fn() -> CartoAuth) {
    for fault in [Some(Fault::status(500)), None] {
        for path in token_files("cache") {
            let kept: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            if let Some(token) = kept["refresh_token"].as_str() {
                ledger.secret("refresh token", token);
            }
            end_token(path).unwrap();
        }
        if let Some(fault) = fault {
            world.carto.fail_next(Endpoint::Token, fault);
        }
        ledger.show("refresh", &open().access_token());
    }
    let refreshed = world.carto.requests();
    let refreshed = refreshed
        .iter()
        .filter(|request| request.field("refresh_token").is_some());
    assert_eq!(refreshed.count(), 2);
}

/// What leaves the machine: through a proxy that is not there, and into a transport that panics.
fn beyond(ledger: &mut Ledger<'_>) {
    let endpoints = carto_auth_core::Endpoints::carto()
        .with_auth_url("https://auth.example")
        .unwrap();
    let machine = || M2mCredentials::new("https://api.carto.com", "the-machine", CLIENT_SECRET).unwrap();
    let auth = CartoAuth::m2m(machine())
        .endpoints(endpoints.clone())
        .without_cache()
        .build();
    ledger.show("through the proxy", &auth.access_token());
    panic_while_asking(machine(), endpoints);
}

fn wait_for(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "{}", path.display());
        thread::yield_now();
    }
}

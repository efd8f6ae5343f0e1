//! `carto-auth login` with a real browser.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "cli/world.rs"]
#[expect(dead_code, reason = "the other suites need more of it")]
mod world;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use carto_auth_sandbox::Endpoint;
use carto_auth_tests::{Chromium, Terminal};

use world::World;

fn login(world: &World) -> Terminal {
    // The test's browser is opened by the test.
    Terminal::start(world.command(&["login", "--browser"]).env("BROWSER", "true")).unwrap()
}

fn url_in(text: &str) -> String {
    text.lines()
        .find(|line| line.contains("/authorize?"))
        .unwrap()
        .to_owned()
}

fn give_password(browser: &Chromium, world: &World, password: &str) {
    browser
        .fill_in("input[name=email]", &world.carto.email())
        .unwrap();
    browser.fill_in("input[name=password]", password).unwrap();
    browser.click("#log-in").unwrap();
}

/// One test, because a browser takes a second to start and its session is part of the story.
#[test]
fn a_person_logs_in_with_chromium() {
    let (world, browser) = (World::new(), Chromium::start().unwrap());
    let artefacts = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut timings = String::new();

    // A wrong password, then the right one, with strangers at the callback meanwhile.
    let start = Instant::now();
    let terminal = login(&world);
    let url = url_in(&terminal.wait_for("paste that page's address here:"));
    browser
        .open(&format!("http://localhost:{}/", world.port))
        .unwrap();
    assert_eq!(
        browser.title().unwrap(),
        "Nothing here",
        "and the browser has asked for a favicon, too"
    );
    browser.open(&url).unwrap();
    give_password(&browser, &world, "wrong");
    assert_eq!(browser.text("#problem").unwrap(), "Wrong email or password");
    give_password(&browser, &world, &world.carto.password());
    browser.click("#accept").unwrap();
    let outcome = terminal.finish().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        outcome
            .stderr
            .contains("Logged in as ana@acme.test (ac_sandbox) for 24h"),
        "{outcome:?}"
    );
    assert_eq!(browser.text("h1").unwrap(), "Logged in");
    assert_eq!(
        browser.address().unwrap(),
        format!("{}/auth/success", world.carto.url()),
        "no code stays behind"
    );
    browser.screenshot(&artefacts.join("login_success.png")).unwrap();
    let _ = writeln!(
        timings,
        "success after a wrong password: {:?}, address bar {}",
        start.elapsed(),
        browser.address().unwrap()
    );

    // The person is known, and refuses.
    let start = Instant::now();
    assert_eq!(world.run(&["logout"]).code, Some(0));
    let terminal = login(&world);
    browser
        .open(&url_in(&terminal.wait_for("paste that page's address here:")))
        .unwrap();
    browser.click("#deny").unwrap();
    let outcome = terminal.finish().unwrap();
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("access_denied"), "{outcome:?}");
    assert_eq!(browser.text("h1").unwrap(), "Not logged in");
    browser.screenshot(&artefacts.join("login_denied.png")).unwrap();
    let _ = writeln!(timings, "denial: {:?}", start.elapsed());

    // A second login while the first one waits: it takes a code instead, and the first goes on.
    let start = Instant::now();
    let first = login(&world);
    let first_url = url_in(&first.wait_for("paste that page's address here:"));
    let mut second = login(&world);
    let text = second.wait_for("paste the code that it shows here");
    assert!(
        text.contains(&format!("port {} of this machine is taken", world.port)),
        "{text}"
    );
    browser.open(&url_in(&text)).unwrap();
    browser.click("#accept").unwrap();
    second.type_line(&browser.text("#code").unwrap()).unwrap();
    let outcome = second.finish().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    browser.new_window().unwrap();
    browser.open(&first_url).unwrap();
    browser.click("#accept").unwrap();
    let outcome = first.finish().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(
        browser.address().unwrap(),
        format!("{}/auth/success", world.carto.url())
    );
    let _ = writeln!(timings, "two at once: {:?}", start.elapsed());

    assert_eq!(world.carto.count(Endpoint::Token), 3);
    fs::write(artefacts.join("browser.txt"), timings).unwrap();
}

//! The callback listener among strangers: raw bytes, floods, stalled connections, and then the real browser.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "person.rs"]
#[expect(dead_code, reason = "this suite has no keyboard")]
mod person;

mod front_end {
    pub(crate) use carto_auth_ureq::*;
}

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use carto_auth_sandbox::{Endpoint, Person};
use carto_auth_tests::{keep_figures, passes_alone};

use person::{Shown, World};

/// Starts a login, lets the test do what it wants to the listener, and expects the login to end well.
fn during_a_login<T: Send>(world: &World, act: impl FnOnce(&str) -> T + Send) -> T {
    let (shown, screen) = Shown::watching();
    let auth = world.oauth().build();
    thread::scope(|scope| {
        let act = scope.spawn(|| act(&screen.url()));
        let outcome = auth.log_in(&world.options(&shown));
        let result = act.join().unwrap();
        assert!(outcome.is_ok(), "{outcome:?}");
        result
    })
}

/// The address that the browser is sent back to.
fn callback_of(world: &World, url: &str) -> String {
    world.carto.log_in_at(url, Person::Accepts).unwrap()
}

fn come_back(world: &World, callback: &str) {
    let visited = world.carto.user_agent().visit(callback).unwrap();
    assert_eq!(visited.address, format!("{}/auth/success", world.carto.url()));
}

/// Sends bytes over a connection of their own and gives the answer; empty when the listener just hangs up.
fn answer(host: &str, port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect((host, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // A listener that has heard enough hangs up before all is said.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// What strangers send, and the status they get. `PORT` stands for the listener's.
const STRANGERS: [(&str, &str); 24] = [
    ("GET /favicon.ico HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    ("GET / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    (
        "GET /callback?code=c&state=s HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "404",
    ),
    (
        "GET /anything?code=ATTACKER HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "404",
    ),
    (
        "POST /callback/?code=c&state=s HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 3\r\n\r\na=b",
        "405",
    ),
    (
        "HEAD /callback/?code=c HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "405",
    ),
    (
        "GET /callback/?code=ATTACKER HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "400",
    ),
    (
        "GET /callback/?code=ATTACKER&state=guess HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "400",
    ),
    (
        "GET /callback/?error=access_denied HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "400",
    ),
    (
        "GET /callback/?error=access_denied&state=guess HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "400",
    ),
    (
        "GET /callback/?code=a&code=b&state=guess HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "400",
    ),
    ("GET /callback/ HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    (
        "GET /callback/?code=c HTTP/1.1\r\nHost: evil.example:PORT\r\n\r\n",
        "421",
    ),
    ("GET /callback/?code=c HTTP/1.1\r\nHost: localhost\r\n\r\n", "421"),
    ("GET /callback/?code=c HTTP/1.1\r\n\r\n", "400"),
    (
        "GET /callback/?code=c HTTP/1.1\r\nHost: localhost:PORT\r\nHost: localhost:PORT\r\n\r\n",
        "400",
    ),
    (
        "GET /callback/?code=c HTTP/1.1\r\nHost: localhost:PORT\r\nOrigin: https://evil.example\r\n\r\n",
        "400",
    ),
    (
        "GET /callback/?code=c HTTP/1.1\r\nHost: localhost:PORT\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n\r\n",
        "400",
    ),
    (
        "GET /callback/?code=c HTTP/1.1\r\nHost: localhost:PORT\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n\r\n",
        "400",
    ),
    (
        "GET /callback/?code=c HTTP/1.1\r\nHost: localhost:PORT\r\nSec-Purpose: prefetch;prerender\r\n\r\n",
        "400",
    ),
    ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}", "400"),
    ("SSH-2.0-OpenSSH_9.9\r\n", "400"),
    (
        "GET /callback/?code=<script>alert(1)</script>&state=x HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "400",
    ),
    ("\r\n\r\n\0\0\0\0", "400"),
];

fn strangers(port: u16) -> Vec<(Vec<u8>, &'static str)> {
    let port = port.to_string();
    let mut all: Vec<_> = STRANGERS
        .iter()
        .map(|(bytes, status)| (bytes.replace("PORT", &port).into_bytes(), *status))
        .collect();
    all.push((
        format!("GET /{} HTTP/1.1\r\n", "x".repeat(9000)).into_bytes(),
        "431",
    ));
    let headers = "x: y\r\n".repeat(101);
    all.push((
        format!("GET /callback/ HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n").into_bytes(),
        "431",
    ));
    let endless = format!("GET /callback/ HTTP/1.1\r\nx: {}", "y".repeat(20_000));
    all.push((endless.into_bytes(), "431"));
    all
}

#[test]
fn every_stranger_gets_an_answer_and_the_login_goes_on() {
    let world = World::new();
    during_a_login(&world, |url| {
        for (bytes, expected) in strangers(world.port) {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
            let answer = answer("127.0.0.1", world.port, &bytes);
            assert_eq!(status(&answer), expected, "{shown:?}: {answer}");
            for header in [
                "cache-control: no-store",
                "referrer-policy: no-referrer",
                "content-security-policy: default-src 'none'",
                "connection: close",
            ] {
                assert!(answer.contains(header), "{shown:?}: {header}");
            }
            for reflected in ["ATTACKER", "guess", "<script>", "evil.example"] {
                assert!(!answer.contains(reflected), "{shown:?}: {reflected}");
            }
        }
        come_back(&world, &callback_of(&world, url));
    });
    assert_eq!(world.carto.count(Endpoint::Token), 1);
}

#[test]
fn what_the_fuzzer_knows_gets_an_answer_or_nothing_and_the_login_goes_on() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/listener");
    let seeds = fs::read_dir(corpus).unwrap();
    let seeds: Vec<Vec<u8>> = seeds
        .map(|seed| fs::read(seed.unwrap().path()).unwrap())
        .collect();
    let world = World::new();
    let sent = during_a_login(&world, |url| {
        let mut sent = 0;
        for seed in &seeds {
            let pieces = (1..=8).map(|eighths| &seed[..seed.len() * eighths / 8]);
            for bytes in pieces {
                let mut stream = TcpStream::connect(("127.0.0.1", world.port)).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                let _ = stream.write_all(bytes);
                let _ = stream.shutdown(Shutdown::Write);
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer);
                let is_refusal = answer.starts_with(b"HTTP/1.1 4");
                assert!(answer.is_empty() || is_refusal, "{}", bytes.escape_ascii());
                sent += 1;
            }
        }
        come_back(&world, &callback_of(&world, url));
        sent
    });
    assert_eq!(world.carto.count(Endpoint::Token), 1);
    let name = "requests from the fuzz corpus during a login, which then completes";
    keep_figures("callback", &[(name, sent)]).unwrap();
}

/// Resident memory in KiB and open descriptors of this process.
fn footprint() -> (u64, usize) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok());
    (
        resident.unwrap_or(0),
        fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
    )
}

/// Runs a test again in a process of its own, where memory and descriptors can be counted; true in there.
fn is_alone(test: &str) -> bool {
    if std::env::var_os("CARTO_AUTH_TEST_ALONE").is_some() {
        return true;
    }
    assert!(passes_alone(test, &[("CARTO_AUTH_TEST_ALONE", "1")]).unwrap());
    false
}

#[test]
fn ten_thousand_hostile_requests_do_not_end_a_login() {
    if !is_alone("ten_thousand_hostile_requests_do_not_end_a_login") {
        return;
    }
    let world = World::new();
    // The first of each kind warm up what grows once.
    let (before, after, took) = during_a_login(&world, |url| {
        let hostile = strangers(world.port);
        for (bytes, _) in &hostile {
            answer("127.0.0.1", world.port, bytes);
        }
        let before = footprint();
        let start = Instant::now();
        let sent = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let turn = sent.fetch_add(1, Ordering::Relaxed);
                        if turn >= 10_000 {
                            return;
                        }
                        let (bytes, _) = &hostile[turn % hostile.len()];
                        answer(
                            if turn.is_multiple_of(2) {
                                "127.0.0.1"
                            } else {
                                "::1"
                            },
                            world.port,
                            bytes,
                        );
                    }
                });
            }
        });
        let took = start.elapsed();
        let after = footprint();
        come_back(&world, &callback_of(&world, url));
        (before, after, took)
    });
    let figures = format!("{took:?}; KiB and descriptors before {before:?}, after {after:?}");
    keep_figures(
        "callback",
        &[(
            "10,000 hostile requests during a login, which then completes",
            &figures,
        )],
    )
    .unwrap();
    assert_eq!(world.carto.count(Endpoint::Token), 1);
    assert!(after.0 < before.0 + 4096, "{figures}");
    assert!(after.1 <= before.1 + 16, "{figures}");
}

#[test]
fn five_hundred_stalled_connections_do_not_hold_up_the_browser() {
    if !is_alone("five_hundred_stalled_connections_do_not_hold_up_the_browser") {
        return;
    }
    let answered = |world: &World, strangers: usize| {
        during_a_login(world, |url| {
            let callback = callback_of(world, url);
            let before = footprint();
            let stalled: Vec<TcpStream> = (0..strangers)
                .map(|turn| {
                    let mut stream = TcpStream::connect(("127.0.0.1", world.port)).unwrap();
                    if turn % 2 == 0 {
                        stream.write_all(b"GET /callback/?code=").unwrap();
                    }
                    stream
                })
                .collect();
            let start = Instant::now();
            come_back(world, &callback);
            let took = start.elapsed();
            let grown = footprint().0.saturating_sub(before.0);
            drop(stalled);
            (took, grown)
        })
    };
    let (undisturbed, _) = answered(&World::new(), 0);
    let (took, grown) = answered(&World::new(), 500);
    let figures = format!("{took:.1?} instead of {undisturbed:.1?}, {grown} KiB");
    keep_figures(
        "callback",
        &[(
            "until the browser is answered, 500 stalled connections before it",
            &figures,
        )],
    )
    .unwrap();
    assert!(took < Duration::from_secs(1), "{figures}");
    assert!(grown < 2048, "{figures}");
}

#[test]
fn a_head_that_is_never_finished_is_given_up_after_five_seconds() {
    let world = World::new();
    during_a_login(&world, |url| {
        let start = Instant::now();
        assert_eq!(
            answer("127.0.0.1", world.port, b"GET /callback/ HTTP/1.1\r\n"),
            ""
        );
        let took = start.elapsed();
        assert!(
            (Duration::from_secs(4)..Duration::from_secs(10)).contains(&took),
            "{took:?}"
        );
        come_back(&world, &callback_of(&world, url));
    });
}

#[test]
fn the_same_callback_twice_is_one_token_request_and_both_see_the_end() {
    let world = World::new();
    world.carto.fail_next(
        Endpoint::Token,
        carto_auth_sandbox::Fault::delay(Duration::from_millis(300)),
    );
    during_a_login(&world, |url| {
        let callback = callback_of(&world, url);
        let target = callback.split_once(&format!(":{}", world.port)).unwrap().1;
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", world.port);
        thread::scope(|scope| {
            let twice: Vec<_> = ["127.0.0.1", "::1"]
                .map(|host| scope.spawn(|| answer(host, world.port, request.as_bytes())))
                .into_iter()
                .collect();
            for answered in twice {
                let answered = answered.join().unwrap();
                assert_eq!(status(&answered), "303", "{answered}");
                assert!(
                    answered.contains(&format!("location: {}/auth/success\r\n", world.carto.url())),
                    "{answered}"
                );
                assert!(!answered.contains("code="), "{answered}");
            }
        });
    });
    assert_eq!(world.carto.count(Endpoint::Token), 1);
}

#[test]
fn a_callback_in_pieces_is_a_callback() {
    let world = World::new();
    during_a_login(&world, |url| {
        let callback = callback_of(&world, url);
        let target = callback.split_once(&format!(":{}", world.port)).unwrap().1;
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", world.port);
        let mut stream = TcpStream::connect(("::1", world.port)).unwrap();
        stream.set_nodelay(true).unwrap();
        for piece in request.as_bytes().chunks(7) {
            stream.write_all(piece).unwrap();
        }
        let mut answered = String::new();
        stream.read_to_string(&mut answered).unwrap();
        assert_eq!(status(&answered), "303", "{answered}");
    });
}

#[test]
fn a_browser_that_goes_away_before_the_end_harms_nothing() {
    let world = World::new();
    during_a_login(&world, |url| {
        let callback = callback_of(&world, url);
        let target = callback.split_once(&format!(":{}", world.port)).unwrap().1;
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", world.port);
        let mut stream = TcpStream::connect(("127.0.0.1", world.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
    });
    assert_eq!(world.carto.count(Endpoint::Token), 1);
}

#[test]
fn a_flood_of_connections_holds_up_neither_the_browser_nor_the_end() {
    let world = World::new();
    let flooding = AtomicBool::new(true);
    let took = thread::scope(|scope| {
        let took = during_a_login(&world, |url| {
            let callback = callback_of(&world, url);
            for _ in 0..8 {
                scope.spawn(|| {
                    while flooding.load(Ordering::Relaxed) {
                        // Until the listener is gone.
                        if TcpStream::connect(("127.0.0.1", world.port)).is_err() {
                            return;
                        }
                    }
                });
            }
            let start = Instant::now();
            come_back(&world, &callback);
            start.elapsed()
        });
        flooding.store(false, Ordering::Relaxed);
        took
    });
    assert!(took < Duration::from_secs(2), "{took:?}");
}

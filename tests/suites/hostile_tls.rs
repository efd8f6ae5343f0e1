//! Hostile certificates and proxies, for every transport that has TLS. What they trust and go through is in the environment
//! of a process of its own.

use std::env;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carto_auth_tests::planted::{PROXY_PASSWORD, PROXY_PASSWORD_IN_A_URL};
use carto_auth_tests::{
    Asked, Canaries, Certificates, Flaw, Logbook, Reply, Scripted, Tunnel, at_once, free_port, http,
    keep_figures, note, passes_alone, scenario,
};

use super::hostile::{SECRETS, outcome};

fn keep(what: &str, count: usize) {
    let name = format!("{}: {what}", env!("CARGO_CRATE_NAME"));
    keep_figures("hostile_replies", &[(name, count)]).unwrap();
}

/// How the hint begins that goes with each of these.
const HINTS: [(&str, &str); 7] = [
    ("Expired", "check this machine's clock;"),
    ("NotYetValid", "check this machine's clock;"),
    ("WrongName", "check the address; a captive portal"),
    ("SelfSigned", "if a company proxy signs"),
    ("UnknownCa", "if a company proxy signs"),
    ("plain HTTP", "check the address and its port;"),
    ("another protocol", "check the address and its port;"),
];

#[test]
fn a_server_with_a_bad_certificate_or_none_gets_no_byte_of_a_request() {
    let _scenario = scenario!();
    if let Ok(servers) = env::var("CARTO_AUTH_SERVERS") {
        for (name, port) in servers.lines().filter_map(|line| line.split_once('=')) {
            let url = format!("https://localhost:{port}");
            let asked = outcome(Asked::Machine, &url, None);
            if let Some((_, begin)) = HINTS.iter().find(|(flaw, _)| *flaw == name) {
                let hint = asked.as_ref().unwrap_err().hint();
                assert!(hint.starts_with(begin), "{name}: {hint}");
            }
            let words = asked.map_or_else(|error| error.to_string(), |_| "granted".to_owned());
            // The time of day comes after it.
            let words = words.split(": verification time").next().unwrap();
            note(format_args!("{name}: {words}"));
        }
        return;
    }
    let good = Certificates::generate().unwrap();
    let other = Scripted::http(vec![http(200, &[], &Asked::Machine.good(""))]).unwrap();
    let granted = || vec![http(200, &[], &Asked::Machine.good(""))];
    let mut pem = good.ca_pem.clone();
    let mut flawed = Vec::new();
    for flaw in Flaw::ALL {
        let certificates = Certificates::with_flaw(flaw).unwrap();
        pem.push_str(&certificates.ca_pem);
        flawed.push((flaw, Scripted::https(granted(), certificates.server).unwrap()));
    }
    let moved = http(302, &[("location", &format!("{}/oauth/token", other.url()))], "");
    let trusted = Scripted::https(granted(), Arc::clone(&good.server)).unwrap();
    let leaving = Scripted::https(vec![moved], Arc::clone(&good.server)).unwrap();
    let plain: Vec<(&str, Scripted)> = [
        ("plain HTTP", http(400, &[], "no TLS here")),
        ("a close", Reply::Bytes(Vec::new())),
        (
            "another protocol",
            Reply::Bytes(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        ),
        (
            "a TLS alert",
            Reply::Bytes(b"\x15\x03\x03\x00\x02\x02\x28".to_vec()),
        ),
        (
            "half a TLS record",
            Reply::Bytes(b"\x16\x03\x03\x40\x00\x02\x00".to_vec()),
        ),
        (
            "an endless TLS record",
            Reply::Endless(b"\x16\x03\x03".to_vec(), vec![0x16], 64 << 20),
        ),
    ]
    .into_iter()
    .map(|(name, reply)| (name, Scripted::http(vec![reply]).unwrap()))
    .collect();

    let mut servers = format!("trusted={}\nleaving={}\n", trusted.port(), leaving.port());
    for (flaw, server) in &flawed {
        servers += &format!("{flaw:?}={}\n", server.port());
    }
    for (name, server) in &plain {
        servers += &format!("{name}={}\n", server.port());
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), pem).unwrap();
    let test = "hostile_tls::a_server_with_a_bad_certificate_or_none_gets_no_byte_of_a_request";
    let variables = [
        ("SSL_CERT_FILE", file.path().to_str().unwrap()),
        ("CARTO_AUTH_SERVERS", &servers),
    ];
    assert!(passes_alone(test, &variables).unwrap());

    assert_eq!((trusted.requests().len(), leaving.requests().len()), (1, 1));
    assert!(
        trusted.requests()[0].contains(SECRETS[0]),
        "it is seen where it belongs"
    );
    for (flaw, server) in &flawed {
        assert_eq!(
            (server.connections(), server.requests().len()),
            (1, 0),
            "{flaw:?}"
        );
    }
    for (name, server) in &plain {
        assert!(server.connections() > 0, "{name}");
        assert!(
            server
                .requests()
                .iter()
                .all(|request| !request.contains(SECRETS[0])),
            "{name}"
        );
    }
    assert_eq!(other.connections(), 0, "https is not left for http");
    keep("TLS", flawed.len() + plain.len() + 1);
}

/// What the process of its own has seen, in files of this folder.
struct Seen {
    outcome: String,
    canaries: Canaries,
}

/// Asks `https://auth.example` in a process of its own, with these variables.
fn ask_alone(variables: &[(&str, &str)]) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let test = "hostile_tls::a_hostile_proxy_gets_no_secret_and_its_password_is_not_shown";
    let variables = [variables, &[("CARTO_AUTH_SEEN", path)]].concat();
    assert!(passes_alone(test, &variables).unwrap());
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let mut canaries = Canaries::default();
    canaries.add("the proxy's password", PROXY_PASSWORD);
    canaries.add("the client secret", SECRETS[0]);
    for output in ["outcome", "shown", "log"] {
        canaries.search(output, read(output), &[]);
    }
    Seen {
        outcome: read("outcome"),
        canaries,
    }
}

fn be_alone(folder: &Path) {
    let logbook = Logbook::open();
    let host = env::var("CARTO_AUTH_HOST").unwrap_or_else(|_| "auth.example".to_owned());
    let outcome = outcome(Asked::Machine, &format!("https://{host}"), None);
    let words = outcome
        .as_ref()
        .map_or_else(ToString::to_string, |_| "granted".to_owned());
    let hint = outcome.as_ref().err().map(carto_auth_core::Error::hint);
    for (name, text) in [
        ("outcome", words),
        ("shown", format!("{outcome:?} {outcome:#?} {hint:?}")),
        ("log", logbook.text()),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn a_hostile_proxy_gets_no_secret_and_its_password_is_not_shown() {
    let _scenario = scenario!();
    if let Some(folder) = env::var_os("CARTO_AUTH_SEEN") {
        return be_alone(Path::new(&folder));
    }
    let other = Scripted::http(vec![http(200, &[], "{}")]).unwrap();
    let raw = |text: &str| Reply::Bytes(text.as_bytes().to_vec());
    // What can be read is worded alike; whose fault an unreadable answer is, ureq does not tell.
    let (alike, unlike) = (true, false);
    let proxies = [
        (
            alike,
            "407",
            http(407, &[("proxy-authenticate", "Basic realm=\"x\"")], "no"),
        ),
        (alike, "407 without a word", raw("HTTP/1.1 407\r\n\r\n")),
        (
            unlike,
            "407 with an escape",
            http(407, &[("proxy-authenticate", "Basic realm=\"\u{1b}x\"")], "no"),
        ),
        (alike, "403", http(403, &[], "<html>canary</html>")),
        (alike, "502", http(502, &[], "")),
        (alike, "a redirect", http(302, &[("location", &other.url())], "")),
        (unlike, "another protocol", raw("SSH-2.0-OpenSSH_9.9\r\n")),
        (alike, "half a head", raw("HTTP/1.1 200 OK\r\nx: ")),
        (alike, "a close", raw("")),
        (alike, "200 and a close", raw("HTTP/1.1 200 OK\r\n\r\n")),
        (
            unlike,
            "200 and no TLS",
            raw("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}"),
        ),
        (
            unlike,
            "endless headers",
            Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".to_vec(), 64 << 20),
        ),
        (
            unlike,
            "an endless line",
            Reply::Endless(Vec::new(), b"x".to_vec(), 64 << 20),
        ),
    ];
    let outcomes = at_once(6, &proxies, |(is_alike, name, reply)| {
        let proxy = Scripted::http(vec![reply.clone()]).unwrap();
        let url = format!("http://me:{PROXY_PASSWORD_IN_A_URL}@127.0.0.1:{}", proxy.port());
        let start = Instant::now();
        let seen = ask_alone(&[("HTTPS_PROXY", &url), ("HTTP_PROXY", &url)]);
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{name}: {:?}",
            start.elapsed()
        );
        assert_eq!(seen.canaries.hits(), [], "{name}");
        let requests = proxy.requests();
        assert!(!requests.is_empty(), "{name}");
        for request in requests {
            assert!(
                request.starts_with("CONNECT auth.example:443 HTTP/1.1\r\n"),
                "{name}: {request}"
            );
            assert!(!request.contains(SECRETS[0]), "{name}");
        }
        assert!(proxy.stop() < 24 << 20, "{name}");
        let (reached, why) = seen.outcome.split_once(": ").unwrap();
        assert_eq!(reached, "cannot reach auth.example", "{name}");
        format!("{name}: {}", if *is_alike { why } else { "no answer" })
    });
    outcomes.iter().for_each(note);
    assert_eq!(other.connections(), 0, "a redirect of a proxy's is not followed");
    keep("proxies", outcomes.len());
}

#[test]
fn a_proxy_that_lets_us_through_sees_nothing_but_the_host() {
    let _scenario = scenario!();
    let certificates = Certificates::generate().unwrap();
    let carto = Scripted::https(
        vec![http(200, &[], &Asked::Machine.good(""))],
        certificates.server,
    )
    .unwrap();
    let proxy = Tunnel::to(carto.port()).unwrap();
    let pem = tempfile::NamedTempFile::new().unwrap();
    fs::write(pem.path(), certificates.ca_pem).unwrap();
    let url = format!("http://me:{PROXY_PASSWORD_IN_A_URL}@127.0.0.1:{}", proxy.port());
    let seen = ask_alone(&[
        ("HTTPS_PROXY", &url),
        ("SSL_CERT_FILE", pem.path().to_str().unwrap()),
    ]);
    assert_eq!(seen.outcome, "granted");
    assert_eq!(seen.canaries.hits(), []);
    let [head] = &proxy.heads()[..] else {
        panic!("expected one CONNECT")
    };
    assert!(
        head.starts_with("CONNECT auth.example:443 HTTP/1.1\r\n"),
        "{head}"
    );
    // me:pr0xy/word+Gs3=Xf90Kq
    let authorization = "proxy-authorization: Basic bWU6cHIweHkvd29yZCtHczM9WGY5MEtx\r\n";
    assert!(
        head.to_ascii_lowercase()
            .contains(&authorization.to_ascii_lowercase()),
        "{head}"
    );
    let [request] = &carto.requests()[..] else {
        panic!("expected one request")
    };
    assert!(
        !request.to_ascii_lowercase().contains("proxy-authorization"),
        "it is for the proxy alone"
    );
}

#[test]
fn a_proxy_that_is_not_there_is_not_named_with_its_password() {
    let _scenario = scenario!();
    let port = free_port();
    for (what, url) in [
        (
            "gone",
            format!("http://me:{PROXY_PASSWORD_IN_A_URL}@127.0.0.1:{port}"),
        ),
        (
            "no address",
            format!("http://me:{PROXY_PASSWORD_IN_A_URL}@127.0.0.1:99999"),
        ),
    ] {
        let seen = ask_alone(&[("HTTPS_PROXY", &url), ("CARTO_AUTH_HOST", "localhost.invalid")]);
        assert_eq!(seen.canaries.hits(), [], "{what}");
        assert_ne!(seen.outcome, "granted");
    }
}

use super::*;
use crate::endpoints::Endpoints;

fn heard(bytes: &[u8]) -> Heard {
    LoopbackRequest::new(Endpoints::carto().redirect_uri()).receive(bytes)
}

fn get(headers: &str) -> Heard {
    heard(format!("GET /callback/?code=c&state=s HTTP/1.1\r\n{headers}\r\n").as_bytes())
}

const TARGET: &str = "/callback/?code=c&state=s";

fn callback() -> Heard {
    Heard::Callback(TARGET.to_owned())
}

#[test]
fn what_browsers_send_when_they_come_back_is_the_callback() {
    for headers in [
        "Host: localhost:10000\r\n",
        "host: LOCALHOST:10000\r\n",
        "Host: 127.0.0.1:10000\r\n",
        "Host: [::1]:10000\r\n",
        "Host: localhost:10000\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\nCookie: a=b\r\nOrigin: http://localhost:10000\r\n",
    ] {
        assert_eq!(get(headers), callback(), "{headers}");
    }
}

#[test]
fn everything_else_has_an_answer_of_its_own() {
    let host = "Host: localhost:10000\r\n";
    let head = |first: &str, more: &str| format!("{first}\r\n{host}{more}\r\n");
    let ours = format!("GET {TARGET} HTTP/1.1");
    let cases = [
        (head("GET /favicon.ico HTTP/1.1", ""), Page::NotFound),
        (head("GET / HTTP/1.1", ""), Page::NotFound),
        (head("GET /callback?code=c HTTP/1.1", ""), Page::NotFound),
        (
            head("GET http://localhost:10000/callback/ HTTP/1.1", ""),
            Page::NotFound,
        ),
        (head("GET //callback/ HTTP/1.1", ""), Page::NotFound),
        (head("GET /callback/../callback/ HTTP/1.1", ""), Page::NotFound),
        (
            head("POST /callback/?code=c HTTP/1.1", "Content-Length: 0\r\n"),
            Page::MethodNotAllowed,
        ),
        (head("HEAD /callback/ HTTP/1.1", ""), Page::MethodNotAllowed),
        (head("OPTIONS /callback/ HTTP/1.1", ""), Page::MethodNotAllowed),
        (format!("{ours}\r\n\r\n"), Page::BadRequest),
        (head(&ours, host), Page::BadRequest),
        (
            format!("{ours}\r\nHost: evil.example:10000\r\n\r\n"),
            Page::Misdirected,
        ),
        (format!("{ours}\r\nHost: localhost\r\n\r\n"), Page::Misdirected),
        (
            format!("{ours}\r\nHost: localhost:10001\r\n\r\n"),
            Page::Misdirected,
        ),
        (
            format!("{ours}\r\nHost: localhost.evil.example:10000\r\n\r\n"),
            Page::Misdirected,
        ),
        (head(&ours, "Origin: https://evil.example\r\n"), Page::BadRequest),
        (head(&ours, "Origin: null\r\n"), Page::BadRequest),
        (head(&ours, "Sec-Fetch-Mode: no-cors\r\n"), Page::BadRequest),
        (head(&ours, "Sec-Fetch-Mode: cors\r\n"), Page::BadRequest),
        (head(&ours, "Sec-Fetch-Dest: image\r\n"), Page::BadRequest),
        (
            head(&ours, "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"),
            Page::BadRequest,
        ),
        (head(&ours, "Sec-Purpose: prefetch\r\n"), Page::BadRequest),
        (head(&ours, &"x: y\r\n".repeat(100)), Page::TooLarge),
        (
            head(&ours, &format!("x: {}\r\n", "y".repeat(20_000))),
            Page::TooLarge,
        ),
        (
            format!("GET /{} HTTP/1.1\r\n{host}\r\n", "x".repeat(9000)),
            Page::TooLarge,
        ),
        ("\u{16}\u{3}\u{1}\u{2}".to_owned(), Page::BadRequest),
        ("SSH-2.0-OpenSSH\r\n".to_owned(), Page::BadRequest),
        (format!("{ours}\r\nbad header\r\n\r\n"), Page::BadRequest),
        (format!("GET {TARGET} HTTP/9.9\r\n{host}\r\n"), Page::BadRequest),
    ];
    for (bytes, page) in cases {
        assert_eq!(heard(bytes.as_bytes()), Heard::Other(page), "{bytes:.80}");
    }
}

#[test]
fn a_head_that_goes_on_is_waited_for() {
    for bytes in [
        "",
        "G",
        "GET /callback/",
        "GET /callback/ HTTP/1.1\r\n",
        "GET /callback/ HTTP/1.1\r\nHost: localhost:10000\r\n",
    ] {
        assert_eq!(heard(bytes.as_bytes()), Heard::More, "{bytes}");
    }
}

#[test]
fn exactly_as_much_as_is_allowed_passes() {
    let fixed = format!("GET {TARGET} HTTP/1.1\r\nHost: localhost:10000\r\nx: \r\n\r\n").len();
    let full = |length: usize| {
        get(&format!(
            "Host: localhost:10000\r\nx: {}\r\n",
            "y".repeat(length - fixed)
        ))
    };
    assert_eq!(full(LONGEST_HEAD), callback());
    assert_eq!(full(LONGEST_HEAD + 1), Heard::Other(Page::TooLarge));
}

#[test]
fn the_verdict_does_not_show_the_target_in_debug() {
    assert_eq!(format!("{:?}", callback()), "Callback(..)");
}

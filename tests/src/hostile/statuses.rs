//! Statuses that say something else than the body beside them.

use super::{Asked, Table};
use crate::replies::HOSTILE_REFUSAL;
use crate::scripted::http;

const JSON: (&str, &str) = ("content-type", "application/json");

pub(super) fn add(table: &mut Table) {
    let good = table.good.clone();
    for status in [201, 202, 203, 205, 206, 299] {
        table
            .add(
                &format!("{status} with a good body"),
                http(status, &[JSON], &good),
            )
            .is_taken();
    }
    for status in [204, 300, 304, 305, 306, 399, 451, 600, 999] {
        table
            .add(
                &format!("{status} with a good body"),
                http(status, &[JSON], &good),
            )
            .needs_http();
    }
    table
        .add(
            "an upgrade to another protocol",
            http(101, &[("upgrade", "x")], ""),
        )
        .needs_http();
    // What may pass is asked again at once, and no more than twice.
    let again = ("retry-after", "0");
    for status in [
        400, 401, 402, 403, 404, 405, 407, 409, 418, 429, 500, 501, 502, 503, 504,
    ] {
        for (what, body) in [
            ("no body", ""),
            ("a good body", good.as_str()),
            ("a page", "<html><script>alert('canary')</script></html>"),
            ("terminal escapes", HOSTILE_REFUSAL),
            ("a word", "canary"),
            ("null", "null"),
            (
                "an error of the wrong type",
                r#"{"error":{"a":[1]},"error_description":7}"#,
            ),
        ] {
            let name = format!("{status} with {what}");
            table.add(&name, http(status, &[JSON, again], body));
        }
    }
    redirects(table);
    headers(table);
}

/// To nowhere; those to somebody who listens are tried one by one.
fn redirects(table: &mut Table) {
    for (name, location) in [
        ("nowhere", ""),
        ("no address", "http://"),
        ("a file", "file:///etc/passwd"),
        ("a script", "javascript:alert(1)"),
        ("itself", "?"),
        ("escapes", "/%1b%5b31m"),
        ("a long way", &"x/".repeat(30_000)),
    ] {
        let reply = http(302, &[("location", location)], &table.good.clone());
        table.add(&format!("a redirect to {name}"), reply).needs_http();
    }
}

/// Headers that are shown, or decide something.
fn headers(table: &mut Table) {
    let good = table.good.clone();
    for kind in [
        "text/html",
        "image/png",
        "\u{202e}lmth/txet",
        "a/b; charset=utf-16",
        "",
    ] {
        let name = format!("a good body as {}", kind.escape_default());
        table
            .add(&name, http(200, &[("content-type", kind)], &good))
            .is_taken();
        let name = format!("a strange body as {}", kind.escape_default());
        table.add(&name, http(200, &[("content-type", kind)], "<canary>"));
    }
    for (name, header, value) in [
        (
            "a request id of another script",
            "x-request-id",
            "\u{202e}\u{200b}",
        ),
        ("a long request id", "x-request-id", &"y".repeat(4000)),
        ("a Retry-After below zero", "retry-after", "-1"),
        ("a Retry-After of ages", "retry-after", "99999999999999999999"),
        (
            "a Retry-After of words",
            "retry-after",
            "Thu, 99 Foo 0000 99:99:99 GMT",
        ),
    ] {
        // 403 is final, 429 is not: it would be asked again after a while of our own.
        let status = if name.ends_with("ages") { 429 } else { 403 };
        table.add(name, http(status, &[JSON, (header, value)], r#"{"error":"no"}"#));
    }
    if table.asked != Asked::Config {
        table
            .add(
                "a good body beside a cookie and a refresh",
                http(
                    200,
                    &[("set-cookie", "a=b"), ("refresh", "0; url=http://127.0.0.1:9/")],
                    &good,
                ),
            )
            .is_taken();
    }
}

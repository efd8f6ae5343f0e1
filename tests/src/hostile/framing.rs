//! What is no HTTP, not all of it, or too much of it.

use super::Table;
use crate::scripted::Reply;

/// What an endless reply may send before it gives up.
const ENDLESS: usize = 64 << 20;

pub(super) fn add(table: &mut Table) {
    no_http(table);
    lengths(table);
    chunks(table);
    too_much(table);
    compressed(table);
}

fn no_http(table: &mut Table) {
    let good = table.good.clone();
    // A TLS hello and an alert, HTTP/2's preface, HTTP/0.9.
    let client_hello = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03".to_vec();
    let alert = b"\x15\x03\x03\x00\x02\x02\x28".to_vec();
    for (name, bytes) in [
        ("nothing at all", Vec::new()),
        ("another protocol", b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        ("a TLS hello", client_hello),
        ("a TLS alert", alert),
        (
            "a preface of HTTP/2",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        ),
        ("a body without a head", good.clone().into_bytes()),
        ("zeros", vec![0; 64]),
        ("bytes beyond ASCII", vec![0xff; 64]),
        ("an unknown version", b"HTTP/9.9 200\r\n\r\n".to_vec()),
        ("a status line that ends early", b"HTTP/1.1 2".to_vec()),
        ("a status of letters", b"HTTP/1.1 abc OK\r\n\r\n".to_vec()),
        ("a status below zero", b"HTTP/1.1 -20 OK\r\n\r\n".to_vec()),
        (
            "a head that is cut off",
            b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(),
        ),
        ("a head without its end", b"HTTP/1.1 200 OK\r\na: b\r\n".to_vec()),
    ] {
        table.add(name, Reply::Bytes(bytes));
    }
    let length = good.len();
    for (name, head) in [
        ("a zero byte in a header", "a: b\0c\r\n"),
        ("an escape in a header", "a: \x1b[31m\r\n"),
        ("a zero byte in a header's name", "a\0: b\r\n"),
        ("a blank before a colon", "a : b\r\n"),
        ("a header without a colon", "ab\r\n"),
        ("a header without a name", ": b\r\n"),
        ("a folded header", "a: b\r\n c\r\n"),
        ("a carriage return in a header", "a: b\rc\r\n"),
    ] {
        let text = format!("HTTP/1.1 200 OK\r\n{head}content-length: {length}\r\n\r\n{good}");
        table.add(name, Reply::Bytes(text.into_bytes())).needs_http();
    }
    for (name, status_line) in [
        ("a status line without a reason", "HTTP/1.1 200"),
        ("HTTP/1.0", "HTTP/1.0 200 OK"),
        ("a reason in Cyrillic", "HTTP/1.1 200 \u{43e}\u{43a}"),
    ] {
        let text = format!("{status_line}\r\ncontent-length: {length}\r\n\r\n{good}");
        table
            .add(name, Reply::Bytes(text.into_bytes()))
            .needs_http()
            .is_taken();
    }
    let bare = format!("HTTP/1.1 200 OK\ncontent-length: {length}\n\n{good}");
    table
        .add("lines without carriage returns", Reply::Bytes(bare.into_bytes()))
        .needs_http()
        .is_taken();
}

fn lengths(table: &mut Table) {
    let good = table.good.clone();
    let length = good.len();
    let with = |headers: &str| Reply::Bytes(format!("HTTP/1.1 200 OK\r\n{headers}\r\n{good}").into_bytes());
    table.add(
        "a body that is cut off",
        with(&format!("content-length: {}\r\n", length + 100)),
    );
    table.add(
        "a length of 2^63-1",
        with("content-length: 9223372036854775807\r\n"),
    );
    table.add("no body by its length", with("content-length: 0\r\n"));
    for (name, value) in [
        ("a length below zero", "-1"),
        ("a length that is no number", "many"),
        ("a length with a sign", "+5"),
        ("a length beyond 64 bits", "99999999999999999999"),
        ("an empty length", ""),
        ("a hexadecimal length", "0x10"),
        ("two lengths in one", "5, 6"),
    ] {
        table
            .add(name, with(&format!("content-length: {value}\r\n")))
            .needs_http();
    }
    table
        .add(
            "two lengths",
            with(&format!("content-length: {length}\r\ncontent-length: 5\r\n")),
        )
        .needs_http();
    table.add("no length", with("")).is_taken();
}

fn chunks(table: &mut Table) {
    let good = table.good.clone();
    let length = good.len();
    let chunked = |body: &str| {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        Reply::Bytes(format!("{head}{body}").into_bytes())
    };
    let whole = format!("{length:x}\r\n{good}\r\n");
    table
        .add("chunks", chunked(&format!("{whole}0\r\n\r\n")))
        .needs_http()
        .is_taken();
    table
        .add(
            "chunks with a trailer",
            chunked(&format!("{whole}0\r\nx: y\r\n\r\n")),
        )
        .needs_http()
        .is_taken();
    for (name, body) in [
        ("a chunk without a size", format!("zz\r\n{good}\r\n0\r\n\r\n")),
        ("a chunk below zero", format!("-1\r\n{good}\r\n0\r\n\r\n")),
        (
            "a chunk beyond 64 bits",
            format!("fffffffffffffffff\r\n{good}\r\n0\r\n\r\n"),
        ),
        (
            "a chunk of 2^64-1",
            format!("ffffffffffffffff\r\n{good}\r\n0\r\n\r\n"),
        ),
        (
            "a chunk that is shorter than its size",
            format!("{:x}\r\n{good}\r\n0\r\n\r\n", length + 9),
        ),
        (
            "a chunk that is longer than its size",
            format!("{:x}\r\n{good}\r\n0\r\n\r\n", length - 9),
        ),
        ("a chunk that is cut off", format!("{length:x}\r\n{}", &good[..9])),
        ("chunks without the last", whole.clone()),
        ("chunks without a size", good.clone()),
        ("no chunk at all", String::new()),
    ] {
        table.add(name, chunked(&body)).needs_http();
    }
}

fn too_much(table: &mut Table) {
    let good = table.good.clone();
    let length = good.len();
    let endless = |head: &str, piece: &str| Reply::Endless(head.into(), piece.into(), ENDLESS);
    let begun = "HTTP/1.1 200 OK\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    table.add("an endless body", endless("HTTP/1.1 200 OK\r\n\r\n", " "));
    table.add(
        "an endless body with a length",
        endless("HTTP/1.1 200 OK\r\ncontent-length: 67108864\r\n\r\n", " "),
    );
    table
        .add("endless headers", endless(begun, "x: y\r\n"))
        .needs_http();
    table
        .add("an endless header", endless("HTTP/1.1 200 OK\r\nx: ", "y"))
        .needs_http();
    table
        .add("an endless header's name", endless(begun, "x"))
        .needs_http();
    table
        .add("an endless reason", endless("HTTP/1.1 200 ", "x"))
        .needs_http();
    table.add("an endless line", endless("", "x"));
    table
        .add("endless chunks", endless(chunked, "10\r\n                \r\n"))
        .needs_http();
    table
        .add(
            "one endless chunk",
            endless(&format!("{chunked}fffffff\r\n"), " "),
        )
        .needs_http();
    table
        .add(
            "an endless extension of a chunk",
            endless(&format!("{chunked}5;x="), "y"),
        )
        .needs_http();
    let with = |headers: &str| {
        let text = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n{good}");
        Reply::Bytes(text.into_bytes())
    };
    let many: String = (0..10_000).map(|n| format!("x-{n}: y\r\n")).collect();
    table.add("10,000 headers", with(&many));
    table.add(
        "a header of 1 MiB",
        with(&format!("x: {}\r\n", "y".repeat(1 << 20))),
    );
}

/// What comes before a reply and does not end; clients skip it as they like, and the deadline ends it.
pub(super) fn preludes() -> [(&'static str, Reply); 3] {
    let endless = |head: &str, piece: &str| Reply::Endless(head.into(), piece.into(), usize::MAX);
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    [
        ("an endless size of a chunk", endless(chunked, "0")),
        (
            "endless interim replies",
            endless("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ),
        (
            "endless early hints",
            endless("", "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"),
        ),
    ]
}

/// Bodies that say they are compressed, which nobody asked for, so that nobody reads them. Those in gzip, deflate and zstd
/// would be 1 MiB of blanks.
fn compressed(table: &mut Table) {
    let grown = deflated(1 << 20);
    let gzip = [b"\x1f\x8b\x08\0\0\0\0\0\0\x03".as_slice(), &grown, &[0; 8]].concat();
    let zstd = b"\x28\xb5\x2f\xfd\x04\x58\x54\x00\x00\x10\x20\x20\x01\x00\xfb\xff\x39\xc0\x02\x02\x00\x10\x20\x02\x00\x10\x20\x02\x00\x10\
        \x20\x02\x00\x10\x20\x02\x00\x10\x20\x02\x00\x10\x20\x03\x00\x10\x20\x85\xf8\xfa\x42";
    for (encoding, body) in [
        ("gzip", gzip),
        ("deflate", grown.clone()),
        ("br", table.good.clone().into_bytes()),
        ("zstd", zstd.to_vec()),
        ("gzip, gzip", table.good.clone().into_bytes()),
        ("x-unheard-of", table.good.clone().into_bytes()),
    ] {
        let length = body.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {length}\r\n\r\n");
        let reply = Reply::Bytes([head.as_bytes(), &body].concat());
        table.add(&format!("a body in {encoding}"), reply);
    }
}

/// So many blanks as raw deflate (RFC 1951) with fixed codes: one literal, then copies of 258 bytes of what is before.
fn deflated(count: usize) -> Vec<u8> {
    let (mut bytes, mut room) = (Vec::new(), 0);
    let mut put = |bits: u32, length: u32| {
        for place in 0..length {
            if room == 0 {
                bytes.push(0);
                room = 8;
            }
            if let Some(last) = bytes.last_mut() {
                *last |= ((bits >> place & 1) as u8) << (8 - room);
            }
            room -= 1;
        }
    };
    let reversed = |bits: u32, length: u32| bits.reverse_bits() >> (32 - length);
    // The last block, with fixed codes; a blank is 0x30 + 0x20 in eight bits.
    put(0b011, 3);
    put(reversed(0x50, 8), 8);
    for _ in 0..count.div_ceil(258) {
        // Length 258 is code 285, distance 1 is code 0.
        put(reversed(0b1100_0101, 8), 8);
        put(0, 5);
    }
    put(0, 7);
    bytes
}

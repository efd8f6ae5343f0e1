use carto_auth_core::{Endpoints, Heard, LoopbackRequest};

use crate::callback::callback;
use crate::script::expand;

/// The bytes of a connection to the callback listener, in any pieces: one verdict, which more bytes do not change. Only a
/// browser that comes back from a login is let through.
///
/// The sockets around [`LoopbackRequest`] hold no decision; they are driven by `tests/suites/listener.rs`.
pub fn listener(data: &[u8]) {
    let bytes = expand(data);
    let whole = in_pieces(&bytes, &mut [].into_iter());
    let few = (0_u64..).map(|turn| (digest(&bytes, turn) % 300) as usize);
    let small = match bytes.len() {
        0..600 => 1,
        length => length / 40,
    };
    for verdict in [
        in_pieces(&bytes, &mut few.into_iter()),
        in_pieces(&bytes, &mut std::iter::repeat(small)),
    ] {
        assert_eq!(verdict, whole, "another verdict in other pieces");
    }
    assert!(whole != Heard::More || bytes.len() <= 16 << 10, "an endless head");
    match &whole {
        Heard::Callback(target) => {
            is_a_navigation(&bytes, target);
            callback(target.as_bytes());
        }
        Heard::Other(page) => {
            let answer = page.response(Endpoints::carto().success_page());
            assert!(answer.starts_with(b"HTTP/1.1 4"), "{page:?}");
        }
        Heard::More => {}
    }
}

/// What is heard when the bytes come in pieces of these sizes, the rest at once.
fn in_pieces(bytes: &[u8], sizes: &mut dyn Iterator<Item = usize>) -> Heard {
    let mut request = LoopbackRequest::new(Endpoints::carto().redirect_uri());
    let mut rest = bytes;
    loop {
        let size = sizes.next().unwrap_or(rest.len()).min(rest.len());
        let (piece, more) = rest.split_at(size);
        rest = more;
        let heard = request.receive(piece);
        if heard != Heard::More || rest.is_empty() {
            return heard;
        }
    }
}

/// Some number, always the same for the same bytes (FNV-1a).
fn digest(bytes: &[u8], turn: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ turn.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = bytes.iter().take(64).fold(start, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mixed >> 20
}

/// Read again with nothing but `split`.
fn is_a_navigation(bytes: &[u8], target: &str) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text
        .trim_start_matches(['\r', '\n'])
        .split('\n')
        .map(|line| line.trim_end_matches('\r'));
    let line = lines.next().unwrap_or_default();
    assert!(line.starts_with("GET "), "{line:?}");
    assert_eq!(line.split(' ').nth(1), Some(target));
    assert_eq!(target.split('?').next(), Some("/callback/"));
    let headers: Vec<(String, &str)> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .collect();
    assert!(headers.len() <= 100, "{} headers", headers.len());
    let is_ours = |host: &str| {
        ["localhost:10000", "127.0.0.1:10000", "[::1]:10000"]
            .iter()
            .any(|name| host.eq_ignore_ascii_case(name))
    };
    let values = |wanted: &'static str| {
        headers
            .iter()
            .filter(move |(name, _)| name == wanted)
            .map(|(_, value)| *value)
    };
    assert_eq!(values("host").count(), 1, "hosts");
    assert!(values("host").all(is_ours), "a foreign host");
    assert!(
        values("origin").all(|origin| origin.strip_prefix("http://").is_some_and(is_ours)),
        "a foreign origin"
    );
    assert!(values("sec-fetch-mode").all(|mode| mode.eq_ignore_ascii_case("navigate")));
    assert!(values("sec-fetch-dest").all(|destination| destination.eq_ignore_ascii_case("document")));
    assert_eq!(
        values("sec-purpose").chain(values("purpose")).count(),
        0,
        "a prefetch"
    );
}

//! The real Python package in a scene of a test's.

use std::io;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::python::python_with_carto_auth;

const SCENE: &str = include_str!("python_scene.py");
const PEER: &str = include_str!("peer.py");

/// The package, its addresses replaced by those of a sandbox and of a callback listener at `port`, running a program in
/// `home`, with nothing of this machine's environment.
///
/// The program has `CartoAuth` and `pkce` of the package, `say` to print a line, `number` to tell a sandbox's token
/// without showing it, `failure` to tell how a call fails, and `sent`, the addresses and time limits of all requests. A
/// browser is not opened: `browser: URL` is printed. Its indentation does not count.
///
/// # Errors
/// As [`python_with_carto_auth`].
pub fn python_scene(carto: &str, port: u16, home: &Path, program: &str) -> io::Result<Command> {
    let mut command = Command::new(python_with_carto_auth()?);
    command
        .args(["-u", "-c", SCENE, program])
        .current_dir(home)
        .env_clear()
        .env("PATH", "/nonexistent")
        .env("HOME", home)
        .env("CARTO", carto)
        .env("PORT", port.to_string());
    Ok(command)
}

/// The package as a peer that is [asked](crate::Dialogue::ask) to start, again and again; `peer.py` has the commands.
///
/// # Errors
/// As [`python_with_carto_auth`].
pub fn python_peer(carto: &str, home: &Path) -> io::Result<Command> {
    python_scene(carto, 0, home, PEER)
}

/// Which of a sandbox's tokens this is, counted from 1 together with what else is numbered there.
///
/// # Panics
/// When it is none of a sandbox's.
#[must_use]
pub fn token_number(token: &str) -> u64 {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let claims = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap_or_default();
    let number = claims["jti"].as_u64();
    assert!(number.is_some(), "a token that is none of a sandbox's");
    number.unwrap_or_default()
}

//! Whose certificates count.

use std::env;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use super::{Check, State};

/// More than any system's certificates.
const LIMIT: u64 = 16 << 20;

pub(super) fn checks() -> Vec<Check> {
    // Elsewhere the system itself decides, and does not read these.
    let are_read = cfg!(all(unix, not(target_os = "macos")));
    let named = |name| env::var_os(name).filter(|value| are_read && !value.is_empty());
    let mut checks = Vec::new();
    if let Some(path) = named("SSL_CERT_FILE") {
        checks.push(file(Path::new(&path)));
    }
    if let Some(paths) = named("SSL_CERT_DIR") {
        checks.extend(env::split_paths(&paths).map(|path| folder(&path)));
    }
    if checks.is_empty() {
        checks.push(Check::new("certificates", State::Ok, "the system's are trusted"));
    }
    checks
}

/// What is wrong with the variables, and a way out.
pub(super) fn problem() -> Option<String> {
    let is_problem = |check: &Check| check.state == State::Problem;
    let found = checks().into_iter().find(is_problem)?;
    let (about, hint) = (found.about?, found.hint?);
    Some(format!("{about}: {}; {hint}", found.message))
}

fn file(path: &Path) -> Check {
    let about = format!("SSL_CERT_FILE {}", path.display());
    let trusted = |which| format!("{which} trusted, and not the system's");
    match read(path).map(|bytes| count(&bytes)) {
        Ok(0) => unusable("it holds no PEM certificate".to_owned()),
        Ok(1) => Check::new(
            "certificates",
            State::Ok,
            trusted("its certificate is".to_owned()),
        ),
        Ok(count) => Check::new(
            "certificates",
            State::Ok,
            trusted(format!("its {count} certificates are")),
        ),
        Err(_) if path.is_dir() => unusable("it is a folder; SSL_CERT_DIR is for those".to_owned()),
        Err(error) if error.kind() == ErrorKind::InvalidInput => unusable("it is no regular file".to_owned()),
        Err(error) => unusable(cannot_read(error.kind())),
    }
    .about(about)
}

fn folder(path: &Path) -> Check {
    match fs::read_dir(path) {
        Ok(_) => {
            let message = "the certificates in it are trusted, and not the system's";
            Check::new("certificates", State::Ok, message)
        }
        Err(error) => unusable(cannot_read(error.kind())),
    }
    .about(format!("SSL_CERT_DIR {}", path.display()))
}

fn unusable(message: String) -> Check {
    Check::new("certificates", State::Problem, message)
        .hint("name PEM certificates, or unset the variable to trust the system's")
}

fn cannot_read(kind: ErrorKind) -> String {
    format!("it cannot be read ({kind})")
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn count(bytes: &[u8]) -> usize {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    bytes
        .windows(BEGIN.len())
        .filter(|window| *window == BEGIN)
        .count()
}

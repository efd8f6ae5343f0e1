//! Whose certificates count.

use std::env;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::{Check, State};

/// More than any system's certificates, in bytes and in files.
const MOST: u64 = 16 << 20;
const MOST_FILES: usize = 4096;

pub(super) fn checks() -> Vec<Check> {
    // Elsewhere the system itself decides, and does not read these.
    let are_read = cfg!(all(unix, not(target_os = "macos")));
    let named = |name| env::var_os(name).filter(|_| are_read);
    let mut checks = Vec::new();
    // What is read in place of the system's is a file that is named by nothing, too.
    if let Some(path) = named("SSL_CERT_FILE") {
        checks.push(check("SSL_CERT_FILE", Path::new(&path), file));
    }
    if let Some(paths) = named("SSL_CERT_DIR") {
        let paths = env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty());
        checks.extend(paths.map(|path| check("SSL_CERT_DIR", &path, folder)));
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

/// Reads the certificates at a place, so many bytes at most, and counts these down.
type Read = fn(&Path, &mut u64) -> Result<Vec<CertificateDer<'static>>, String>;

fn check(variable: &str, path: &Path, read: Read) -> Check {
    let trusted = |which: String| {
        let message = format!("{which} trusted, and not the system's");
        Check::new("certificates", State::Ok, message)
    };
    match read(path, &mut MOST.clone()).map(usable) {
        Ok(0) => unusable("it holds no PEM certificate that can be used".to_owned()),
        Ok(1) => trusted("its certificate is".to_owned()),
        Ok(count) => trusted(format!("its {count} certificates are")),
        Err(why) => unusable(why),
    }
    .about(format!("{variable} {}", path.display()))
}

fn unusable(message: String) -> Check {
    Check::new("certificates", State::Problem, message)
        .hint("name PEM certificates, or unset the variable to trust the system's")
}

/// As many as rustls would trust: a frame of PEM around something else is none, and a link to another file is no other.
fn usable(mut certificates: Vec<CertificateDer<'static>>) -> usize {
    certificates.sort_unstable_by(|a, b| a.cmp(b));
    certificates.dedup();
    RootCertStore::empty().add_parsable_certificates(certificates).0
}

fn file(path: &Path, left: &mut u64) -> Result<Vec<CertificateDer<'static>>, String> {
    if path.as_os_str().is_empty() {
        return Err("it is blank, which names no file".to_owned());
    }
    let metadata = fs::metadata(path).map_err(|error| cannot_read(error.kind()))?;
    match metadata.is_dir() {
        true => Err("it is a folder, and SSL_CERT_DIR names those".to_owned()),
        // A pipe would be waited for.
        false if !metadata.is_file() => Err("it is no file".to_owned()),
        false => {
            let mut bytes = Vec::new();
            let read = File::open(path).and_then(|file| file.take(*left).read_to_end(&mut bytes));
            *left -= read.map_err(|error| cannot_read(error.kind()))? as u64;
            Ok(CertificateDer::pem_slice_iter(&bytes).flatten().collect())
        }
    }
}

/// Of what is in it that cannot be read, nobody speaks: the rest counts.
fn folder(path: &Path, left: &mut u64) -> Result<Vec<CertificateDer<'static>>, String> {
    match fs::read_dir(path) {
        Ok(entries) => Ok(entries
            .flatten()
            .take(MOST_FILES)
            .filter_map(|entry| file(&entry.path(), left).ok())
            .flatten()
            .collect()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err("it is no folder, and SSL_CERT_FILE names files".to_owned())
        }
        Err(error) => Err(cannot_read(error.kind())),
    }
}

fn cannot_read(kind: ErrorKind) -> String {
    format!("it cannot be read ({kind})")
}

//! Whose certificates count: what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, in place of the system's.

use std::borrow::Cow;
use std::env;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::OnceLock;

use carto_auth_core::{Error, TlsProblem, TransportError};
use carto_auth_native::endless_certificates;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// What is read at most, of all places together: more than any system's certificates.
struct Left {
    bytes: u64,
    files: usize,
}

const MOST: Left = Left {
    bytes: 16 << 20,
    files: 4096,
};

/// A place that a variable names.
pub(crate) struct Place {
    /// The variable, and the path.
    pub(crate) about: String,
    pub(crate) found: Found,
}

/// What is at a place.
pub(crate) enum Found {
    /// So many certificates that are trusted.
    Trusted(usize),
    /// None of what was read, which is not all.
    TooMuch,
    /// None, and why.
    Nothing(String),
}

/// The way out of a place without certificates.
pub(crate) const HINT: &str = "name PEM certificates there, or unset the variable";

/// The places that take that of the system's certificates; none where these are trusted. They are read once.
pub(crate) fn places() -> &'static [Place] {
    static PLACES: OnceLock<Vec<Place>> = OnceLock::new();
    PLACES.get_or_init(read_places)
}

fn read_places() -> Vec<Place> {
    // Elsewhere the system itself decides, and does not read these.
    let are_read = cfg!(all(unix, not(target_os = "macos")));
    let named = |name| env::var_os(name).filter(|_| are_read);
    let (mut places, mut left) = (Vec::new(), MOST);
    // What is read in place of the system's is a file that is named by nothing, too.
    if let Some(path) = named("SSL_CERT_FILE") {
        places.push(place("SSL_CERT_FILE", Path::new(&path), file, &mut left));
    }
    if let Some(paths) = named("SSL_CERT_DIR") {
        let paths = env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty());
        places.extend(paths.map(|path| place("SSL_CERT_DIR", &path, folder, &mut left)));
    }
    places
}

/// The first place that names somebody to trust; the others then cost nobody a connection.
pub(crate) fn first_that_counts() -> Option<&'static Place> {
    let counts = |place: &&Place| !matches!(place.found, Found::Nothing(_));
    places().iter().find(counts)
}

/// What is wrong with the variables, where nobody is trusted because of them.
pub(crate) fn problem() -> Option<String> {
    let first = places().first()?;
    match &first.found {
        // A file that might be read for ever is not read, nor a folder beside it.
        Found::Nothing(why) if first_that_counts().is_none() || endless_certificates().is_some() => {
            Some(format!("{}: {why}", first.about))
        }
        _ => None,
    }
}

/// What to do about a failure of TLS: an authority that is added to the system's store does not count while a variable names
/// others.
pub(crate) fn hint(failed: &Error, error: &TransportError) -> Cow<'static, str> {
    let is_of_trust = error.tls_problem() == Some(TlsProblem::UnknownIssuer);
    match first_that_counts() {
        None if !places().is_empty() => HINT.into(),
        Some(place) if is_of_trust => format!(
            "if a company proxy signs this connection, add its CA to {}, which stands for the system's store",
            place.about
        )
        .into(),
        _ => failed.hint(),
    }
}

/// Reads the certificates at a place, as far as there is room, and counts this down.
type Read = fn(&Path, &mut Left) -> Result<Vec<CertificateDer<'static>>, String>;

fn place(variable: &str, path: &Path, read: Read, left: &mut Left) -> Place {
    let found = match read(path, left).map(usable) {
        Ok(0) if left.bytes == 0 || left.files == 0 => Found::TooMuch,
        Ok(0) => Found::Nothing("it holds no PEM certificate that can be used".to_owned()),
        Ok(count) => Found::Trusted(count),
        Err(why) => Found::Nothing(why),
    };
    let about = format!("{variable} {}", path.display()).trim_end().to_owned();
    Place { about, found }
}

/// As many as rustls would trust: a frame of PEM around something else is none, and a link to another file is no other.
fn usable(mut certificates: Vec<CertificateDer<'static>>) -> usize {
    certificates.sort_unstable_by(|a, b| a.cmp(b));
    certificates.dedup();
    RootCertStore::empty().add_parsable_certificates(certificates).0
}

fn file(path: &Path, left: &mut Left) -> Result<Vec<CertificateDer<'static>>, String> {
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
            let read = File::open(path).and_then(|file| file.take(left.bytes).read_to_end(&mut bytes));
            left.bytes -= read.map_err(|error| cannot_read(error.kind()))? as u64;
            Ok(CertificateDer::pem_slice_iter(&bytes).flatten().collect())
        }
    }
}

/// Of what is in it that cannot be read, nobody speaks: the rest counts.
fn folder(path: &Path, left: &mut Left) -> Result<Vec<CertificateDer<'static>>, String> {
    match fs::read_dir(path) {
        Ok(entries) => {
            let mut certificates = Vec::new();
            for entry in entries.flatten().take(left.files) {
                left.files -= 1;
                certificates.extend(file(&entry.path(), left).unwrap_or_default());
            }
            Ok(certificates)
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err("it is no folder, and SSL_CERT_FILE names files".to_owned())
        }
        Err(error) => Err(cannot_read(error.kind())),
    }
}

fn cannot_read(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::NotFound => "it is not there".to_owned(),
        _ => format!("it cannot be read ({kind})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_places_together_are_read_up_to_one_limit() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path();
        for name in ["a", "b", "c"] {
            fs::write(folder.join(name), "1234").unwrap();
        }
        let read = |bytes, files| {
            let mut left = Left { bytes, files };
            let nothing = |place: Place| matches!(place.found, Found::Nothing(_));
            let first = nothing(place("SSL_CERT_DIR", folder, super::folder, &mut left));
            let second = nothing(place("SSL_CERT_DIR", folder, super::folder, &mut left));
            (first, second, left.bytes, left.files)
        };
        let (all, of_files, of_bytes) = (read(100, 10), read(100, 4), read(20, 10));
        assert_eq!(all, (true, true, 76, 4));
        assert_eq!(of_files, (true, false, 84, 0));
        assert_eq!(of_bytes, (true, false, 0, 4));
    }
}

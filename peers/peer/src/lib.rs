//! What the peers have in common: the arguments, the threads and tasks that ask, and what is printed.

mod asked;
#[cfg(feature = "tasks")]
pub mod tasks;
pub mod threads;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What went wrong, in a library's words.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The client that every peer is.
pub const CLIENT_ID: &str = "client-of-the-benchmarks";
/// Its secret, which guards nothing.
pub const CLIENT_SECRET: &str = "secret-of-the-benchmarks";

/// A token beside its end, for libraries that keep none.
#[derive(Default)]
pub struct Kept(Option<(String, Instant)>);

impl Kept {
    /// The token, while it is good for ten seconds yet.
    #[must_use]
    pub fn good(&self) -> Option<String> {
        let (token, end) = self.0.as_ref()?;
        (*end > Instant::now() + Duration::from_secs(10)).then(|| token.clone())
    }

    /// Keeps a token, and gives it back.
    pub fn keep(&mut self, token: &str, lifetime: Option<Duration>) -> String {
        self.0 = lifetime.map(|lifetime| (token.to_owned(), Instant::now() + lifetime));
        token.to_owned()
    }
}

/// For libraries that take the authorities to trust from the system alone.
///
/// # Errors
/// When the system does not name the one that is asked for, and no other.
pub fn trusted_by_the_system(ca: Option<&Path>) -> Result<()> {
    let Some(ca) = ca else { return Ok(()) };
    let is_named = env::var_os("SSL_CERT_FILE").is_some_and(|file| file == *ca);
    if is_named && env::var_os("SSL_CERT_DIR").is_none() {
        return Ok(());
    }
    Err("it trusts what the system does: set SSL_CERT_FILE to the CA's path, and unset SSL_CERT_DIR".into())
}

fn ended(result: Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    eprintln!("{error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}

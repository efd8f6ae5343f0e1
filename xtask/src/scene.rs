//! Where the command line is measured: a home folder of its own, and nothing else in its environment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use carto_auth_core::{Endpoints, Identity, M2mCredentials};
use tempfile::TempDir;

/// As CARTO issues them for machines, but for the signature. It ends in 2096.
const TOKEN: &str = include_str!("../../crates/carto-auth-native/benches/token.jwt");
const API_BASE_URL: &str = "https://gcp-us-east1.api.carto.com";

/// A machine at CARTO's cloud that has a good token in its cache, as most have it.
pub(crate) struct Cached(TempDir);

impl Cached {
    pub(crate) fn new() -> io::Result<Self> {
        let scene = Self(TempDir::new()?);
        let machine = M2mCredentials::new(API_BASE_URL, "the-id", "s3cr3t").map_err(io::Error::other)?;
        let key = Identity::machine(&machine, &Endpoints::carto()).key();
        let folder = scene.0.path().join(".carto-auth");
        fs::create_dir(&folder)?;
        for_the_owner_alone(&folder, 0o700)?;
        let file = format!(
            r#"{{"api_base_url":"{API_BASE_URL}","access_token":"{TOKEN}","expiration":4000000000,"version":1,
            "expires_at":4000000000,"obtained_at":1790000000,"client_id":"the-id",
            "token_url":"https://auth.carto.com/oauth/token","audience":"carto-cloud-native-api"}}"#
        );
        private(&folder.join(format!("token_m2m.{key}.json")), &file)?;
        private(&scene.file(), &file)?;
        let credentials =
            format!(r#"{{"client_id":"the-id","client_secret":"s3cr3t","api_base_url":"{API_BASE_URL}"}}"#);
        private(&scene.credentials(), &credentials)?;
        Ok(scene)
    }

    /// The same token file at a place of its own, for the programs that are told where it is.
    pub(crate) fn file(&self) -> PathBuf {
        self.0.path().join("token.json")
    }

    fn credentials(&self) -> PathBuf {
        self.0.path().join("machine.json")
    }

    /// `carto-auth token` with these arguments. Without the token in the cache it would ask CARTO in vain.
    pub(crate) fn token(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = alone(program, self.0.path());
        command
            .arg("token")
            .args(arguments)
            .arg("--credentials")
            .arg(self.credentials());
        command
    }
}

/// A program with a home folder and no other variables.
pub(crate) fn alone(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home);
    command
}

/// A machine's `carto-auth` where CARTO is at `url` and nothing is cached. The token that comes must be this client's, or it
/// is kept for nobody.
pub(crate) fn cold(program: &Path, home: &Path, url: &str, client: (&str, &str)) -> Command {
    let mut command = alone(program, home);
    command
        .env("CARTO_AUTH_URL", url)
        .env("CARTO_API_BASE_URL", url)
        .env("CARTO_CLIENT_ID", client.0)
        .env("CARTO_CLIENT_SECRET", client.1)
        .arg("token");
    command
}

fn private(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)?;
    for_the_owner_alone(path, 0o600)
}

#[cfg(unix)]
fn for_the_owner_alone(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// What lies in the person's folder is theirs there.
#[cfg(not(unix))]
fn for_the_owner_alone(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

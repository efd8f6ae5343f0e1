//! A service account as Google's console writes it.

use std::fs;
use std::path::Path;

use getrandom::SysRng;
use rsa::PrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use serde_json::json;

use crate::Error;

/// Writes one with a new key, which nobody trusts.
pub(crate) fn write(path: &Path) -> Result<(), Error> {
    let key = PrivateKey::new(&mut SysRng, 2048)?.to_pkcs8_pem(LineEnding::LF)?;
    let account = json!({
        "type": "service_account", "project_id": "benchmarks", "private_key_id": "benchmarks",
        "private_key": key.as_str(), "client_email": "benchmarks@benchmarks.iam.gserviceaccount.com",
        "client_id": "100000000000000000000", "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "http://127.0.0.1/oauth/token", // each program puts the server's in its place
    });
    fs::write(path, account.to_string())?;
    Ok(())
}

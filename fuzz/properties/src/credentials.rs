use carto_auth_core::M2mCredentials;

use crate::script::expand;
use crate::secrets::{CANARY, is_one_safe_line, is_silent, tells};

/// A machine's credentials file: three usable values, which are the same when they are written down and read again, or an
/// error that names the file and quotes nothing.
pub fn credentials(data: &[u8]) {
    let file = expand(data);
    let read = match M2mCredentials::from_json(&file, "ci\u{1b}[31m.json") {
        Ok(read) => read,
        Err(error) => {
            let shown = error.to_string();
            is_one_safe_line(&shown);
            assert!(shown.starts_with("ci\\u{1b}[31m.json "), "which file: {shown:?}");
            return is_silent(&format!("{shown} {error:?}"), &[CANARY]);
        }
    };
    for value in [
        read.client_id(),
        read.client_secret().expose(),
        read.api_base_url().as_str(),
    ] {
        assert!(
            !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c.is_control()),
            "{value:?}"
        );
    }
    is_silent(
        &format!("{read:?}"),
        &[CANARY].map(|canary| hidden_in(canary, &read)),
    );
    let written = serde_json::json!({
        "api_base_url": read.api_base_url().as_str(),
        "client_id": read.client_id(),
        "client_secret": read.client_secret().expose(),
        "later": [CANARY],
    });
    for mark in ["", "\u{feff}"] {
        let again = M2mCredentials::from_json(format!("{mark}{written}\n").as_bytes(), "again").unwrap();
        assert_eq!(again, read);
    }
    let (base, id, secret) = (
        read.api_base_url().as_str(),
        read.client_id(),
        read.client_secret().expose(),
    );
    assert_eq!(M2mCredentials::new(base, id, secret).unwrap(), read);
}

/// The canary, unless it stands where everybody may read.
fn hidden_in<'a>(canary: &'a str, read: &M2mCredentials) -> &'a str {
    let open = format!("{} {}", read.client_id(), read.api_base_url());
    match tells(&open, canary) {
        true => "",
        false => canary,
    }
}

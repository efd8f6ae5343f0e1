use std::time::Duration;

use carto_auth_core::{Callback, Endpoints, Login, PENDING_LOGIN_LIFE};

use crate::script::expand;
use crate::secrets::{CANARY, T0, VERIFIER, is_one_safe_line, is_silent, login, state, tells};

/// A login that was written down: taken up for ten minutes and by the endpoints that it was started with, it is the same;
/// anything else is an error that quotes nothing.
pub fn pending_login(data: &[u8]) {
    let file = expand(data);
    let secrets = [CANARY, VERIFIER, &state()];
    let kept = match Login::import(&file, Endpoints::carto(), T0) {
        Ok(kept) => kept,
        Err(problem) => {
            is_one_safe_line(&problem.to_string());
            return is_silent(&format!("{problem} {problem:?}"), &secrets);
        }
    };
    // A key that we do not know may hold anything.
    let text = String::from_utf8_lossy(&file);
    let keys: serde_json::Value = serde_json::from_str(&text).expect("it was read as JSON");
    // The redirect URI is no secret, whatever a file has there.
    let open = keys["redirect_uri"].as_str().unwrap_or_default();
    let hidden = secrets.map(|secret| if tells(open, secret) { "" } else { secret });
    is_silent(&format!("{kept:?}"), &hidden);
    let age = keys["exported_at"]
        .as_i64()
        .expect("a time")
        .abs_diff(T0.as_unix_seconds());
    assert!(age < PENDING_LOGIN_LIFE.as_secs(), "a login of {age} s");
    assert_eq!(keys["client_id"], Endpoints::carto().client_id());
    assert_eq!(keys["token_url"], Endpoints::carto().token_url().as_str());

    let written = kept.export(T0);
    let again =
        Login::import(written.expose().as_bytes(), Endpoints::carto(), T0).expect("it was just written");
    assert_eq!(again.export(T0), written, "not the same login");
    assert!(
        Login::import(
            written.expose().as_bytes(),
            Endpoints::carto(),
            T0 + PENDING_LOGIN_LIFE
        )
        .is_err()
    );
    let just_in_time = T0 + PENDING_LOGIN_LIFE - Duration::from_secs(1);
    assert!(Login::import(written.expose().as_bytes(), Endpoints::carto(), just_in_time).is_ok());
    // Nobody ends it who does not know its state.
    let strangers = login(None).callback("/callback/?code=c&state=guess");
    assert!(matches!(strangers, Callback::Ignored(..)));
    if keys["state"] != "guess" {
        assert!(matches!(
            again.callback("/callback/?code=c&state=guess"),
            Callback::Ignored(..)
        ));
    }
}

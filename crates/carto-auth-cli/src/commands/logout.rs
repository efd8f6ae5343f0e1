//! `carto-auth logout`: forget the cached token.

use carto_auth_core::OneLine;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::{identity, output, talk, time};

pub(crate) fn run(global: &Global) -> Result<(), Failure> {
    let auth = identity::choose(global)?.auth;
    let end = auth.cached_token().and_then(|token| token.expires_at());
    let removed = auth.log_out()?;
    if global.json {
        output::json(&serde_json::json!({"logged_in": false, "removed": removed}))?;
    }
    if removed.is_empty() {
        talk::say(global, "There was no cached token.");
        return Ok(());
    }
    for path in removed {
        talk::say(
            global,
            format_args!("Logged out: removed {}.", OneLine(&path.to_string_lossy())),
        );
    }
    if let Some(end) = end {
        talk::say(
            global,
            format_args!("A copy of the token stays valid until {}.", time::minute(end)),
        );
    }
    Ok(())
}

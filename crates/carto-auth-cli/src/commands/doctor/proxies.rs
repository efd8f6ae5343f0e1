//! The variables that name a proxy, and the hosts that are asked without one.

use carto_auth_native::exemptions_without_effect;
use carto_auth_ureq::Via;

use super::{Check, State};
use crate::failure::Failure;

/// What is wrong with them; which proxy leads to a host, the host's line says.
pub(super) fn checks() -> Vec<Check> {
    match Via::of_environment() {
        Err(error) => vec![Check::failed("settings", Failure::from(error))],
        Ok(Some(_)) => exemptions().into_iter().collect(),
        Ok(None) => Vec::new(),
    }
}

fn exemptions() -> Option<Check> {
    let (variable, entries) = exemptions_without_effect()?;
    // A whole address may have been meant, password included.
    let shown = entries
        .iter()
        .map(|entry| format!("{:?}", entry.rsplit('@').next().unwrap_or_default()));
    let entries: Vec<_> = shown.collect();
    let message = format!(
        "{variable} has entries that stand for no host: {}",
        entries.join(", ")
    );
    Some(Check::new("settings", State::Warning, message).hint(
        "between commas it takes names, addresses and ranges such as 10.0.0.0/8, without scheme and port",
    ))
}

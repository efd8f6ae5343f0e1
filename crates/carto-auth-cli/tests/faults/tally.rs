//! What was done, counted for `cargo xtask torture`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use carto_auth_tests::keep_figures;

static COUNTS: Mutex<BTreeMap<&'static str, usize>> = Mutex::new(BTreeMap::new());

pub(crate) const FAULTS: &str = "system calls failed";
pub(crate) const KILLS: &str = "kill points";
pub(crate) const PLACES: &str = "places";

/// Counts, and writes the counts down.
pub(crate) fn count(name: &'static str, by: usize) {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    *counts.entry(name).or_default() += by;
    let counts: Vec<_> = counts.iter().collect();
    keep_figures("faults", &counts).unwrap();
}

/// Says what cannot be tried on this machine, past the test harness, which would keep it to itself.
pub(crate) fn skip(what: &str, why: &str) {
    keep_figures("faults", &[(format!("skipped: {what}"), why)]).unwrap();
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: {why}");
}

//! What was done, counted for `cargo xtask torture`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

static COUNTS: Mutex<BTreeMap<&'static str, usize>> = Mutex::new(BTreeMap::new());

pub(crate) const FAULTS: &str = "system calls failed";
pub(crate) const KILLS: &str = "kill points";
pub(crate) const PLACES: &str = "places";
const SKIPPED: &str = "skipped";

/// Counts, and writes the counts down: `name<TAB>count`, a line each.
pub(crate) fn count(name: &'static str, by: usize) {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    counts.entry(SKIPPED).or_default();
    *counts.entry(name).or_default() += by;
    let mut text = String::new();
    for (name, count) in &*counts {
        writeln!(text, "{name}\t{count}").unwrap();
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("torture");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("faults"), text).unwrap();
}

/// Says what cannot be tried on this machine, past the test harness, which would keep it to itself.
pub(crate) fn skip(what: &str, why: &str) {
    count(SKIPPED, 1);
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: {why}");
}

//! How often a verdict was right, kept for `cargo xtask interop` to print.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Counts of one zone, by what was looked at.
#[derive(Default)]
pub(crate) struct Verdicts {
    counts: BTreeMap<&'static str, [usize; 2]>,
    wrong: Vec<String>,
}

impl Verdicts {
    /// Counts a verdict.
    pub(crate) fn note(&mut self, row: &'static str, is_right: bool) {
        let [cells, right] = self.counts.entry(row).or_default();
        *cells += 1;
        *right += usize::from(is_right);
    }

    /// Counts a verdict that must be right.
    pub(crate) fn expect(&mut self, cell: &str, row: &'static str, is_right: bool) {
        self.note(row, is_right);
        if !is_right {
            self.wrong.push(format!("{row}: {cell}"));
        }
    }

    pub(crate) fn cells(&self) -> usize {
        self.counts.values().map(|[cells, _]| cells).sum()
    }

    /// Keeps them as `target/tmp/interop/ZONE`, one row in a line; fails if one that must be right was not.
    pub(crate) fn keep_and_assert(&self, zone: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop");
        let mut text = String::new();
        for (row, [cells, right]) in &self.counts {
            writeln!(text, "{row}\t{cells}\t{right}").unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(zone.replace('/', " ")), text).unwrap();
        assert!(self.wrong.is_empty(), "{zone}: {:#?}", self.wrong);
    }
}

//! How much was tried, kept for whoever shows it: lines `NAME<TAB>COUNT` in `target/tmp/torture/FILE`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Keeps counts in the folder `tmp`, which is `env!("CARGO_TARGET_TMPDIR")`; those of other names stay.
///
/// # Errors
/// When the file cannot be written.
pub fn keep_counts(tmp: &str, file: &str, counts: &[(String, usize)]) -> io::Result<()> {
    let folder = Path::new(tmp).join("torture");
    fs::create_dir_all(&folder)?;
    // Suites may run beside each other.
    let lock = File::create(folder.join(format!(".{file}.lock")))?;
    lock.lock()?;
    let path = folder.join(file);
    let before = fs::read_to_string(&path).unwrap_or_default();
    let mut kept: BTreeMap<&str, String> = before
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, count)| (name, count.to_owned()))
        .collect();
    for (name, count) in counts {
        kept.insert(name, count.to_string());
    }
    let lines: Vec<String> = kept
        .iter()
        .map(|(name, count)| format!("{name}\t{count}\n"))
        .collect();
    fs::write(path, lines.concat())
}

//! What tests counted and measured, kept for `cargo xtask torture` to print.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Keeps figures in `target/tmp/torture/GROUP`, each a line of name and value with a tab between; those of other names stay.
/// A name that begins with `skipped: ` says what was not tried, its value why.
///
/// # Errors
/// When they cannot be written.
pub fn keep_figures<N: AsRef<str>, V: Display>(group: &str, figures: &[(N, V)]) -> io::Result<()> {
    let folder = target_folder().join("tmp/torture");
    fs::create_dir_all(&folder)?;
    // Suites may run beside each other.
    let lock = File::create(folder.join(".lock"))?;
    lock.lock()?;
    let path = folder.join(group);
    let before = fs::read_to_string(&path).unwrap_or_default();
    let mut kept: BTreeMap<&str, String> = before
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    for (name, value) in figures {
        kept.insert(name.as_ref(), value.to_string());
    }
    let lines = kept.iter().map(|(name, value)| format!("{name}\t{value}\n"));
    fs::write(path, lines.collect::<String>())
}

/// The folder of this build.
pub(crate) fn target_folder() -> PathBuf {
    // A test's executable is target/PROFILE/deps/NAME.
    let executable = std::env::current_exe().unwrap_or_default();
    executable
        .ancestors()
        .nth(3)
        .unwrap_or(Path::new("target"))
        .to_owned()
}

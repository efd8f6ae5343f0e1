//! What tests counted and measured, kept for `cargo xtask torture` to print.

use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Keeps figures as `target/tmp/torture/GROUP`, each a line of name and value with a tab between; earlier ones of the
/// group are forgotten. A name that begins with `skipped: ` says what was not tried, its value why.
///
/// # Errors
/// When they cannot be written.
pub fn keep_figures(group: &str, figures: &[(&str, &dyn Display)]) -> io::Result<()> {
    let folder = target_folder().join("tmp/torture");
    fs::create_dir_all(&folder)?;
    let lines = figures.iter().map(|(name, value)| format!("{name}\t{value}\n"));
    fs::write(folder.join(group), lines.collect::<String>())
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

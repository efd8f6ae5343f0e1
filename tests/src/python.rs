//! The real Python package, installed once for all test runs.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::figures::target_folder;

/// A Python interpreter that has `carto-auth` 0.2.0, in a virtual environment below the target folder. The first
/// caller installs it from `PyPI`; others wait.
///
/// # Errors
/// When there is no `python3` with `venv`, or `PyPI` cannot be reached.
pub fn python_with_carto_auth() -> io::Result<PathBuf> {
    let folder = target_folder().join("python-carto-auth-0.2.0");
    let python = folder.join("bin/python");
    let ready = folder.join("installed");
    fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    if !ready.exists() {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(folder.join("new")))?;
        run(Command::new(folder.join("new/bin/python")).args([
            "-m",
            "pip",
            "install",
            "-q",
            "carto-auth==0.2.0",
        ]))?;
        for name in ["bin", "lib", "pyvenv.cfg"] {
            fs::rename(folder.join("new").join(name), folder.join(name))?;
        }
        File::create(&ready)?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!(
        "{command:?} failed (python3-venv and PyPI are needed): {why}"
    )))
}

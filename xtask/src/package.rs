//! The crates as they would be published. Nothing is: cargo puts them together in a registry of the moment.

use std::fs;
use std::io;
use std::process::Command;

use crate::checks::{BIGQUERY, check};
use crate::{cargo, say, target_folder};

/// In the order in which they would be published: a crate after what it depends on.
pub(crate) const PUBLISHED: [&str; 7] = [
    "carto-auth-core",
    "carto-auth-native",
    "carto-auth-sandbox",
    "carto-auth-ureq",
    "carto-auth-reqwest",
    "carto-auth-cli",
    BIGQUERY,
];
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Packages every crate, and lists them; for a release, builds those that bring no BigQuery from what was packaged.
pub(crate) fn run(is_built: bool) -> io::Result<()> {
    let mut every = package(&PUBLISHED);
    every.arg("--no-verify");
    check("packages", every, "see the failure above")?;
    if is_built {
        let built: Vec<&str> = PUBLISHED.into_iter().filter(|name| *name != BIGQUERY).collect();
        check(
            "packages, built",
            package(&built),
            "see `include` in Cargo.toml: what a crate needs must be in its package",
        )?;
    }
    for name in PUBLISHED {
        let archive = target_folder()
            .join("package")
            .join(format!("{name}-{VERSION}.crate"));
        let size = fs::metadata(&archive)?.len();
        let files = Command::new("tar").arg("-tzf").arg(&archive).output()?.stdout;
        let files = files.iter().filter(|byte| **byte == b'\n').count();
        say(&format!(
            "{name:20} {:>4} KiB, {files:>2} files",
            size.div_ceil(1024)
        ))?;
    }
    Ok(())
}

fn package(names: &[&str]) -> Command {
    // Uncommitted changes are what is to be tried; `cargo publish` refuses them.
    let mut command = cargo(&["package", "--quiet", "--locked", "--allow-dirty"]);
    command.args(names.iter().flat_map(|name| ["-p", name]));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packaged(name: &str) -> Vec<String> {
        let arguments = [
            "package",
            "--list",
            "--quiet",
            "--offline",
            "--allow-dirty",
            "-p",
            name,
        ];
        let output = cargo(&arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let files = String::from_utf8(output.stdout).unwrap();
        files.lines().map(|line| line.replace('\\', "/")).collect()
    }

    #[test]
    fn a_package_brings_its_licences_and_leaves_its_tests_out() {
        for name in PUBLISHED {
            let files = packaged(name);
            for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "src/lib.rs"] {
                assert!(files.iter().any(|found| found == file), "{name}: no {file}");
            }
            let folders = ["src/", "examples/", "completions/"];
            let beside = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];
            // What cargo adds.
            let cargos = [
                "Cargo.toml",
                "Cargo.toml.orig",
                "Cargo.lock",
                ".cargo_vcs_info.json",
            ];
            for file in files {
                let is_wanted = folders.iter().any(|folder| file.starts_with(folder))
                    || beside.contains(&file.as_str())
                    || cargos.contains(&file.as_str());
                assert!(is_wanted, "{name}: {file} is packaged");
            }
        }
        let completions = packaged("carto-auth-cli");
        let completions = completions.iter().filter(|file| file.starts_with("completions/"));
        assert_eq!(completions.count(), 4);
    }

    #[test]
    fn every_member_that_may_be_published_is_packaged() {
        let crates = fs::read_dir(crate::root().join("crates")).unwrap();
        let mut found: Vec<String> = crates
            .map(|folder| folder.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut packaged = PUBLISHED.to_vec();
        found.sort();
        packaged.sort_unstable();
        assert_eq!(found, packaged);
    }
}

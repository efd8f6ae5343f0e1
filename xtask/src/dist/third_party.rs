//! The crates that are linked into the program, and their licences.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::cargo;
use crate::dist::output;

/// A table of them, then the texts that come with them; those of several crates once.
pub(super) fn list(target: &str) -> io::Result<String> {
    let mut list = "# What is linked into carto-auth\n\n\
        The standard library of Rust (MIT OR Apache-2.0), and these crates:\n\n| crate | version | licence |\n|---|---|---|\n"
        .to_owned();
    let metadata = cargo(&["metadata", "--format-version", "1", "--locked"]);
    let metadata: Value = serde_json::from_str(&output(&mut { metadata })?)?;
    let packages = metadata["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut without = Vec::new();
    for (name, version) in linked(target)? {
        let Some(package) = packages
            .iter()
            .find(|package| package["name"] == *name && package["version"] == *version)
        else {
            return Err(io::Error::other(format!(
                "cargo metadata has no {name} {version}"
            )));
        };
        // Ours has its licences beside this file.
        if package["source"].is_null() {
            continue;
        }
        let licence = package["license"].as_str().unwrap_or("see below");
        let _ = writeln!(list, "| {name} | {version} | {licence} |");
        let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let found = licences(manifest.parent().unwrap_or(manifest))?;
        if found.is_empty() {
            without.push(name.clone());
        }
        for text in found {
            texts.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    if !without.is_empty() {
        let _ = writeln!(list, "\nNo text comes with {}.", without.join(", "));
    }
    let mut texts: Vec<(String, String)> = texts
        .into_iter()
        .map(|(text, crates)| (crates.join(", "), text))
        .collect();
    texts.sort();
    for (crates, text) in texts {
        let _ = write!(list, "\n## {crates}\n\n```text\n{text}\n```\n");
    }
    Ok(list)
}

/// Names and versions, without what only builds need.
fn linked(target: &str) -> io::Result<BTreeSet<(String, String)>> {
    let mut tree = cargo(&["tree", "--locked", "-p", "carto-auth-cli", "--prefix", "none"]);
    tree.args([
        "-e",
        "normal,no-proc-macro",
        "--format",
        "{p}",
        "--target",
        target,
    ]);
    let crates = output(&mut tree)?;
    let crates = crates.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((
            words.next()?.to_owned(),
            words.next()?.strip_prefix('v')?.to_owned(),
        ))
    });
    Ok(crates.collect())
}

/// The files of a crate that say under which terms it may be handed out, by how such files are named.
fn licences(folder: &Path) -> io::Result<Vec<String>> {
    let names = [
        "license",
        "licence",
        "copying",
        "copyright",
        "notice",
        "unlicense",
    ];
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if names.iter().any(|start| name.starts_with(start)) && entry.path().is_file() {
            paths.push(entry.path());
        }
    }
    paths.sort();
    let texts = paths.iter().map(|path| {
        let text = String::from_utf8_lossy(&fs::read(path)?).replace('\r', "");
        Ok(text.trim_end().to_owned())
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::host;

    #[test]
    fn what_is_linked_is_listed_with_its_licence_and_its_text() -> io::Result<()> {
        let list = list(&host()?)?;
        for row in [
            "| ring | 0.17",
            "| rustls | 0.23",
            "| serde_json | 1.",
            "| option-ext | 0.",
        ] {
            assert!(list.contains(row), "{row}: {list}");
        }
        assert!(list.contains("| MPL-2.0 |"));
        assert!(
            list.contains("Mozilla Public License Version 2.0")
                || list.contains("Mozilla Public License, version 2.0")
        );
        // Those that build it, or that only tests link, are not in it.
        for row in [
            "| cc |",
            "| syn |",
            "| serde_derive |",
            "| proptest |",
            "| carto-auth-core |",
        ] {
            assert!(!list.contains(row), "{row}");
        }
        Ok(())
    }
}

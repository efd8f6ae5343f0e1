//! What can be checked of the house itself.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "dependencies.rs"]
mod dependencies;
#[path = "docs.rs"]
mod docs;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file of the project with this extension, outside `target`.
fn files(extension: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![root()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != ".git" {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push((
                    path.strip_prefix(root()).unwrap().to_owned(),
                    fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    assert!(
        !found.is_empty(),
        "no .{extension} files below {}",
        root().display()
    );
    found
}

#[test]
fn no_source_file_is_longer_than_400_lines_before_its_tests() {
    for (path, text) in files("rs") {
        let lines = text
            .lines()
            .take_while(|line| !line.starts_with("#[cfg(test)]"))
            .count();
        let is_test = path.starts_with("tests") || path.components().any(|part| part.as_os_str() == "tests");
        assert!(
            is_test || lines <= 400,
            "{}: {lines} lines; split it by idea",
            path.display()
        );
    }
}

#[test]
fn no_file_is_a_grab_bag_and_no_test_is_skipped() {
    let bag = [
        "util", "utils", "helper", "helpers", "common", "types", "misc", "manager", "service",
    ];
    let skipped = [
        concat!("#[", "ignore"),
        concat!("#[", "should_panic"),
        concat!("to", "do!("),
        concat!("FIX", "ME"),
    ];
    for (path, text) in files("rs") {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert!(
            !bag.contains(&stem),
            "{}: name it for what it holds",
            path.display()
        );
        for word in skipped {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn every_manifest_takes_versions_and_lints_from_the_workspace() {
    for (path, text) in files("toml")
        .into_iter()
        .filter(|(path, _)| path.ends_with("Cargo.toml"))
    {
        // The roots of workspaces: what is fuzzed with, a compiler's library and no code of ours, stands apart.
        if ["Cargo.toml", "fuzz/Cargo.toml", "peers/Cargo.toml"]
            .iter()
            .any(|root| path == Path::new(root))
        {
            continue;
        }
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{}: no workspace lints",
            path.display()
        );
        let dependencies = text.split("dependencies]").skip(1).flat_map(|section| {
            section
                .lines()
                .take_while(|line| !line.starts_with('['))
                .filter(|line| line.contains('='))
        });
        for line in dependencies {
            assert!(line.contains("workspace = true"), "{}: {line}", path.display());
        }
    }
}

#[test]
fn every_crate_forbids_unsafe_code() {
    let manifests = files("toml")
        .into_iter()
        .filter(|(path, _)| path.ends_with("Cargo.toml"));
    let forbids = |text: &str, section: &str| {
        let lines = text.lines().skip_while(|line| *line != section).skip(1);
        let mut lines = lines.take_while(|line| !line.starts_with('['));
        lines.any(|line| line.starts_with("unsafe_code = \"forbid\""))
    };
    // The programs of fuzz/ are made by a macro that exports a function for libFuzzer, which is unsafe.
    for (path, text) in manifests.filter(|(path, _)| *path != *"fuzz/Cargo.toml") {
        let is_so = match path.parent() {
            Some(folder) if folder == Path::new("") || folder == Path::new("peers") => {
                forbids(&text, "[workspace.lints.rust]")
            }
            _ => text.contains("[lints]\nworkspace = true") || forbids(&text, "[lints.rust]"),
        };
        assert!(is_so, "{}: it does not forbid unsafe code", path.display());
    }
}

/// A function is a test by its attribute, a property by its place.
fn is_test_or_property(file: &str, code: &str, function: &str) -> bool {
    if file.starts_with("fuzz/properties/src/") {
        return code.contains(&format!("pub fn {function}(data: &[u8])"));
    }
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let place = lines
        .iter()
        .position(|line| line.starts_with(&format!("fn {function}(")));
    let above = place.map(|place| lines[..place].iter().rev());
    above.is_some_and(|mut above| {
        above
            .by_ref()
            .take_while(|line| line.starts_with('#'))
            .any(|line| *line == "#[test]")
    })
}

#[test]
fn every_test_that_a_document_names_exists() {
    let mut named = 0;
    for (path, text) in files("md") {
        for name in text.split('`').filter(|code| code.contains(".rs::")) {
            let (file, function) = name.split_once("::").unwrap();
            let code = fs::read_to_string(root().join(file));
            let is_there = code.is_ok_and(|code| is_test_or_property(file, &code, function));
            assert!(is_there, "{}: {name}", path.display());
            named += 1;
        }
    }
    assert!(named > 150, "{named}");
}

#[test]
fn secrets_are_exposed_in_few_places() {
    let places: Vec<String> = files("rs")
        .into_iter()
        .filter(|(path, _)| {
            path.starts_with("crates") && path.components().any(|part| part.as_os_str() == "src")
        })
        .flat_map(|(path, text)| {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            let is_test = path
                .file_stem()
                .is_some_and(|stem| stem.to_string_lossy().ends_with("_tests"));
            let lines: Vec<String> = code
                .lines()
                .filter(|line| line.contains(".expose()") && !line.trim_start().starts_with("//") && !is_test)
                .map(|line| format!("{}: {}", path.display(), line.trim()))
                .collect();
            lines
        })
        .collect();
    assert!(places.len() <= 30, "defend or remove: {places:#?}");
}

/// The public functions of a front end's file, without `async`.
fn public_functions(name: &str, file: &str) -> BTreeSet<String> {
    let path = root().join(format!("crates/carto-auth-{name}/src/{file}.rs"));
    let text = fs::read_to_string(path).unwrap();
    let lines = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pub "));
    let functions = lines.filter_map(|line| line.trim_start_matches("async ").strip_prefix("fn "));
    functions
        .map(|line| line.split(['(', '<']).next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_two_front_ends_have_the_same_names() {
    // The client itself, and what only one stack's requests allow.
    let own = ["agent", "client", "send"];
    for file in ["carto_auth", "login", "authorize", "carto_dw", "m2m", "oauth"] {
        let of = |name| {
            let mut names = public_functions(name, file);
            names.retain(|name| !own.contains(&name.as_str()));
            names
        };
        assert_eq!(of("ureq"), of("reqwest"), "{file}.rs");
        assert!(!of("ureq").is_empty(), "{file}.rs");
    }
}

#[test]
fn each_of_the_python_packages_13_defects_has_a_test_named_after_it() {
    let files = files("rs");
    for number in 1..=13 {
        let name = format!("fn defect_{number:02}_");
        assert!(
            files.iter().any(|(_, text)| text.contains(&name)),
            "no test's name begins with defect_{number:02}_; the list is in tests/suites/python_defects/main.rs"
        );
    }
}

//! What is linked into each crate, and what must not be.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::{files, root};

type Names = BTreeSet<String>;

/// Every published crate, and the one that it stands on: its list names what it brings beyond that one.
const CRATES: [(&str, Option<&str>); 7] = [
    ("carto-auth-core", None),
    ("carto-auth-native", Some("carto-auth-core")),
    ("carto-auth-ureq", Some("carto-auth-native")),
    ("carto-auth-cli", Some("carto-auth-ureq")),
    ("carto-auth-reqwest", Some("carto-auth-native")),
    ("carto-auth-bigquery", Some("carto-auth-reqwest")),
    ("carto-auth-sandbox", None),
];

const LIST: &str = "tests/suites/dependencies.txt";
const UPDATE: &str = "CARTO_AUTH_UPDATE";

/// Versions with known holes end below these; `deny.toml` says which holes.
const MINIMUM: [(&str, [u64; 3]); 5] = [
    ("webbrowser", [1, 2, 2]),
    ("tracing-subscriber", [0, 3, 20]),
    ("rustls-webpki", [0, 103, 13]),
    ("idna", [1, 0, 0]),
    ("h2", [0, 4, 16]),
];
const NEVER: [&str; 3] = ["tiny_http", "serde_yaml", "serde_yml"];

/// The crates that are linked into a crate of ours, itself excluded, as cargo resolves them for Linux.
fn dependencies(of: &str) -> Names {
    static FOUND: Mutex<BTreeMap<String, Names>> = Mutex::new(BTreeMap::new());
    // cargo would wait for its own lock just as well.
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    found.entry(of.to_owned()).or_insert_with(|| tree(of)).clone()
}

fn tree(of: &str) -> Names {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal,no-proc-macro"])
        .args(["--prefix", "none", "--format", "{p}", "-p", of])
        .args(["--target", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "run `cargo fetch --locked` if a crate is missing: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| *name != of);
    names.map(str::to_owned).collect()
}

/// What a crate brings beyond the one that it stands on.
fn brought(of: &str, base: Option<&str>) -> Names {
    let mut found = dependencies(of);
    if let Some(base) = base {
        let below = dependencies(base);
        assert!(below.is_subset(&found), "{of} does not stand on {base}");
        found.retain(|name| !below.contains(name) && name != base);
    }
    found
}

fn heading(of: &str, base: Option<&str>) -> String {
    match base {
        Some(base) => format!("[{of}, beyond {base}]"),
        None => format!("[{of}]"),
    }
}

#[test]
fn every_crate_links_what_the_list_says() {
    let is_update = env::var_os(UPDATE).is_some_and(|value| value == "dependencies");
    let repair = format!("`{UPDATE}=dependencies cargo test -p carto-auth-tests --test tidy` writes it anew");
    let old = fs::read_to_string(root().join(LIST)).unwrap_or_default();
    let mut new = format!("# What each published crate links on Linux. Read the diff; {repair}.\n");
    for (of, base) in CRATES {
        write!(new, "\n{}\n", heading(of, base)).unwrap();
        for name in brought(of, base) {
            writeln!(new, "{name}").unwrap();
        }
    }
    if is_update {
        fs::write(root().join(LIST), &new).unwrap();
        return;
    }
    for (of, base) in CRATES {
        let section = |text: &str| -> Names {
            let lines = text.lines().skip_while(|line| *line != heading(of, base)).skip(1);
            let names = lines.take_while(|line| !line.is_empty());
            names.map(str::to_owned).collect()
        };
        let (listed, found) = (section(&old), section(&new));
        let come: Vec<_> = found.difference(&listed).collect();
        let gone: Vec<_> = listed.difference(&found).collect();
        assert!(
            come.is_empty() && gone.is_empty(),
            "{of}: {come:?} came, {gone:?} went; if that is meant, {repair} ({LIST})"
        );
    }
    assert_eq!(old, new, "{repair}");
}

#[test]
fn every_published_crate_is_on_the_list() {
    let listed: Names = CRATES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let manifests = files("toml").into_iter().filter(|(path, text)| {
        path.starts_with("crates") && path.ends_with("Cargo.toml") && !text.contains("publish = false")
    });
    let name = |text: &str| text.split('"').nth(1).unwrap().to_owned();
    let published: Names = manifests.map(|(_, text)| name(&text)).collect();
    assert_eq!(published, listed);
}

#[test]
fn the_core_stays_within_47_crates() {
    // 45 was the budget before the core read YAML and HTTP heads: with granit-parser (2 crates) and httparse.
    let found = dependencies("carto-auth-core");
    assert!(found.len() <= 47, "the budget is 47 crates, not {}", found.len());
}

#[test]
fn the_command_line_stays_below_a_hundred_crates_and_without_aws_lc() {
    let found = dependencies("carto-auth-cli");
    assert!(found.len() <= 100, "{}", found.len());
    without(
        &found,
        &[
            "aws-lc-sys",
            "aws-lc-rs",
            "tokio",
            "openssl-sys",
            "carto-auth-sandbox",
        ],
    );
}

#[test]
fn the_async_transport_brings_one_tls_and_no_more_http_than_it_speaks() {
    let found = dependencies("carto-auth-reqwest");
    assert!(found.len() <= 110, "{}", found.len());
    let other_tls = ["aws-lc-sys", "aws-lc-rs", "native-tls", "openssl-sys"];
    without(&found, &[&other_tls[..], &["h2", "carto-auth-sandbox"]].concat());
}

fn without(found: &Names, unwanted: &[&str]) {
    for name in unwanted {
        assert!(!found.contains(*name), "{name}");
    }
}

#[test]
fn nothing_is_locked_below_the_version_that_mended_it() {
    let locks = ["Cargo.lock", "fuzz/Cargo.lock"].map(|lock| fs::read_to_string(root().join(lock)).unwrap());
    let lock = locks.concat();
    let mut seen = Names::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |key: &str| {
            let rest = package.split_once(&format!("\n{key} = \"")).unwrap().1;
            rest.split_once('"').unwrap().0
        };
        let (name, version) = (value("name"), value("version"));
        assert!(!NEVER.contains(&name), "{name} is locked");
        if let Some((_, minimum)) = MINIMUM.iter().find(|(listed, _)| *listed == name) {
            assert!(
                version_of(version) >= (*minimum, true),
                "{name} {version} is locked"
            );
            seen.insert(name.to_owned());
        }
    }
    assert!(
        seen.contains("webbrowser") && seen.contains("rustls-webpki"),
        "{seen:?}"
    );
}

/// A version, to be compared: its numbers, and whether it is more than a pre-release of them.
fn version_of(text: &str) -> ([u64; 3], bool) {
    let text = text.split('+').next().unwrap();
    let (release, is_release) = match text.split_once('-') {
        Some((release, _)) => (release, false),
        None => (text, true),
    };
    let mut numbers = [0; 3];
    for (number, part) in numbers.iter_mut().zip(release.split('.')) {
        *number = part.parse().unwrap();
    }
    (numbers, is_release)
}

#[test]
fn versions_are_compared_by_their_numbers() {
    let minimum = ([0, 103, 13], true);
    for good in ["0.103.13", "0.103.13+x", "0.103.14-rc.1", "0.200.0", "1.0.0"] {
        assert!(version_of(good) >= minimum, "{good}");
    }
    for bad in ["0.103.9", "0.103.13-rc.1", "0.99.99"] {
        assert!(version_of(bad) < minimum, "{bad}");
    }
}

#[test]
fn cargo_deny_refuses_the_same() {
    let deny = fs::read_to_string(root().join("deny.toml")).unwrap();
    for (name, [major, minor, patch]) in MINIMUM {
        let line = format!("{{ crate = \"{name}:<{major}.{minor}.{patch}\"");
        assert!(deny.contains(&line), "deny.toml: {line}");
    }
    for name in NEVER {
        let line = format!("{{ crate = \"{name}\"");
        assert!(deny.contains(&line), "deny.toml: {line}");
    }
}

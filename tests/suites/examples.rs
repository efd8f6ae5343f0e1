//! The examples of every crate run, and print what docs/examples.md says.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use carto_auth_tests::{bare, is_like, run, transcripts};

/// Its example has a test beside it, for that crate is built apart from the others.
const APART: &str = "carto-auth-bigquery";
/// Cargo builds and runs its own tests in place of it; they assert what it prints.
const TESTED: &str = "tested_application";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What the page shows: package, example, and what is printed.
fn shown() -> Vec<(String, String, String)> {
    let page = fs::read_to_string(root().join("docs/examples.md")).unwrap();
    let parts = transcripts(&page, "text").into_iter().map(|(command, printed)| {
        let names = command.strip_prefix("cargo run -p ").unwrap();
        let (package, example) = names.split_once(" --example ").unwrap();
        (package.to_owned(), example.to_owned(), printed)
    });
    parts.collect()
}

/// Runs an example, which cargo has built beside the tests. (A cargo that is run in a test builds all anew, for build scripts
/// watch its variables.)
fn printed(package: &str, example: &str) -> String {
    let tests = std::env::current_exe().unwrap();
    let file = format!("{example}{}", std::env::consts::EXE_SUFFIX);
    let program = tests.ancestors().nth(2).unwrap().join("examples").join(file);
    assert!(
        program.exists(),
        "run `cargo build -p {package} --examples` before this test alone"
    );
    let outcome = run(&mut bare(program), "").unwrap();
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (Some(0), ""),
        "{outcome:?}"
    );
    outcome.stdout
}

#[test]
fn every_example_prints_what_its_page_says() {
    for (package, example, said) in shown() {
        if package != APART && example != TESTED {
            let printed = printed(&package, &example);
            assert!(is_like(&printed, &said), "{example} prints {printed}not {said}");
        }
    }
}

#[test]
fn every_example_is_on_the_page() {
    let mut folders = vec![("carto-auth-tests".to_owned(), root().join("tests/examples"))];
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let (name, folder) = entry.map(|entry| (entry.file_name(), entry.path())).unwrap();
        folders.push((name.into_string().unwrap(), folder.join("examples")));
    }
    let mut programs = BTreeSet::new();
    for (package, folder) in folders {
        for path in fs::read_dir(folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
        {
            if fs::read_to_string(&path).unwrap().contains("fn main()") {
                programs.insert((
                    package.clone(),
                    path.file_stem().unwrap().to_str().unwrap().to_owned(),
                ));
            }
        }
    }
    let shown = shown()
        .into_iter()
        .map(|(package, example, _)| (package, example));
    assert_eq!(shown.collect::<BTreeSet<_>>(), programs);
}

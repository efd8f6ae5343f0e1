//! Compares what the scenarios of `tests/suites` were seen to do over each transport; the tests keep that in
//! `target/tmp/conformance/SCENARIO/TRANSPORT`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::{say, target_folder};

const TRANSPORTS: [&str; 4] = ["ureq", "reqwest", "plain", "cli"];

/// The table, scenarios × transports.
type Seen = BTreeMap<String, BTreeMap<String, String>>;

/// Forgets what earlier runs have seen.
pub(crate) fn forget() -> io::Result<()> {
    match fs::remove_dir_all(folder()) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Says how many scenarios ran, and fails if one of them differs between two transports.
pub(crate) fn compare() -> io::Result<()> {
    let seen = read()?;
    let runs: usize = seen.values().map(BTreeMap::len).sum();
    let outcomes: usize = seen
        .values()
        .flat_map(BTreeMap::values)
        .map(|text| text.lines().count())
        .sum();
    let different: Vec<&str> = seen
        .iter()
        .filter(|(_, over)| over.values().collect::<BTreeSet<_>>().len() > 1)
        .map(|(scenario, _)| scenario.as_str())
        .collect();
    let noted = |over: &&BTreeMap<String, String>| over.values().any(|text| !text.is_empty());
    let compared = seen.values().filter(noted).count();
    say(&format!(
        "== conformance: {} scenarios passed in {runs} runs over {} transports; {compared} of them noted {outcomes} outcomes \
         to compare, {} differences",
        seen.len(),
        TRANSPORTS.len(),
        different.len()
    ))?;
    if let Some((scenario, _)) = seen.iter().find(|(_, over)| noted(over) && over.len() == 1) {
        return Err(io::Error::other(format!(
            "{scenario} has run over one transport only"
        )));
    }
    match &different[..] {
        [] if seen.is_empty() => Err(io::Error::other("no scenario has run: run `cargo xtask test`")),
        [] => Ok(()),
        _ => Err(io::Error::other(format!(
            "transports differ in {}; see {}",
            different.join(", "),
            folder().display()
        ))),
    }
}

/// Prints the table of the last run: how many outcomes of each scenario were compared, or a mark where it has none.
pub(crate) fn table() -> io::Result<()> {
    say(&format!("| scenario | {} |", TRANSPORTS.join(" | ")))?;
    say(&format!("|---|{}", "---|".repeat(TRANSPORTS.len())))?;
    for (scenario, over) in read()? {
        let cell = |transport: &&str| match over.get(*transport).map(|text| text.lines().count()) {
            Some(0) => "passed".to_owned(),
            Some(outcomes) => outcomes.to_string(),
            None => "–".to_owned(),
        };
        let cells: Vec<String> = TRANSPORTS.iter().map(cell).collect();
        say(&format!(
            "| {} | {} |",
            scenario.replace('_', " "),
            cells.join(" | ")
        ))?;
    }
    compare()
}

fn read() -> io::Result<Seen> {
    let mut seen = Seen::new();
    let scenarios = match fs::read_dir(folder()) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(seen),
        scenarios => scenarios?,
    };
    for scenario in scenarios {
        let scenario = scenario?;
        let mut over = BTreeMap::new();
        for file in fs::read_dir(scenario.path())? {
            let file = file?;
            let name = file.file_name().to_string_lossy().into_owned();
            over.insert(name, fs::read_to_string(file.path())?);
        }
        seen.insert(scenario.file_name().to_string_lossy().into_owned(), over);
    }
    Ok(seen)
}

fn folder() -> PathBuf {
    target_folder().join("tmp/conformance")
}

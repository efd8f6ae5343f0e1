//! What the tests beside the real Python package counted; they keep it in `target/tmp/interop`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::checks::check;
use crate::{cargo, root, say, target_folder};

const HAMMER: &str = "hammer";

/// How long each round of the hammer lasts, in seconds.
pub(crate) const A_MINUTE: (&str, &str) = ("CARTO_AUTH_HAMMER_SECONDS", "60");

/// Runs them with a minute for each round of the hammer, and prints the counts.
pub(crate) fn run() -> io::Result<()> {
    forget()?;
    // What is ours beside Python's is an example.
    let build = cargo(&[
        "build",
        "--locked",
        "-p",
        "carto-auth-tests",
        "--example",
        "our_peer",
    ]);
    let beside = [
        "test",
        "--locked",
        "-p",
        "carto-auth-tests",
        "--test",
        "python",
        "--test",
        "parity",
    ];
    let mut hammer = cargo(&["test", "--locked", "-p", "carto-auth-cli", "--test", HAMMER]);
    hammer.envs([A_MINUTE]);
    for command in [build, cargo(&beside), hammer] {
        check("beside Python", command, "see the failure above")?;
    }
    tables()
}

/// Forgets what earlier runs have counted.
pub(crate) fn forget() -> io::Result<()> {
    match fs::remove_dir_all(folder()) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Prints what they counted when they last ran.
pub(crate) fn tables() -> io::Result<()> {
    matrix()?;
    hammer()?;
    parity()
}

/// Cells and right verdicts of the matrix, over all zones.
fn matrix() -> io::Result<()> {
    let mut rows: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    let mut zones = Vec::new();
    for file in fs::read_dir(folder())? {
        let file = file?;
        let zone = file.file_name().to_string_lossy().replace(' ', "/");
        if zone == HAMMER {
            continue;
        }
        for line in fs::read_to_string(file.path())?.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [row, cells, right] = fields[..] else {
                return Err(io::Error::other(format!("{zone}: {line}")));
            };
            let counts = rows.entry(row.to_owned()).or_default();
            for (count, text) in counts.iter_mut().zip([cells, right]) {
                *count += text.parse::<usize>().map_err(io::Error::other)?;
            }
        }
        zones.push(zone);
    }
    zones.sort();
    say(&format!("\n{} zones: {}\n", zones.len(), zones.join(", ")))?;
    say("| verdict | cells | right |\n|---|---|---|")?;
    for (row, [cells, right]) in rows {
        say(&format!("| {row} | {cells} | {right} |"))?;
    }
    Ok(())
}

fn hammer() -> io::Result<()> {
    say(
        "\n| one file, tokens of 2 s | `from_m2m` of Python | of them crashed | processes of ours | errors | warnings | token requests |\n\
         |---|---|---|---|---|---|---|",
    )?;
    for line in fs::read_to_string(folder().join(HAMMER))?.lines() {
        say(&format!("| {} |", line.replace('\t', " | ")))?;
    }
    Ok(())
}

fn parity() -> io::Result<()> {
    let page = fs::read_to_string(root().join("docs/coming-from-python.md"))?;
    let counts = page.lines().find(|line| line.starts_with("There are "));
    say(&format!("\nParity: {}", counts.unwrap_or_default()))
}

fn folder() -> PathBuf {
    target_folder().join("tmp/interop")
}

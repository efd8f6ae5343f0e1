//! Everybody at once, with nothing cached.

use std::io;
use std::process::{Child, Stdio};
use std::time::Instant;

use crate::bench::programs::{CLIENT, PEERS, Programs, Scheme};
use crate::bench::{Table, shown};
use crate::measure::{Spread, printed};
use crate::scene::cold;

const ROUNDS: usize = 5;
/// How long the server takes, in milliseconds.
const DELAY: u32 = 50;
const PROCESSES: usize = 200;

/// How many requests a server sees of many that ask at once, and how long the last one waits.
pub(super) fn table(programs: &Programs) -> io::Result<String> {
    let mut table = Table::new(
        "### Everybody at once",
        "Nothing is cached, and the server takes 50 ms. The requests are the most of five rounds.",
        &["who", "requests", "ms until the last is served, min / median"],
    );
    for askers in [1000, 100] {
        for peer in &PEERS {
            let (requests, waits) = rounds(programs, |url| {
                let mut command = programs.peer(peer);
                printed(command.arg("herd").arg(url).arg(askers.to_string()))
            })?;
            table.row(&[
                format!("{askers} tasks or threads: {}", peer.with_its_keeper()),
                requests.to_string(),
                shown(waits),
            ])?;
        }
    }
    let (requests, waits) = rounds(programs, |url| processes(programs, url))?;
    table.row(&[
        format!("{PROCESSES} processes: **carto-auth token**"),
        requests.to_string(),
        shown(waits),
    ])?;
    Ok(table.text)
}

/// The most requests of several rounds, and how long each took.
fn rounds(programs: &Programs, round: impl Fn(&str) -> io::Result<f64>) -> io::Result<(u64, Spread)> {
    let (mut most, mut waits) = (0, Vec::new());
    for _ in 0..ROUNDS {
        let server = programs.server(Scheme::Http, DELAY)?;
        waits.push(round(&server.url)?);
        most = most.max(server.counts()?.requests);
    }
    Ok((most, Spread::of(waits.into_iter())))
}

/// Starts so many processes on an empty cache; the milliseconds until the last has its token.
fn processes(programs: &Programs, url: &str) -> io::Result<f64> {
    let home = programs.folder("processes")?;
    let begun = Instant::now();
    let started: Vec<Child> = (0..PROCESSES)
        .map(|_| {
            cold(&programs.command_line, &home, url, CLIENT)
                .stdout(Stdio::null())
                .spawn()
        })
        .collect::<io::Result<_>>()?;
    for mut process in started {
        if !process.wait()?.success() {
            return Err(io::Error::other("a process of the herd got no token"));
        }
    }
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

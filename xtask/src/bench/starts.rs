//! Whole processes: a token from the cache, and one from the server.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::programs::{CLIENT, PEERS, Programs, Scheme, Server};
use crate::bench::{Table, count, figures, shown, times_ours};
use crate::measure::{in_turn, instructions, mebibytes, run};
use crate::say;
use crate::scene::{Cached, cold as cold_command_line};

const ROUNDS: usize = 31;
const GH: &str = "gh auth token";

/// A token that is in the cache, printed.
pub(super) fn from_the_cache(programs: &Programs) -> io::Result<String> {
    let scene = Cached::new()?;
    let reading = |mut command: Command| {
        command.arg(scene.file());
        command
    };
    let mut clap = programs.program("floor-clap");
    clap.arg("token");
    let mut rows = vec![
        ("**carto-auth token**", scene.token(&programs.command_line, &[])),
        ("empty program (C, static)", programs.program("c-empty")),
        ("read and print (C, static)", reading(programs.program("c-read"))),
        ("empty program (Rust)", programs.program("floor-empty")),
        (
            "read, serde_json, print (Rust)",
            reading(programs.program("floor-read")),
        ),
        ("the same + clap", reading(clap)),
    ];
    // The package alone keeps tokens.
    for peer in PEERS.iter().filter(|peer| peer.keeps_tokens()) {
        let mut command = programs.peer(peer);
        command.arg("cached");
        rows.push((peer.name, reading(command)));
    }
    match installed("gh") {
        Some(path) => rows.push((GH, gh(programs, &path)?)),
        None => say("gh is not installed, so its row is missing")?,
    }
    measured(
        programs,
        "### Print a token that is in the cache",
        "Whole processes, from start to end.",
        rows,
    )
}

fn installed(program: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|path| path.exists())
}

/// GitHub's command line, with a token in its own cache.
fn gh(programs: &Programs, path: &Path) -> io::Result<Command> {
    let folder = programs.folder("gh")?;
    let hosts = "github.com:\n    oauth_token: gho_0123456789\n    user: nobody\n";
    fs::write(folder.join("hosts.yml"), hosts)?;
    let mut command = programs.alone(path);
    command.args(["auth", "token"]).env("GH_CONFIG_DIR", folder);
    Ok(command)
}

/// A token of a machine, asked for by a process that knows none.
pub(super) fn cold(programs: &Programs, scheme: Scheme) -> io::Result<String> {
    let server = programs.server(scheme, 0)?;
    let ca = programs.ca();
    let ours = |server: &Server, trusted: &Path| {
        let home = programs.folder("cold")?;
        let mut command = cold_command_line(&programs.command_line, &home, &server.url, CLIENT);
        command.arg("--no-cache").env(TRUSTED, trusted);
        Ok::<_, io::Error>(command)
    };
    let mut rows = vec![("**carto-auth token --no-cache**", ours(&server, &ca)?)];
    if scheme == Scheme::Https {
        let bundle = with_the_systems(programs)?;
        rows.push((
            "**the same, with a system's certificates**",
            ours(&server, &bundle)?,
        ));
    }
    for peer in &PEERS {
        let mut command = programs.peer(peer);
        command.arg("fetch").arg(&server.url).env(TRUSTED, &ca);
        if scheme == Scheme::Https {
            command.arg(&ca);
        }
        rows.push((peer.name, command));
    }
    let title = match scheme {
        Scheme::Http => "### Get a token, http",
        Scheme::Https => "### Get a token, https",
    };
    let mut table = measured(
        programs,
        title,
        "Whole processes that know no token, with a server on loopback that answers at once.",
        rows,
    )?;
    let once = programs.server(scheme, 0)?;
    run(&mut ours(&once, &ca)?)?;
    let counts = once.counts()?;
    table.push_str(&format!(
        "\nThe server saw {} request of carto-auth over {} connection.\n",
        counts.requests, counts.connections
    ));
    Ok(table)
}

/// The variable that stands for the system's certificates, which some libraries read for http, too.
const TRUSTED: &str = "SSL_CERT_FILE";

/// The certificates of this system, and the CA of the servers.
fn with_the_systems(programs: &Programs) -> io::Result<PathBuf> {
    let mut all = fs::read(BUNDLE).map_err(|error| io::Error::other(format!("{BUNDLE}: {error}")))?;
    all.extend(fs::read(programs.ca())?);
    let path = programs.folder("certificates")?.join("all.pem");
    fs::write(&path, all)?;
    Ok(path)
}

/// Of Debian's package `ca-certificates`.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The first row is ours.
fn measured(
    programs: &Programs,
    title: &'static str,
    explained: &str,
    rows: Vec<(&str, Command)>,
) -> io::Result<String> {
    let columns = [
        "program",
        "wall ms, min / median",
        "CPU ms, min / median",
        "CPU, times ours",
        "MiB",
        "instructions",
    ];
    let mut table = Table::new(title, explained, &columns);
    let (names, mut commands): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let costs = in_turn(ROUNDS, &mut commands)?;
    let Some(ours) = costs.first() else {
        return Ok(table.text);
    };
    for ((name, costs), command) in names.iter().zip(&costs).zip(&commands) {
        table.row(&[
            (*name).to_owned(),
            shown(costs.wall()),
            shown(costs.cpu()),
            times_ours(costs.cpu(), ours.cpu()),
            figures(mebibytes(&programs.path("c-peak"), command)?),
            // Go's programs do not run under valgrind.
            match *name {
                GH => "–".to_owned(),
                _ => count(instructions(command)?),
            },
        ])?;
    }
    Ok(table.text)
}

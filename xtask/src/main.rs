//! The project's own commands; `cargo xtask help` lists them.

mod checks;
mod conformance;
mod demo;
mod interop;
mod torture;
mod fuzz;
mod measure;
mod scene;
mod budgets;
mod bench;
mod manual;
mod book;
mod package;
mod dist;
mod public_api;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::demo::Browser;
use crate::dist::Deb;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  demo   start a CARTO on loopback, log in and get tokens from it; no account, no network
         (--browser: you log in, with your own browser)
  test   run every test, compare the transports, and count what has a budget
  fuzz [TARGET] [--seconds N]
         run each fuzz target, or one, for 300 seconds, or so many
  conformance
         the scenarios of the last test run over each transport, as a table
  interop
         hammer one token file with the Python package and carto-auth for a minute in each of three rounds, and
         print that and the matrix of zones as tables, and how far the parity with Python goes
  torture
         every attack on the promises of SECURITY.md at its full length, and the figures as tables
         (--figures: those of the last runs)
  bench
         measure carto-auth beside its peers, and write the tables into docs/performance.md
         (--footprint: with the builds from nothing, which take minutes)
  budgets
         count the instructions and allocations that have a budget
  manual write what is made from the command tree: docs/command-line.md, the completions of shells, and the man pages,
         which are put into target/man
  book   build the book in target/book, and follow its links (needs mdbook)
  package
         put every crate together as it would be published, build them from that (but for --no-build), and list them
  dist   the archive of a release for this machine, into target/dist
         (--deb: and a Debian package, unpacked and tried; --deb --install: installed and removed too, as root)
  public-api
         write the public items of each library into crates/NAME/public-api.txt (--check: or see that they are there)
  tidy   what can be seen without running anything: names, sizes of files, exposed secrets, pages, dependencies
  lint   formatting, clippy, documentation, public items, the book, dependencies
  ci     lint, test and package, and each fuzz target for 5 seconds
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["demo"] => demo::run(Browser::Scripted),
        ["demo", "--browser"] => demo::run(Browser::Own),
        ["test"] => checks::test(),
        ["fuzz", ref rest @ ..] => fuzz::run(rest),
        ["conformance"] => conformance::table(),
        ["interop"] => interop::run(),
        ["torture"] => torture::run(),
        ["torture", "--figures"] => torture::tables(),
        ["bench"] => bench::run(false),
        ["bench", "--footprint"] => bench::run(true),
        ["budgets"] => budgets::check(),
        ["manual"] => manual::write(),
        ["book"] => book::build(),
        ["package"] => package::run(true),
        ["package", "--no-build"] => package::run(false),
        ["dist"] => dist::run(Deb::No),
        ["dist", "--deb"] => dist::run(Deb::Yes),
        ["dist", "--deb", "--install"] => dist::run(Deb::Installed),
        ["public-api"] => public_api::write(),
        ["public-api", "--check"] => public_api::fresh(),
        ["tidy"] => checks::tidy(),
        ["lint"] => checks::lint(),
        ["ci"] => checks::lint()
            .and_then(|()| checks::test())
            .and_then(|()| package::run(false))
            .and_then(|()| fuzz::smoke()),
        ["help" | "-h" | "--help"] => say(HELP),
        _ => Err(io::Error::other(format!("unknown command\n\n{HELP}"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned()
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    // ring looks at what `cargo run` says of this xtask, and would be built again each time, with all that stands on it.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

//! The command line `carto-auth`: log in to CARTO, and get access tokens for it in a shell.
//!
//! # In scope
//! The commands, what they print, how they fail.
//!
//! # Deliberately absent
//! An API. This is a library so that the project can make the manual from the command tree; [`main`] and [`command`] change
//! as they need to. Programs use `carto-auth-ureq` or `carto-auth-reqwest`.
//!
//! ```
//! let command = carto_auth_cli::command();
//! assert!(command.find_subcommand("token").is_some());
//! ```
//!
//! # Inside
//! Every module has one duty: `arguments` is the command tree, `global` what every command takes, `identity` decides whose token is asked for, `commands` holds
//! one file per command, `quote` makes assignments for shells, `output` is the only place that writes to stdout, `failure`
//! turns errors into exit codes, `talk` is the only place that writes to stderr, `waiting` says whom we wait for, `patience` for how long we wait for what is read, `certificates` reads
//! what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, `proxy` is about the proxy on the way to a host.

mod arguments;
mod global;
mod endpoints;
mod identity;
mod time;
mod output;
mod failure;
mod talk;
mod waiting;
mod patience;
mod quote;
mod certificates;
mod proxy;
mod commands;

use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;

/// Carries out the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let mut arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => return failure::usage(&error),
    };
    talk::start(&arguments.global);
    if !matches!(arguments.command, Command::Doctor) {
        talk::warn_of_variables();
    }
    let outcome = arguments.global.check().and_then(|()| {
        let taken = arguments.global.take_environment();
        run(&arguments, taken)
    });
    waiting::end();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(arguments.global.json),
    }
}

/// The command tree.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

/// A variable that holds nothing usable is an error of every command, but for the one that looks for such things.
fn run(arguments: &Arguments, taken: Result<(), Failure>) -> Result<(), Failure> {
    let global = &arguments.global;
    match (&arguments.command, taken) {
        (Command::Doctor, taken) => commands::doctor::run(global, taken.err()),
        (_, Err(failure)) => Err(failure),
        (Command::Login(options), Ok(())) => commands::login::run(global, options),
        (Command::Token(options), Ok(())) => commands::token::run(global, options),
        (Command::Dw(options), Ok(())) => commands::dw::run(global, options),
        (Command::Env(options), Ok(())) => commands::env::run(global, options),
        (Command::Status(options), Ok(())) => commands::status::run(global, options),
        (Command::Logout, Ok(())) => commands::logout::run(global),
        (Command::Completions(options), Ok(())) => commands::completions::run(options.shell),
    }
}

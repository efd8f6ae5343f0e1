//! `carto-auth env`: a token as variables, printed for a shell or given to a command.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::process::Command;

use carto_auth_core::{AccessToken, Secret};

use crate::arguments::{EnvCommand, Format};
use crate::failure::Failure;
use crate::global::Global;
use crate::identity::{self, Chosen};
use crate::{output, quote, waiting};

/// The names are part of the interface, and safe in every format.
type Variables = Vec<(&'static str, Secret)>;

pub(crate) fn run(global: &Global, options: &EnvCommand) -> Result<(), Failure> {
    check(global, options)?;
    let chosen = identity::choose(global)?;
    let variables = variables(&chosen, options)?;
    let pairs: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.expose()))
        .collect();
    match options.command.split_first() {
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            command.args(arguments).envs(pairs);
            waiting::end();
            Err(Failure::program(program, &become_program(&mut command)))
        }
        None if global.json => output::json(&BTreeMap::from_iter(pairs)),
        None => output::answer(&assignments(&pairs, options.format.unwrap_or_default())?),
    }
}

/// What clap does not see: `--json` may stand before `env`, and nothing may stand after `--`.
fn check(global: &Global, options: &EnvCommand) -> Result<(), Failure> {
    if global.json && (options.format.is_some() || !options.command.is_empty()) {
        return Err(Failure::usage(
            "--json cannot be used with --format or a command",
            "leave --json out",
        ));
    }
    // A script whose command has come out empty does not want the token in its log.
    if options.command.is_empty() && env::args_os().next_back().is_some_and(|last| last == "--") {
        return Err(Failure::usage(
            "there is no command after --",
            "name one, or leave -- out to print the variables",
        ));
    }
    if options.command.first().is_some_and(|program| program.is_empty()) {
        return Err(Failure::usage("the command after -- is empty", "name a program"));
    }
    Ok(())
}

fn variables(chosen: &Chosen, options: &EnvCommand) -> Result<Variables, Failure> {
    // The Data Warehouse comes first: an access token that CARTO refuses there is not one to hand out.
    let warehouse = match options.dw {
        true => warehouse(chosen)?,
        false => Vec::new(),
    };
    let token = token(chosen)?;
    let api_base_url = chosen
        .auth
        .api_base_url()
        .map_err(|error| chosen.failure(error))?;
    let mut variables = vec![
        ("CARTO_ACCESS_TOKEN", token.secret().clone()),
        ("CARTO_API_BASE_URL", Secret::new(api_base_url.as_str())),
    ];
    variables.extend(warehouse);
    Ok(variables)
}

/// What Google's libraries, gcloud and bq, and Terraform read.
fn warehouse(chosen: &Chosen) -> Result<Variables, Failure> {
    let credentials = chosen.auth.carto_dw_credentials();
    let credentials = credentials.map_err(|error| chosen.failure(error))?;
    let project_id = || Secret::new(credentials.project_id());
    Ok(vec![
        ("GOOGLE_CLOUD_PROJECT", project_id()),
        ("CLOUDSDK_CORE_PROJECT", project_id()),
        ("CLOUDSDK_AUTH_ACCESS_TOKEN", credentials.token().clone()),
        ("GOOGLE_OAUTH_ACCESS_TOKEN", credentials.token().clone()),
    ])
}

/// A token for a while: variables are not renewed, so a renewal that is due comes first.
fn token(chosen: &Chosen) -> Result<AccessToken, Failure> {
    let auth = &chosen.auth;
    let token = auth.access_token().and_then(|_| {
        chosen.settle();
        auth.cached_token().map_or_else(|| auth.access_token(), Ok)
    });
    token.map_err(|error| chosen.failure(error))
}

fn assignments(pairs: &[(&str, &str)], format: Format) -> Result<String, Failure> {
    let line = |(name, value): &(&str, &str)| {
        quote::assignment(format, name, value).ok_or_else(|| {
            Failure::usage(
                format!("{name} holds characters that not every reader of this format takes as they are"),
                "choose another --format, or give a command: `carto-auth env -- CMD`",
            )
        })
    };
    let lines: Vec<String> = pairs.iter().map(line).collect::<Result<_, _>>()?;
    Ok(lines.join("\n"))
}

/// Goes on as another program: its process is this one, so that signals, terminal, standard input and exit code are its
/// own. Returns only to say why it could not. Our descriptors are closed on the way, and std, which ignores SIGPIPE, takes
/// that back.
#[cfg(unix)]
fn become_program(command: &mut Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

/// Goes on as another program, as far as that can be done here: waits for it and ends with its exit code. Returns only to
/// say why it could not.
#[cfg(not(unix))]
fn become_program(command: &mut Command) -> io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

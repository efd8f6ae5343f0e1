//! `floor-read` with a command line like that of `carto-auth token`.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::{fs, io};

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

/// Print a token from a file
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Credentials file of a machine, or - for standard input
    #[arg(long, global = true, value_name = "FILE")]
    credentials: Option<PathBuf>,

    /// Whose token
    #[arg(long, global = true, value_name = "MODE")]
    mode: Option<Mode>,

    /// Which of several logins
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,

    /// Keep the token nowhere
    #[arg(long, global = true)]
    no_cache: bool,

    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,

    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Say what is done and why
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,

    /// Colour on stderr
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,

    #[command(subcommand)]
    command: Command,
}

#[derive(ValueEnum, Clone)]
enum Mode {
    Oauth,
    M2m,
}

#[derive(ValueEnum, Clone)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
enum Command {
    /// Print the token
    Token {
        /// The file that it is in
        file: PathBuf,

        /// Print a whole header
        #[arg(long, conflicts_with = "json")]
        header: bool,

        /// Ask for a token that lives at least this many seconds yet
        #[arg(long, value_name = "TIME")]
        min_ttl: Option<u64>,

        /// Ask for a new token though this one is good
        #[arg(long, conflicts_with = "min_ttl")]
        refresh: bool,
    },
}

#[derive(serde::Deserialize)]
struct TokenFile {
    access_token: String,
    #[expect(dead_code, reason = "a program that means it would look at it")]
    expiration: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Command::Token { file, .. } = Arguments::parse().command;
    let file: TokenFile = serde_json::from_slice(&fs::read(file)?)?;
    writeln!(io::stdout(), "{}", file.access_token)?;
    Ok(())
}

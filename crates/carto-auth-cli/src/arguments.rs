//! The command tree.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Access tokens for CARTO in a shell.
#[derive(Parser, Debug)]
#[command(
    name = "carto-auth",
    version,
    after_help = "Examples:
  carto-auth token --credentials ci.json
  carto-auth token --header | curl -sS -H @- https://gcp-us-east1.api.carto.com/v3/…

stdout carries the answer alone, stderr everything else. Exit codes: 0 done, 1 unexpected,
2 usage, 3 fix the credentials, 4 a person must log in, 5 try again.",
    after_long_help = "Whose token, first match counts:
  1. --credentials FILE
  2. CARTO_CREDENTIALS_FILE
  3. CARTO_CLIENT_ID and CARTO_CLIENT_SECRET, with CARTO_API_BASE_URL

Other variables:
  CARTO_AUTH_HOME       folder of the token files, instead of ~/.carto-auth
  CARTO_AUTH_LOG        warn, info, debug or off: as -q, -v, -vv
  CARTO_AUTH_URL        base of the login service, for self-hosted CARTO
  CARTO_AUTH_AUDIENCE   audience of the tokens, for self-hosted CARTO
  HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR, NO_COLOR, CLICOLOR_FORCE

Examples:
  carto-auth token --credentials ci.json
  carto-auth token --header | curl -sS -H @- https://gcp-us-east1.api.carto.com/v3/…
  vault read -field=json secret/carto | carto-auth token --credentials -

stdout carries the answer alone, stderr everything else. Exit codes: 0 done, 1 unexpected,
2 usage, 3 fix the credentials, 4 a person must log in, 5 try again."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args, Debug)]
pub(crate) struct Global {
    /// CARTO credentials file of a machine, or - for standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) credentials: Option<PathBuf>,

    /// Keep the token nowhere
    #[arg(long, global = true)]
    pub(crate) no_cache: bool,

    /// Answer in JSON; errors too, on stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say what is done and why; twice for every request
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Colour on stderr
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Print a valid access token
    #[command(after_help = "Examples:
  carto-auth token --credentials ci.json
  carto-auth token --header | curl -sS -H @- https://gcp-us-east1.api.carto.com/v3/…
  carto-auth token --json --min-ttl 10m

The token comes from the cache while it is good; otherwise CARTO is asked.")]
    Token(TokenOptions),

    /// Say whose token would be used, and until when it is good; asks nobody
    #[command(visible_alias = "whoami")]
    Status,

    /// Forget the cached token
    Logout,
}

#[derive(Args, Debug)]
pub(crate) struct TokenOptions {
    /// Print a whole header: Authorization: Bearer …
    #[arg(long, conflicts_with = "json")]
    pub(crate) header: bool,

    /// Ask for a token that lives at least this long yet, such as 60s, 10m or 1h
    #[arg(long, value_name = "TIME", value_parser = crate::time::parse_duration)]
    pub(crate) min_ttl: Option<Duration>,

    /// Ask CARTO for a new token though the cached one is good
    #[arg(long, conflicts_with = "min_ttl")]
    pub(crate) refresh: bool,
}

//! The command tree.

use std::env;
use std::ffi::OsString;
use std::mem;
use std::time::Duration;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::global::Global;

/// Log in to CARTO, and get access tokens for it in a shell.
#[derive(Parser, Debug)]
#[command(
    name = "carto-auth",
    version,
    after_help = "Examples:
  carto-auth login
  carto-auth token --header | curl -sS -H @- https://gcp-us-east1.api.carto.com/v3/…

stdout carries the answer alone, stderr everything else. Exit codes: 0 done, 1 unexpected,
2 usage, 3 fix the credentials, 4 a person must log in, 5 try again.",
    after_long_help = "Whose token, first match counts:
  1. --credentials FILE
  2. --profile NAME: the login of that profile
  3. CARTO_CREDENTIALS_FILE
  4. CARTO_CLIENT_ID and CARTO_CLIENT_SECRET, with CARTO_API_BASE_URL
  5. the login that `carto-auth login` has stored
  --mode oauth (or m2m) takes the login (or the machine) alone; --profile goes neither with
  --mode m2m nor with --credentials. CARTO_PROFILE says which login 5 is, and no more.

Other variables:
  CARTO_AUTH_MODE           as --mode, without --mode, --profile and --credentials
  CARTO_PROFILE             which login, where --profile does not name one
  CARTO_AUTH_HOME           folder of the token files, instead of ~/.carto-auth
  CARTO_AUTH_LOG            warn, info, debug or off: as -q, -v, -vv
  CARTO_AUTH_NO_BROWSER     open no browser
  BROWSER, CI, NO_COLOR, CLICOLOR_FORCE, SSL_CERT_FILE, SSL_CERT_DIR
  ALL_PROXY, HTTPS_PROXY, HTTP_PROXY (the first that is set), NO_PROXY

For self-hosted and dedicated CARTO (https, or loopback):
  CARTO_AUTH_URL            base of the login service
  CARTO_ACCOUNTS_URL        base of the accounts service
  CARTO_APP_URL             base of the application, whose pages end a login
  CARTO_AUTH_CLIENT_ID      client id that people log in with
  CARTO_AUTH_REDIRECT_URI   its registered loopback address, if not http://localhost:10000/callback/
  CARTO_AUTH_AUDIENCE       audience of the tokens
  CARTO_ALLOWED_DOMAINS     domains, beside carto.com, that the APIs may be on; separated by commas

Examples:
  carto-auth login
  carto-auth token --credentials ci.json
  carto-auth token --header | curl -sS -H @- https://gcp-us-east1.api.carto.com/v3/…
  vault read -field=json secret/carto | carto-auth token --credentials -
  carto-auth env -- python load.py
  carto-auth dw

`carto-auth completions SHELL` prints what bash, zsh, fish or PowerShell completes it by.
stdout carries the answer alone, stderr everything else. Exit codes: 0 done, 1 unexpected,
2 usage, 3 fix the credentials, 4 a person must log in, 5 try again."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// Reads the command line. `carto-auth token …` is asked for at every turn, and what its own options are can be had
    /// without the rest of the tree, which takes four times as long to make; whatever is wrong with them, the tree says.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = env::args_os().collect();
        Self::token_alone(&arguments).map_or_else(|| Self::try_parse_from(&arguments), Ok)
    }

    fn token_alone(arguments: &[OsString]) -> Option<Self> {
        let (name, options) = arguments.get(1..)?.split_first()?;
        if name != "token" {
            return None;
        }
        // There is no other command that they could be global to.
        let mut command = TokenAlone::command().mut_args(|option| option.global(false));
        let matches = command.try_get_matches_from_mut(options);
        // The process is about to end: to free the tree would cost as much as to read the token file.
        mem::forget(command);
        let mut matches = matches.ok()?;
        let token = TokenAlone::from_arg_matches_mut(&mut matches).ok()?;
        Some(Self {
            global: token.global,
            command: Command::Token(token.options),
        })
    }
}

#[derive(Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct TokenAlone {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    options: TokenOptions,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Log in as a person, with the browser or a pasted code
    #[command(after_help = "Examples:
  carto-auth login
  carto-auth login --org acme
  carto-auth login --no-browser

Without a terminal it prints the address, and within ten minutes
`carto-auth login --code CODE` finishes the login.")]
    Login(LoginCommand),

    /// Print a valid access token
    #[command(after_help = "Examples:
  carto-auth token --credentials ci.json
  carto-auth token --header | curl -sS -H @- https://gcp-us-east1.api.carto.com/v3/…
  carto-auth token --json --min-ttl 10m

The token comes from the cache while it is good; otherwise CARTO is asked.")]
    Token(TokenOptions),

    /// Print the project and a token of the CARTO Data Warehouse
    #[command(after_help = "Examples:
  dw=$(carto-auth dw) && read -r project token <<< \"$dw\"
  carto-auth dw project --credentials ci.json
  carto-auth dw --json | jq -r .project_id
  carto-auth env --dw -- terraform plan

The answer is one line, PROJECT TOKEN; with --json, an object. The token is for Google's APIs,
such as BigQuery. It lives for an hour at most, of which some may have passed, and is kept
nowhere: every call asks CARTO. The exit codes are those of `carto-auth token`; 3 also where the
account has no access to a Data Warehouse, or there is none.")]
    Dw(DwOptions),

    /// Print a token as variables for a shell, or run a command with them
    #[command(after_help = "Examples:
  carto-auth env -- python load.py
  carto-auth env --dw -- terraform plan
  vars=$(carto-auth env) && eval \"$vars\"
  carto-auth env --format fish | source
  carto-auth env --format powershell | Out-String | Invoke-Expression
  docker run --env-file <(carto-auth env --format dotenv) IMAGE

The variables are CARTO_ACCESS_TOKEN and CARTO_API_BASE_URL; with --json, an object of them.
--dw adds the Data Warehouse: its project as GOOGLE_CLOUD_PROJECT and CLOUDSDK_CORE_PROJECT, its
token, which ends within the hour, as CLOUDSDK_AUTH_ACCESS_TOKEN and GOOGLE_OAUTH_ACCESS_TOKEN.
A command finds them beside all others, CARTO_CLIENT_SECRET too, and its exit code is this one's;
126: it cannot be run, 127: it is not there. The tokens are not renewed while it runs. Without a
token nothing is printed or run, and the exit codes are those of `carto-auth token`.")]
    Env(EnvCommand),

    /// Say whose token would be used, and until when it is good
    #[command(
        visible_alias = "whoami",
        after_help = "Examples:
  carto-auth status
  carto-auth status --credentials ci.json
  carto-auth status --verify --json"
    )]
    Status(StatusOptions),

    /// Try what a login and a token need: session, cache, hosts, clock, port, browser
    #[command(after_help = "Examples:
  carto-auth doctor
  carto-auth doctor --credentials ci.json
  carto-auth doctor --json | jq '.checks[] | select(.state == \"problem\")'

It changes nothing, asks for no token, opens no browser, and sends no credentials: each host is
asked for a page that anybody may have. ✓ is well, ! is worth knowing, ✗ is a problem, and - does
not count here. Exit codes: 0 no problem, 1 a problem, 2 usage.")]
    Doctor,

    /// Forget the login, or the cached token of a machine
    #[command(after_help = "Examples:
  carto-auth logout
  carto-auth logout --profile work
  carto-auth logout --credentials ci.json")]
    Logout,

    /// Print what a shell needs to complete this command line
    #[command(
        hide = true,
        after_help = "Where it goes (make the folder first, if it is not there):
  bash        carto-auth completions bash > ~/.local/share/bash-completion/completions/carto-auth
  zsh         carto-auth completions zsh > DIR/_carto-auth, with DIR in fpath before compinit
  fish        carto-auth completions fish > ~/.config/fish/completions/carto-auth.fish
  powershell  carto-auth completions powershell | Out-String | Invoke-Expression, in $PROFILE"
    )]
    Completions(CompletionsOptions),
}

#[derive(Args, Debug)]
pub(crate) struct LoginCommand {
    /// Organization with single sign-on, by its name
    #[arg(long, value_name = "ORG")]
    pub(crate) org: Option<String>,

    /// Open a browser, whatever this place looks like
    #[arg(long, conflicts_with = "no_browser")]
    pub(crate) browser: bool,

    /// Open no browser; paste the code that CARTO's page shows
    #[arg(long)]
    pub(crate) no_browser: bool,

    /// Finish the login that is pending with this code or address, or - for standard input
    // One of 64 codes begins with a hyphen.
    #[arg(long, value_name = "CODE", allow_hyphen_values = true, conflicts_with_all = ["org", "browser", "no_browser", "force", "timeout"])]
    pub(crate) code: Option<String>,

    /// Log in anew, though a login is there and the browser knows the person
    #[arg(long)]
    pub(crate) force: bool,

    /// How long to wait, such as 90s or 5m
    #[arg(long, value_name = "TIME", value_parser = crate::time::parse_duration, default_value = "5m")]
    pub(crate) timeout: Duration,

    /// Base of the account's APIs, instead of asking CARTO for it
    #[arg(long, value_name = "URL")]
    pub(crate) api_base_url: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct DwOptions {
    /// What to print alone
    #[arg(value_name = "PART")]
    pub(crate) part: Option<DwPart>,
}

/// A part of the Data Warehouse's credentials.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DwPart {
    Project,
    Token,
}

#[derive(Args, Debug)]
pub(crate) struct EnvCommand {
    /// Add the variables of the Data Warehouse, which Google's tools read
    #[arg(long)]
    pub(crate) dw: bool,

    /// Who reads the assignments: sh, which is the default, stands for bash, zsh, dash and ksh, too
    #[arg(long, value_name = "FORMAT", conflicts_with = "command")]
    pub(crate) format: Option<Format>,

    /// Command to run with the variables, and its arguments
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// What reads an assignment.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Format {
    #[default]
    Sh,
    Fish,
    Powershell,
    Dotenv,
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsOptions {
    /// The shell that completes
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

#[derive(Args, Debug)]
pub(crate) struct StatusOptions {
    /// Ask CARTO whether it still takes the token
    #[arg(long)]
    pub(crate) verify: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TokenOptions {
    /// Print a whole header: Authorization: Bearer …
    #[arg(long, conflicts_with = "json")]
    pub(crate) header: bool,

    /// Ask for a token that lives at least this long yet, such as 60s, 10m or 1h
    #[arg(long, value_name = "TIME", value_parser = crate::time::parse_duration)]
    pub(crate) min_ttl: Option<Duration>,

    /// Ask CARTO for a new token though the cached one is good; for machines
    #[arg(long, conflicts_with = "min_ttl")]
    pub(crate) refresh: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_without_the_tree_is_what_the_tree_reads() {
        let words = [
            "token",
            "--header",
            "--json",
            "--min-ttl",
            "--min-ttl=1h",
            "10m",
            "--refresh",
            "--credentials",
            "-",
            "-qv",
            "-v",
            "--profile=a",
            "--mode",
            "m2m",
            "--no-cache",
            "--color=never",
            "--",
            "--help",
            "-h",
            "--version",
            "status",
        ];
        let (mut alone, mut refused) = (0, 0);
        for count in 0..=3_u32 {
            for number in 0..words.len().pow(count) {
                let chosen = (0..count).map(|digit| words[number / words.len().pow(digit) % words.len()]);
                let arguments: Vec<OsString> = ["carto-auth", "token"]
                    .into_iter()
                    .chain(chosen)
                    .map(OsString::from)
                    .collect();
                let tree = Arguments::try_parse_from(&arguments);
                match Arguments::token_alone(&arguments) {
                    Some(read) => {
                        assert_eq!(
                            format!("{read:?}"),
                            format!("{:?}", tree.unwrap()),
                            "{arguments:?}"
                        );
                        alone += 1;
                    }
                    None => {
                        assert!(tree.is_err(), "{arguments:?}");
                        refused += 1;
                    }
                }
            }
        }
        assert!(alone > 300 && refused > 300, "{alone} {refused}");
    }
}

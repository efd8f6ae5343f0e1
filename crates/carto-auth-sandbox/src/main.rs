//! Runs a CARTO on loopback until it is stopped.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use carto_auth_sandbox::Sandbox;

const HELP: &str = "\
A CARTO on loopback, for trying carto-auth without an account.

Usage: carto-auth-sandbox [--port PORT] [--token-lifetime SECONDS] [--redirect-uri URI]...
                          [--warehouse-project ID] [--warehouse-token-lifetime SECONDS]

It prints the variables that point carto-auth at it, and serves until it is stopped (Ctrl-C). In another shell, log in
as the person ana@acme.test with the password sandbox-password:

    export CARTO_AUTH_URL=… CARTO_ACCOUNTS_URL=… CARTO_APP_URL=…
    carto-auth login

or get the token of a machine:

    export CARTO_AUTH_URL=… CARTO_ACCOUNTS_URL=… CARTO_CLIENT_ID=… CARTO_CLIENT_SECRET=… CARTO_API_BASE_URL=…
    carto-auth token

The token of the Data Warehouse is good for the BigQuery that the sandbox plays at the same address: SELECT with
literals, in the project carto-dw-ac-sandbox or the one given with --warehouse-project. It ends after an hour, or after
--warehouse-token-lifetime.

A login may lead to http://localhost:10000/callback/, to the sandbox's own page /auth/token, and to every URI given
with --redirect-uri.
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Usage(what)) => fail(&format!("{what}\n\n{HELP}"), 2),
        Err(Failure::Io(error)) => fail(&format!("the sandbox cannot start: {error}"), 1),
    }
}

enum Failure {
    Usage(String),
    Io(io::Error),
}

fn run() -> Result<(), Failure> {
    let mut builder = Sandbox::builder();
    let mut arguments = std::env::args().skip(1);
    let mut redirect_uris = Vec::new();
    while let Some(name) = arguments.next() {
        let mut value = |what: &str| {
            let value = arguments.next();
            value.ok_or_else(|| Failure::Usage(format!("{name} needs {what}")))
        };
        let mut number = || {
            let value = value("a number")?.parse::<u32>();
            value.map_err(|_| Failure::Usage(format!("{name} needs a number")))
        };
        match name.as_str() {
            "-h" | "--help" => return io::stdout().write_all(HELP.as_bytes()).map_err(Failure::Io),
            "--port" => {
                let port = u16::try_from(number()?)
                    .map_err(|_| Failure::Usage("--port is at most 65535".to_owned()))?;
                builder = builder.port(port);
            }
            "--token-lifetime" => builder = builder.token_lifetime(Duration::from_secs(number()?.into())),
            "--warehouse-project" => builder = builder.warehouse_project_id(value("an id")?),
            "--warehouse-token-lifetime" => {
                builder = builder.warehouse_token_lifetime(Duration::from_secs(number()?.into()));
            }
            "--redirect-uri" => {
                let uri = value("a URI")?;
                url::Url::parse(&uri)
                    .map_err(|error| Failure::Usage(format!("--redirect-uri {uri:?}: {error}")))?;
                redirect_uris.push(uri);
            }
            other => return Err(Failure::Usage(format!("unknown argument {other:?}"))),
        }
    }
    let sandbox = builder.start().map_err(Failure::Io)?;
    for uri in &redirect_uris {
        sandbox.register_redirect_uri(uri);
    }
    let mut out = io::stdout().lock();
    for (name, value) in sandbox.environment() {
        writeln!(out, "export {name}={value}").map_err(Failure::Io)?;
    }
    out.flush().map_err(Failure::Io)?;
    drop(out);
    sandbox.run_forever();
    Ok(())
}

fn fail(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {text}");
    ExitCode::from(code)
}

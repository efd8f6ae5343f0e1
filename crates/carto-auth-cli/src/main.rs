//! The program: `carto_auth_cli::main`, which says what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    carto_auth_cli::main()
}

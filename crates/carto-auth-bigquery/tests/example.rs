//! The example runs as its own words say, against the sandbox.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Stdio};

use carto_auth_sandbox::{Endpoint, Sandbox};

#[test]
fn a_program_queries_the_warehouse() {
    let carto = Sandbox::start().unwrap();
    let output = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--offline",
            "--locked",
            "-p",
            "carto-auth-bigquery",
        ])
        .args(["--example", "query_warehouse"])
        .envs(carto.environment())
        .env("CARTO_AUTH_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "42 from the warehouse\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(carto.count(Endpoint::Warehouse), 1);
}

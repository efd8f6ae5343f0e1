//! The example runs as its own words say, against the sandbox.

use std::process::{Command, Stdio};

use carto_auth_sandbox::{Endpoint, Sandbox};

#[test]
fn a_program_queries_the_warehouse() {
    let (carto, home) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
    // Beside this test: a cargo that is run in a test builds all anew, for build scripts watch its variables.
    let tests = std::env::current_exe().unwrap();
    let example = tests.ancestors().nth(2).unwrap().join("examples/query_warehouse");
    let output = Command::new(example)
        .env_clear()
        .envs(carto.environment())
        .env("CARTO_AUTH_HOME", home.path())
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

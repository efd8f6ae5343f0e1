//! The transcripts of `docs/other-tools.md`, with the tools that they name.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use carto_auth_tests::{is_like, run, transcripts};

use crate::world::World;

const CARTO: &str = "https://gcp-us-east1.api.carto.com";

/// The API's description that comes with bq, which asks the API for it otherwise.
fn description_of_bq() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let bq = std::env::split_paths(&path).map(|folder| folder.join("bq"));
    let bq = bq.filter_map(|bq| fs::canonicalize(bq).ok()).next()?;
    let description = bq
        .ancestors()
        .nth(2)?
        .join("platform/bq/discovery_next/bigquery.json");
    description.exists().then_some(description)
}

/// Whether `dbt` is the one in Python, with the adapter of BigQuery: other programs have that name, too.
fn has_dbt() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let script = std::env::split_paths(&path).find_map(|folder| fs::read(folder.join("dbt")).ok());
    let script = script.and_then(|script| String::from_utf8(script).ok());
    let python = script
        .as_deref()
        .and_then(|script| script.lines().next()?.strip_prefix("#!"));
    python.is_some_and(|python| {
        let look = "import importlib.metadata as m; m.version('dbt-core'); m.version('dbt-bigquery')";
        let look = Command::new(python.trim()).args(["-c", look]).output();
        look.is_ok_and(|output| output.status.success())
    })
}

fn skip(tool: &str) {
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED the transcript of {tool}: it is not installed"
    );
}

#[test]
fn the_transcripts_of_other_tools_are_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/other-tools.md")).unwrap();
    let world = World::new();
    let program = Path::new(env!("CARGO_BIN_EXE_carto-auth"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let profile = page
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    fs::write(world.path("profiles.yml"), profile.unwrap()).unwrap();
    // The sandbox reads no comments, and dbt's queries begin with one.
    let project = "name: carto\nprofile: carto\nquery-comment: ''\n";
    fs::write(world.path("dbt_project.yml"), project).unwrap();
    // Else bq asks the network whether this is a machine of Google's.
    fs::create_dir_all(world.path(".config/gcloud")).unwrap();
    fs::write(world.path(".config/gcloud/gce"), "False").unwrap();
    let (mut ran, description, has_dbt) = (0, description_of_bq(), has_dbt());
    for (command, expected) in transcripts(&page, "sh") {
        let mut command = command.replace(CARTO, &world.carto.api_base_url());
        if command.contains("bq query") {
            let Some(description) = &description else {
                skip("bq");
                continue;
            };
            let bq = format!(
                "bq --api {} --discovery_file {} query",
                world.carto.url(),
                description.display()
            );
            command = command.replace("bq query", &bq);
        }
        if command.contains("-- dbt ") && !has_dbt {
            skip("dbt");
            continue;
        }
        let mut shell = Command::new("bash");
        shell
            .args(["--noprofile", "--norc", "-o", "pipefail", "-c", &command])
            .current_dir(world.path(""))
            .env_clear()
            .env("PATH", &path)
            .env("HOME", world.path(""))
            // Else bq and dbt look for their makers' hosts.
            .env("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "true")
            .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
            .env("BIGQUERY_EMULATOR_HOST", world.carto.bigquery_url())
            .env("CARTO_AUTH_URL", world.carto.auth_url())
            .env("CARTO_CREDENTIALS_FILE", "ci.json");
        let outcome = run(&mut shell, "").unwrap();
        assert_eq!(
            (outcome.code, outcome.stderr.as_str()),
            (Some(0), ""),
            "{command}"
        );
        let expected = expected.replace(CARTO, &world.carto.api_base_url());
        assert!(
            is_like(outcome.stdout.trim_end(), expected.trim_end()),
            "{command}: {outcome:?}"
        );
        ran += 1;
    }
    let expected = 5 + usize::from(description.is_some()) + usize::from(has_dbt);
    assert_eq!(ran, expected);
    let token = format!("Bearer {}", world.token());
    let requests = world.carto.requests();
    let with_token = |header: &&String| **header == token;
    let headers = requests
        .iter()
        .filter(|request| request.path.ends_with("/carto-dw/token"));
    let headers = headers.filter_map(|request| request.headers.get("authorization"));
    assert!(headers.filter(with_token).count() >= 3, "{requests:?}");
}

#[test]
fn env_json_is_an_object_of_strings_as_terraform_wants_it() {
    let world = World::new();
    for arguments in [&["env", "--json"][..], &["env", "--dw", "--json"]] {
        let outcome = world.machine(arguments);
        let answer: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        let values: Vec<_> = answer.as_object().unwrap().values().collect();
        assert!(
            values.len() >= 2 && values.iter().all(|value| value.is_string()),
            "{answer}"
        );
    }
}

#[test]
fn what_is_alike_is_told_from_what_is_not() {
    for (text, expected) in [("ab", "ab"), ("axxb", "a…b"), ("ab", "a…b"), ("a1b2c", "…b…")] {
        assert!(is_like(text, expected), "{text} {expected}");
    }
    for (text, expected) in [("ab", "a"), ("axxc", "a…b"), ("ba", "a…b"), ("", "…b")] {
        assert!(!is_like(text, expected), "{text} {expected}");
    }
}

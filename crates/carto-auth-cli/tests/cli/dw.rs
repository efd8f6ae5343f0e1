//! `carto-auth dw` and `env --dw`: the credentials of the Data Warehouse, and every way not to get them.

use std::fs;
use std::process::Command;

use carto_auth_sandbox::{Endpoint, Fault, WarehouseAccess};
use carto_auth_tests::{Outcome, run};

use crate::world::{World, error_of};

const PROJECT: &str = "carto-dw-ac-sandbox";
const LOG_IN: &str = "run `carto-auth login`";
const NOT_JSON: &str =
    "is a proxy or captive portal in between, or the address not CARTO's? Otherwise try again";

impl World {
    /// A machine's call with this as the next token of the warehouse.
    fn with_warehouse_token(&self, text: &str, arguments: &[&str]) -> Outcome {
        self.carto.warehouse_token_text(Some(text.to_owned()));
        self.machine(arguments)
    }

    fn code_in_json(&self, arguments: &[&str]) -> String {
        let outcome = self.machine(&[arguments, &["--json"]].concat());
        assert_eq!(outcome.stdout, "");
        let report: serde_json::Value = serde_json::from_str(&outcome.stderr).unwrap();
        assert_eq!(report["error"]["exit_code"], outcome.code.unwrap());
        report["error"]["code"].as_str().unwrap().to_owned()
    }
}

#[test]
fn dw_prints_project_and_token_on_one_line_or_either_alone() {
    let world = World::new();
    for (arguments, printed) in [
        (&["dw"][..], "carto-dw-ac-sandbox ya29.t\n"),
        (&["dw", "project"], "carto-dw-ac-sandbox\n"),
        (&["dw", "token"], "ya29.t\n"),
        (
            &["dw", "--json"],
            "{\"project_id\":\"carto-dw-ac-sandbox\",\"access_token\":\"ya29.t\",\"token_type\":\"Bearer\"}\n",
        ),
        (
            &["dw", "token", "--json"],
            "{\"project_id\":\"carto-dw-ac-sandbox\",\"access_token\":\"ya29.t\",\"token_type\":\"Bearer\"}\n",
        ),
        (
            &["dw", "project", "--json"],
            "{\"project_id\":\"carto-dw-ac-sandbox\"}\n",
        ),
    ] {
        let outcome = world.with_warehouse_token("ya29.t", arguments);
        assert_eq!(
            (outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()),
            (Some(0), printed, ""),
            "{arguments:?}"
        );
    }
    assert_eq!(
        (world.carto.count(Endpoint::Warehouse), world.asked()),
        (6, 1),
        "one question each"
    );
}

#[test]
fn a_person_has_a_warehouse_too() {
    let world = World::new();
    world.log_in(&[]);
    let outcome = world.run(&["dw"]);
    let (project, token) = outcome.stdout.trim_end().split_once(' ').unwrap();
    assert_eq!(project, PROJECT);
    assert!(token.starts_with("ya29."), "{outcome:?}");

    world.carto.revoke_access_tokens();
    let ended = world.run(&["dw"]);
    assert_eq!(
        error_of(&ended),
        (
            4,
            "127.0.0.1 refused: HTTP 401, Unauthorized; the session has ended",
            LOG_IN
        )
    );
    assert_eq!(
        error_of(&world.run(&["dw"])),
        (4, "not logged in", LOG_IN),
        "it is forgotten"
    );
    assert_eq!(error_of(&World::new().run(&["dw"])), (4, "not logged in", LOG_IN));
}

#[test]
fn a_machine_whose_token_is_not_taken_gets_another_one() {
    let world = World::new();
    let revoked = world.token();
    world.carto.revoke_access_tokens();
    let outcome = world.machine(&["env", "--dw", "--format", "dotenv"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert!(!outcome.stdout.contains(&revoked), "{outcome:?}");
    assert!(outcome.stdout.contains(&world.token()), "{outcome:?}");
    assert_eq!((world.carto.count(Endpoint::Warehouse), world.asked()), (2, 2));

    world.carto.fail_always(Endpoint::Warehouse, Fault::status(401));
    let refused = world.machine(&["dw"]);
    assert_eq!(
        error_of(&refused),
        (
            3,
            "127.0.0.1 refused: HTTP 401; the access token is not taken there",
            "check that the credentials and the API base URL are of one account; CARTO Workspace > Developers shows both"
        )
    );
    assert_eq!(
        (world.carto.count(Endpoint::Warehouse), world.asked()),
        (4, 3),
        "once"
    );
    assert_eq!(world.code_in_json(&["dw"]), "credentials_rejected");
}

#[test]
fn no_access_and_no_warehouse_are_for_somebody_to_mend() {
    let world = World::new();
    world.carto.warehouse_access(WarehouseAccess::NotGranted);
    for more in [
        &["dw"][..],
        &["dw", "project"],
        &["env", "--dw"],
        &["env", "--dw", "--", "touch", "ran"],
    ] {
        assert_eq!(
            error_of(&world.run(&[&["--credentials", "ci.json"], more].concat())),
            (
                3,
                "no access to the CARTO Data Warehouse: 127.0.0.1 refused: HTTP 403, Forbidden (Ask an administrator for \
                 access to the CARTO Data Warehouse)",
                "ask an administrator of the account for access to it; the plan may not include one"
            )
        );
    }
    assert!(!world.path("ran").exists());
    assert_eq!(world.code_in_json(&["dw"]), "credentials_rejected");

    world.carto.warehouse_access(WarehouseAccess::Disabled);
    assert_eq!(
        error_of(&world.machine(&["dw"])),
        (
            3,
            "there is no CARTO Data Warehouse: 127.0.0.1 refused: HTTP 404, Connection carto-dw not found",
            "self-hosted CARTO has none until its administrator enables it; otherwise check the API base URL"
        )
    );
    assert_eq!(world.code_in_json(&["dw"]), "credentials_rejected");
    assert_eq!(
        world.machine(&["env"]).code,
        Some(0),
        "the rest goes on without it"
    );
}

#[test]
fn what_may_pass_is_to_be_tried_again() {
    let world = World::new();
    let fails = |fault: Fault| {
        world.carto.fail_always(Endpoint::Warehouse, fault);
        world.machine(&["dw"])
    };
    let busy = fails(Fault::status(429).with_header("retry-after", "3600"));
    assert_eq!(
        error_of(&busy),
        (5, "127.0.0.1 asks to slow down: HTTP 429", "try again in 3600 s")
    );
    assert_eq!(world.code_in_json(&["dw"]), "rate_limited");
    let down = fails(Fault::status(500).with_body("text/html", "<h1>canary</h1>"));
    assert_eq!(
        error_of(&down),
        (
            5,
            "127.0.0.1 is out of order: HTTP 500",
            "try again in a minute; https://status.carto.com tells of outages"
        )
    );
    assert_eq!(world.code_in_json(&["dw"]), "bad_response");
    for status in [200, 403, 404] {
        let page = fails(Fault::status(status).with_body("text/html", "<h1>canary</h1>"));
        let words = format!(
            "127.0.0.1 answered with a body that is not JSON: line 1, column 1 (HTTP {status}, text/html, 15 bytes)"
        );
        assert_eq!(error_of(&page), (5, words.as_str(), NOT_JSON));
    }
    for (body, words) in [
        (
            r#"{"projectId":"canary_1","token":"t"}"#,
            "a projectId that is no Google project id",
        ),
        (
            r#"{"projectId":"carto-dw-ac-1","token":"canary b"}"#,
            "a token that no header can carry",
        ),
        (
            r#"{"projectId":"carto-dw-ac-1"}"#,
            "JSON without \"token\", having projectId",
        ),
    ] {
        let strange = fails(Fault::status(200).with_body("application/json", body));
        let error = format!(
            "127.0.0.1 answered with {words} (HTTP 200, application/json, {} bytes)",
            body.len()
        );
        assert_eq!(error_of(&strange), (5, error.as_str(), NOT_JSON));
    }
    let gone = fails(Fault::drop_connection());
    assert_eq!(
        error_of(&gone),
        (
            5,
            "cannot reach 127.0.0.1: the connection ended before the answer did",
            "check the address, and whether its server runs on this machine; `carto-auth doctor` tests each step"
        )
    );
}

#[test]
fn env_dw_adds_the_variables_of_googles_tools() {
    let world = World::new();
    let (token, base) = (world.token(), world.carto.api_base_url());
    let printed = |more: &[&str]| {
        let outcome = world.with_warehouse_token("ya29.t", &[&["env", "--dw"], more].concat());
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
        outcome.stdout
    };
    assert_eq!(
        printed(&["--format", "dotenv"]),
        format!(
            "CARTO_ACCESS_TOKEN={token}\nCARTO_API_BASE_URL={base}\nGOOGLE_CLOUD_PROJECT={PROJECT}\n\
             CLOUDSDK_CORE_PROJECT={PROJECT}\nCLOUDSDK_AUTH_ACCESS_TOKEN=ya29.t\nGOOGLE_OAUTH_ACCESS_TOKEN=ya29.t\n"
        )
    );
    let json: serde_json::Value = serde_json::from_str(&printed(&["--json"])).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 6);
    assert_eq!(json["GOOGLE_CLOUD_PROJECT"], PROJECT);
    assert!(!world.machine(&["env"]).stdout.contains("GOOGLE"));

    world.carto.warehouse_token_text(Some("ya29.t".to_owned()));
    let script = "echo \"$GOOGLE_CLOUD_PROJECT $CLOUDSDK_CORE_PROJECT $CLOUDSDK_AUTH_ACCESS_TOKEN \
                  $GOOGLE_OAUTH_ACCESS_TOKEN $CARTO_ACCESS_TOKEN\"";
    let mut command = world.command(&[
        "env",
        "--dw",
        "--credentials",
        "ci.json",
        "--",
        "sh",
        "-c",
        script,
    ]);
    command
        .env("PATH", "/usr/bin:/bin")
        .env("GOOGLE_CLOUD_PROJECT", "stale");
    assert_eq!(
        run(&mut command, "").unwrap().stdout,
        format!("{PROJECT} {PROJECT} ya29.t ya29.t {token}\n")
    );
}

#[test]
fn real_shells_take_a_warehouse_token_full_of_quotes_as_it_is() {
    let world = World::new();
    let nasty: String = (b'!'..=b'~').map(char::from).collect();
    let nasty = format!(r#"ya29.'"$(touch_ran)`touch_ran`\'\\$HOME;{nasty}"#);
    world.carto.warehouse_token_text(Some(nasty.clone()));
    let carto_auth = concat!(
        env!("CARGO_BIN_EXE_carto-auth"),
        " env --dw --credentials ci.json"
    );
    let print = "printf '%s %s' \"$GOOGLE_CLOUD_PROJECT\" \"$GOOGLE_OAUTH_ACCESS_TOKEN\"";
    let eval = format!("eval \"$({carto_auth})\"; {print}");
    let source = format!("{carto_auth} --format fish | source; {print}");
    for arguments in [
        ["sh", "-c", &eval],
        ["bash", "-c", &eval],
        ["zsh", "-fc", &eval],
        ["fish", "-c", &source],
    ] {
        let mut shell = Command::new(arguments[0]);
        shell.args(&arguments[1..]).current_dir(world.path(""));
        shell.env("HOME", world.path(""));
        let outcome = run(shell.env("CARTO_AUTH_URL", world.carto.auth_url()), "").unwrap();
        assert_eq!(
            (outcome.stdout, outcome.stderr),
            (format!("{PROJECT} {nasty}"), String::new()),
            "{}",
            arguments[0]
        );
    }
    let dotenv = world.machine(&["env", "--dw", "--format", "dotenv"]);
    let (code, error, _) = error_of(&dotenv);
    assert_eq!(code, 2);
    assert!(
        error.starts_with("CLOUDSDK_AUTH_ACCESS_TOKEN holds characters"),
        "{error}"
    );
    assert!(!dotenv.stderr.contains("touch_ran"));
}

#[test]
fn the_warehouse_token_is_on_stdout_alone() {
    let world = World::new();
    let loud = world.with_warehouse_token("ya29.secret", &["dw", "-vv"]);
    assert_eq!(loud.stdout, format!("{PROJECT} ya29.secret\n"));
    assert!(loud.stderr.contains("/v3/connections/carto-dw/token"), "{loud:?}");
    for secret in ["ya29.secret", &world.token(), world.carto.client_secret()] {
        assert!(!loud.stderr.contains(secret), "{loud:?}");
    }
    assert!(!world.token_files().is_empty());
    for path in world.token_files() {
        assert!(!fs::read_to_string(path).unwrap().contains("ya29"));
    }
}

#[test]
fn a_call_that_makes_no_sense_is_refused_before_anything_is_asked() {
    let world = World::new();
    for arguments in [
        &["dw", "projects"][..],
        &["dw", "project", "token"],
        &["dw", "--dw"],
    ] {
        let outcome = world.machine(arguments);
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
    }
    assert_eq!((world.asked(), world.carto.requests().len()), (0, 0));
}

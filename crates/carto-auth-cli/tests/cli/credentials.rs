//! Credentials that cannot be used: each has its own error, hint and exit code 3.

use carto_auth_tests::run;

use crate::world::{World, error_of};

const FIELDS: &str =
    "it needs api_base_url, client_id and client_secret; see CARTO Workspace > Developers > Credentials";
const NAME_THE_FILE: &str =
    "name the JSON file that CARTO Workspace > Developers > Credentials lets you download";

#[test]
fn a_file_that_is_not_there_or_no_file_is_named() {
    let world = World::new();
    let with = |path: &str| world.run(&["token", "--credentials", path]);
    assert_eq!(
        error_of(&with("none.json")),
        (3, "none.json does not exist", NAME_THE_FILE)
    );
    assert_eq!(
        error_of(&with("/")),
        (3, "/ is a directory, not a credentials file", NAME_THE_FILE)
    );
    let hostile = with("a\u{1b}[31m\nb");
    assert_eq!(error_of(&hostile).1, r"a\u{1b}[31m\nb does not exist");
}

#[test]
fn each_malformed_file_is_named_for_what_is_wrong_with_it() {
    let world = World::new();
    let whole = world.carto.credentials_json();
    let cases: [(&[u8], &str, &str); 9] = [
        (b"", "ci.json is empty", FIELDS),
        (
            b"{\"client_id\":",
            "ci.json is not JSON (it ends in the middle, at line 1, column 13)",
            FIELDS,
        ),
        (
            b"client_id: canary",
            "ci.json is not JSON (line 1, column 1)",
            FIELDS,
        ),
        (
            b"[\"canary\"]",
            "ci.json holds an array, not a JSON object",
            FIELDS,
        ),
        (
            b"\xff\xfe{\0",
            "ci.json is UTF-16 text, not UTF-8",
            "save it as UTF-8",
        ),
        (
            b"{\"api_base_url\":7}",
            "ci.json has a number as \"api_base_url\", not a string",
            FIELDS,
        ),
        (
            b"{\"api_base_url\":\"\"}",
            "ci.json has an empty \"api_base_url\"",
            FIELDS,
        ),
        (
            b"{\"api_base_url\":\"https://a.example\"}",
            "ci.json has no \"client_id\"",
            FIELDS,
        ),
        (
            b"{\"current_profile\":\"p\",\"profiles\":{\"p\":{\"token\":\"canary\"}}}",
            "ci.json is the login file of CARTO's own command line, not a machine's credentials file",
            "make a machine-to-machine application in CARTO Workspace > Developers > Credentials and use its file",
        ),
    ];
    for (bytes, error, hint) in cases {
        assert_eq!(error_of(&world.token_with_file(bytes)), (3, error, hint));
    }
    let no_secret = whole.replace("client_secret", "secret");
    assert_eq!(
        error_of(&world.token_with_file(no_secret)),
        (3, "ci.json has no \"client_secret\"", FIELDS)
    );
    assert_eq!(
        world.token_with_file(format!("\u{feff}{whole}")).code,
        Some(0),
        "a byte order mark does no harm"
    );
    assert_eq!(world.asked(), 1);
}

#[test]
fn an_api_base_url_must_be_https() {
    let world = World::new();
    let with = |url: &str| {
        world.token_with_file(format!(
            r#"{{"api_base_url":"{url}","client_id":"i","client_secret":"canary"}}"#
        ))
    };
    let hint = "take it from CARTO Workspace > Developers, for example https://gcp-us-east1.api.carto.com";
    for (url, problem) in [
        (
            "http://gcp-us-east1.api.carto.com",
            "must start with https:// (plain http is for loopback only)",
        ),
        ("gcp-us-east1.api.carto.com", "is not a URL"),
        (
            "https://me:canary@api.carto.com",
            "must not contain a user name or password",
        ),
        (
            "https://api.carto.com/?x=canary",
            "must not contain a query or fragment",
        ),
    ] {
        let outcome = with(url);
        let error = format!("ci.json has an unusable \"api_base_url\": it {problem}");
        assert_eq!(error_of(&outcome), (3, error.as_str(), hint));
    }
    let json = world.run(&["token", "--json", "--credentials", "ci.json"]);
    assert!(
        json.stderr.contains(r#""code":"bad_api_base_url""#),
        "{}",
        json.stderr
    );
}

#[test]
fn a_half_set_environment_and_a_bad_address_name_the_variable() {
    let world = World::new();
    let half = run(world.command(&["token"]).env("CARTO_CLIENT_ID", "id"), "").unwrap();
    let error = "the environment has no \"CARTO_CLIENT_SECRET\"";
    let hint = "set CARTO_CLIENT_ID, CARTO_CLIENT_SECRET and CARTO_API_BASE_URL together, or none of them; \
                --mode oauth takes a stored login instead";
    assert_eq!(error_of(&half), (3, error, hint));
    let bad = run(
        world
            .command(&["token", "--credentials", "ci.json"])
            .env("CARTO_AUTH_URL", "http://auth.carto.com"),
        "",
    )
    .unwrap();
    let error = "CARTO_AUTH_URL must start with https:// (plain http is for loopback only)";
    assert_eq!(
        error_of(&bad),
        (
            3,
            error,
            "give the whole address, beginning with https://, without user name, query and fragment"
        )
    );
}

#[test]
fn an_empty_address_does_not_mean_the_cloud() {
    let world = World::new();
    for value in ["", " "] {
        let mut command = world.command(&["token", "--credentials", "ci.json"]);
        let outcome = run(command.env("CARTO_AUTH_URL", value), "").unwrap();
        let error = "CARTO_AUTH_URL is blank or not text";
        assert_eq!(
            error_of(&outcome),
            (2, error, "set it, or unset it for CARTO's cloud")
        );
    }
}

#[test]
fn a_wrong_secret_and_an_unknown_audience_are_refusals() {
    let world = World::new();
    let wrong = world.carto.credentials_json().replace("sandbox-secret", "canary");
    let outcome = world.token_with_file(wrong);
    let (code, error, hint) = error_of(&outcome);
    assert_eq!(
        (code, error),
        (3, "127.0.0.1 refused: HTTP 401, access_denied (Unauthorized)")
    );
    assert_eq!(
        hint,
        "check client_id and client_secret; CARTO Workspace > Developers > Credentials shows both"
    );

    std::fs::write(world.path("ci.json"), world.carto.credentials_json()).unwrap();
    let mut command = world.command(&["token", "--credentials", "ci.json"]);
    let outcome = run(command.env("CARTO_AUTH_AUDIENCE", "other"), "").unwrap();
    let (code, error, hint) = error_of(&outcome);
    assert_eq!(
        (code, error),
        (
            3,
            "127.0.0.1 refused: HTTP 403, access_denied (Service not enabled within domain: other)"
        )
    );
    assert!(
        hint.starts_with("the client, the audience or the account is not allowed here"),
        "{hint}"
    );
}

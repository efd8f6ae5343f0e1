//! The Data Warehouse: CARTO's token for it, and the BigQuery that takes it, over real sockets.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::process::Command;
use std::time::Duration;

use carto_auth_sandbox::{Endpoint, Fault, Sandbox, WarehouseAccess};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use raw_http::{Reply, exchange};

mod raw_http;

const PATH: &str = "/v3/connections/carto-dw/token";

#[test]
fn cartos_token_gives_a_warehouse_token_that_says_nothing_of_its_end() {
    let carto = Sandbox::start().unwrap();
    let bearer = access_token(&carto);
    let [first, second] = [(); 2].map(|()| ask(&carto, PATH, &bearer));
    assert!(
        first.head.contains("cache-control: no-store\r\n"),
        "{}",
        first.head
    );
    let (first, second) = (first.json(200), second.json(200));
    for reply in [&first, &second] {
        let names: Vec<_> = reply.as_object().unwrap().keys().collect();
        assert_eq!(names, ["projectId", "token"]);
        assert_eq!(reply["projectId"], "carto-dw-ac-sandbox");
        assert!(reply["token"].as_str().unwrap().starts_with("ya29."), "{reply}");
    }
    assert_ne!(first["token"], second["token"]);
    assert_eq!(carto.count(Endpoint::Warehouse), 2);

    let other = Sandbox::builder().warehouse_project_id("mine").start().unwrap();
    let reply = ask(&other, PATH, &access_token(&other)).json(200);
    assert_eq!(reply["projectId"], "mine");
    assert_eq!(other.warehouse_project_id(), "mine");
}

#[test]
fn the_warehouse_is_closed_without_a_good_token_of_this_carto() {
    let carto = Sandbox::start().unwrap();
    let refused = |bearer: &str| {
        let reply = ask(&carto, PATH, bearer).json(401);
        assert_eq!(reply, json!({"error": "Unauthorized"}), "{bearer}");
    };
    refused("");
    refused("nonsense");
    refused(&access_token(&Sandbox::start().unwrap()));
    let bearer = access_token(&carto);
    refused(&warehouse_token(&carto));
    refused(&format!("{bearer}x"));
    let without = exchange("GET", &format!("{}{PATH}", carto.url()), "", "").json(401);
    assert_eq!(without, json!({"error": "Unauthorized"}));

    carto.set_token_lifetime(Duration::ZERO);
    refused(&access_token(&carto));
    carto.set_token_lifetime(Duration::from_secs(60));
    ask(&carto, PATH, &bearer).json(200);

    carto.revoke_access_tokens();
    refused(&bearer);
    assert_eq!(ask(&carto, "/accounts", &bearer).status, 401);
    ask(&carto, PATH, &access_token(&carto)).json(200);
}

#[test]
fn a_warehouse_may_be_absent_or_for_others() {
    let carto = Sandbox::start().unwrap();
    let bearer = access_token(&carto);
    carto.warehouse_access(WarehouseAccess::NotGranted);
    let hint = "Ask an administrator for access to the CARTO Data Warehouse";
    let refusal = ask(&carto, PATH, &bearer).json(403);
    assert_eq!(refusal, json!({"error": "Forbidden", "hint": hint}));

    carto.warehouse_access(WarehouseAccess::Disabled);
    let refusal = ask(&carto, PATH, &bearer).json(404);
    assert_eq!(refusal, json!({"error": ["Connection carto-dw not found"]}));
    assert_eq!(ask(&carto, PATH, "nonsense").status, 401);

    carto.warehouse_access(WarehouseAccess::Granted);
    ask(&carto, PATH, &bearer).json(200);
}

#[test]
fn another_path_or_method_is_not_found() {
    let carto = Sandbox::start().unwrap();
    let bearer = access_token(&carto);
    for path in [
        "//v3/connections/carto-dw/token",
        "/v3//connections/carto-dw/token",
        "/v3/connections/carto-dw/token/",
        "/v3/connections/carto%2Ddw/token",
    ] {
        let refusal = ask(&carto, path, &bearer).json(404);
        assert_eq!(refusal, json!({"error": "Not Found"}), "{path}");
    }
    let header = format!("Authorization: Bearer {bearer}\r\n");
    let posted = exchange("POST", &format!("{}{PATH}", carto.url()), &header, "");
    assert_eq!(posted.status, 404);
    assert_eq!(carto.count(Endpoint::Warehouse), 0);
    assert_eq!(carto.count(Endpoint::Unknown), 5);
}

#[test]
fn a_token_of_any_text_is_handed_out_and_taken_back_as_it_is() {
    let carto = Sandbox::start().unwrap();
    let text = r#"ya29."quotes" 'and' $(dollars) `and` \back\slashes\ & $HOME;"#;
    carto.warehouse_token_text(Some(text.to_owned()));
    assert_eq!(warehouse_token(&carto), text);
    assert_eq!(query(&carto, text, "SELECT 1").status, 200);

    carto.end_warehouse_tokens();
    assert_eq!(query(&carto, text, "SELECT 1").status, 401);
    assert_eq!(warehouse_token(&carto), text);
    assert_eq!(query(&carto, text, "SELECT 1").status, 200);

    carto.warehouse_token_text(None);
    assert_ne!(warehouse_token(&carto), text);
}

#[test]
fn warehouse_tokens_end_and_only_those_that_were_issued() {
    let builder = Sandbox::builder().warehouse_token_lifetime(Duration::ZERO);
    let carto = builder.start().unwrap();
    let ended = warehouse_token(&carto);
    assert_eq!(query(&carto, &ended, "SELECT 1").status, 401);

    carto.set_warehouse_token_lifetime(Duration::from_secs(60));
    let (first, second) = (warehouse_token(&carto), warehouse_token(&carto));
    assert_eq!(query(&carto, &ended, "SELECT 1").status, 401);
    assert_eq!(query(&carto, &first, "SELECT 1").status, 200);
    assert_eq!(query(&carto, &second, "SELECT 1").status, 200);

    carto.end_warehouse_tokens();
    for token in [&first, &second] {
        assert_eq!(query(&carto, token, "SELECT 1").status, 401);
    }
    assert_eq!(query(&carto, &warehouse_token(&carto), "SELECT 1").status, 200);
}

#[test]
fn faults_come_before_the_usual_answer_of_carto_and_of_bigquery() {
    let carto = Sandbox::start().unwrap();
    let bearer = access_token(&carto);
    let token = warehouse_token(&carto);
    for (endpoint, ask) in [
        (
            Endpoint::Warehouse,
            &(|| ask(&carto, PATH, &bearer)) as &dyn Fn() -> Reply,
        ),
        (Endpoint::BigQuery, &|| query(&carto, &token, "SELECT 1")),
    ] {
        let before = carto.count(endpoint);
        carto.fail_always(endpoint, Fault::status(503).with_header("retry-after", "7"));
        carto.fail_next(
            endpoint,
            Fault::status(502).with_body("text/html", "<h1>Bad Gateway</h1>"),
        );
        let first = ask();
        assert_eq!((first.status, first.body.as_str()), (502, "<h1>Bad Gateway</h1>"));
        let second = ask();
        assert_eq!(second.status, 503);
        assert!(second.head.contains("retry-after: 7\r\n"), "{}", second.head);
        carto.heal();
        assert_eq!(ask().status, 200);
        assert_eq!(carto.count(endpoint) - before, 3);
    }
}

#[test]
fn bigquery_answers_literals_with_a_schema_and_a_row() {
    let carto = Sandbox::start().unwrap();
    let token = warehouse_token(&carto);
    let sql = r#"SELECT 1 AS n, 'it\'s "x"' AS s, -2.5, TRUE AS b, NULL, 12345678.0"#;
    let mut reply = query(&carto, &token, sql).json(200);
    let id = reply["queryId"].take();
    assert!(id.as_str().unwrap().starts_with("job_"), "{id}");
    let field = |name, kind| json!({"name": name, "type": kind, "mode": "NULLABLE"});
    let expected = json!({
        "kind": "bigquery#queryResponse",
        "queryId": null,
        "schema": {"fields": [
            field("n", "INTEGER"),
            field("s", "STRING"),
            field("f0_", "FLOAT"),
            field("b", "BOOLEAN"),
            field("f1_", "INTEGER"),
            field("f2_", "FLOAT"),
        ]},
        "totalRows": "1",
        "rows": [{"f": [
            {"v": "1"}, {"v": "it's \"x\""}, {"v": "-2.5"}, {"v": "true"}, {"v": null}, {"v": "1.2345678E7"},
        ]}],
        "totalBytesProcessed": "0",
        "jobComplete": true,
        "cacheHit": false,
    });
    assert_eq!(reply, expected);

    assert_eq!(carto.count(Endpoint::BigQuery), 1);
    let asked: Value = serde_json::from_str(&carto.requests().last().unwrap().body).unwrap();
    assert_eq!(asked["query"], sql);
}

#[test]
fn a_query_that_does_not_end_at_once_is_a_job_to_come_back_to() {
    let carto = Sandbox::start().unwrap();
    let token = warehouse_token(&carto);
    let project = carto.warehouse_project_id();
    let body = json!({"query": "SELECT 'x' AS s", "timeoutMs": 0, "jobCreationMode": 2});
    let mut reply = send(&carto, &token, "queries", &body).json(200);
    let id = reply["queryId"].take().as_str().unwrap().to_owned();
    let reference = json!({"projectId": project, "jobId": id, "location": "US"});
    let kind = "bigquery#queryResponse";
    let expected = json!({"kind": kind, "queryId": null, "jobComplete": false, "jobReference": reference});
    assert_eq!(reply, expected);

    // The token may be another one: it is the project that owns the job.
    carto.end_warehouse_tokens();
    let path = format!("queries/{id}?maxResults=0&location=US");
    assert_eq!(fetch(&carto, &token, &path).status, 401);
    let token = warehouse_token(&carto);
    let reply = fetch(&carto, &token, &path).json(200);
    assert_eq!(reply["kind"], "bigquery#getQueryResultsResponse");
    assert_eq!(reply["jobReference"], reference);
    assert_eq!(reply["jobComplete"], true);
    assert_eq!(reply["totalRows"], "1");
    assert_eq!(reply["schema"]["fields"][0]["name"], "s");
    assert_eq!(reply.get("rows"), None);

    let page = reply["pageToken"].as_str().unwrap();
    let reply = fetch(&carto, &token, &format!("queries/{id}?pageToken={page}")).json(200);
    assert_eq!(reply["rows"], json!([{"f": [{"v": "x"}]}]));
    assert_eq!(reply.get("pageToken"), None);

    let job = fetch(&carto, &token, &format!("jobs/{id}")).json(200);
    assert_eq!(job["id"], format!("{project}:US.{id}"));
    assert_eq!(job["configuration"]["query"]["query"], "SELECT 'x' AS s");
}

#[test]
fn a_query_is_a_job_unless_jobs_are_optional() {
    let carto = Sandbox::start().unwrap();
    let token = warehouse_token(&carto);
    let mut query = json!({"query": "SELECT 1"});
    let reply = send(&carto, &token, "queries", &query).json(200);
    assert_eq!(reply["jobReference"]["jobId"], reply["queryId"]);
    assert_eq!(reply["rows"], json!([{"f": [{"v": "1"}]}]));

    query["jobCreationMode"] = json!("JOB_CREATION_OPTIONAL");
    let reply = send(&carto, &token, "queries", &query).json(200);
    assert_eq!(reply.get("jobReference"), None);

    query["maxResults"] = json!(0);
    let reply = send(&carto, &token, "queries", &query).json(200);
    assert_eq!(reply["jobReference"]["jobId"], reply["queryId"]);
    assert_eq!(reply.get("rows"), None);
    assert!(reply["pageToken"].is_string(), "{reply}");
}

#[test]
fn a_job_that_is_inserted_is_done_and_keeps_its_id() {
    let carto = Sandbox::start().unwrap();
    let token = warehouse_token(&carto);
    let body = json!({
        "jobReference": {"projectId": "carto-dw-ac-sandbox", "jobId": "job_mine"},
        "configuration": {"query": {"query": "SELECT 1 AS n"}},
    });
    let job = send(&carto, &token, "jobs", &body).json(200);
    assert_eq!(job["status"], json!({"state": "DONE"}));
    assert_eq!(job["jobReference"]["jobId"], "job_mine");
    assert_eq!(fetch(&carto, &token, "jobs/job_mine").json(200), job);
    let result = fetch(&carto, &token, "queries/job_mine").json(200);
    assert_eq!(result["rows"], json!([{"f": [{"v": "1"}]}]));

    let job = "Job carto-dw-ac-sandbox:US.job_mine";
    let again = send(&carto, &token, "jobs", &body);
    problem(
        &again,
        409,
        "ALREADY_EXISTS",
        "duplicate",
        &format!("Already Exists: {job}"),
    );
    for path in ["jobs/job_mine2", "queries/job_mine2"] {
        let unknown = fetch(&carto, &token, path);
        problem(
            &unknown,
            404,
            "NOT_FOUND",
            "notFound",
            &format!("Not found: {job}2"),
        );
    }
}

#[test]
fn a_query_that_cannot_be_run_is_refused_in_bigquerys_words() {
    let carto = Sandbox::start().unwrap();
    let token = warehouse_token(&carto);
    let message =
        "Syntax error: Unexpected \"FROM\" (the sandbox knows SELECT with literals, nothing else) at [1:10]";
    let refusal = query(&carto, &token, "SELECT 1 FROM t").json(400);
    let expected = json!({"error": {
        "code": 400,
        "message": message,
        "errors": [{
            "message": message,
            "domain": "global",
            "reason": "invalidQuery",
            "location": "q",
            "locationType": "parameter",
        }],
        "status": "INVALID_ARGUMENT",
    }});
    assert_eq!(refusal, expected);
    let inserted = json!({"configuration": {"query": {"query": "SELECT 1 FROM t"}}});
    assert_eq!(send(&carto, &token, "jobs", &inserted).json(400), expected);

    for body in [json!({}), json!({"query": ""}), json!({"query": 1})] {
        let refusal = send(&carto, &token, "queries", &body);
        let message = "Required parameter is missing: query";
        problem(&refusal, 400, "INVALID_ARGUMENT", "required", message);
    }
    let unreadable = exchange("POST", &address(&carto, "queries"), &authorization(&token), "{");
    let message = "Invalid JSON payload received.";
    problem(&unreadable, 400, "INVALID_ARGUMENT", "parseError", message);
    let unknown = fetch(&carto, &token, "datasets");
    let message = "Not found: GET /bigquery/v2/projects/carto-dw-ac-sandbox/datasets";
    problem(&unknown, 404, "NOT_FOUND", "notFound", message);
}

#[test]
fn bigquery_tells_a_missing_token_from_a_bad_one_and_asks_for_another() {
    let carto = Sandbox::start().unwrap();
    let expected = "Expected OAuth 2 access token, login cookie or other valid authentication credential. See \
                    https://developers.google.com/identity/sign-in/web/devconsole-project.";
    let cases = [
        (
            String::new(),
            "Request is missing required authentication credential.",
            "required",
            "Login Required.",
        ),
        (
            authorization(&access_token(&carto)),
            "Request had invalid authentication credentials.",
            "authError",
            "Invalid Credentials",
        ),
        (
            authorization("").replace("Bearer", "Basic"),
            "Request had invalid authentication credentials.",
            "authError",
            "Invalid Credentials",
        ),
    ];
    for (header, message, reason, short) in cases {
        let reply = exchange("POST", &address(&carto, "queries"), &header, "{}");
        let body = json!({"error": {
            "code": 401,
            "message": format!("{message} {expected}"),
            "errors": [{
                "message": short,
                "domain": "global",
                "reason": reason,
                "location": "Authorization",
                "locationType": "header",
            }],
            "status": "UNAUTHENTICATED",
        }});
        assert_eq!(reply.json(401), body);
        let challenge =
            "www-authenticate: Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"\r\n";
        assert!(reply.head.contains(challenge), "{}", reply.head);
    }
}

#[test]
fn a_warehouse_token_opens_its_own_project_alone() {
    let carto = Sandbox::start().unwrap();
    let header = authorization(&warehouse_token(&carto));
    for (method, path) in [("POST", "queries"), ("GET", "jobs/job_1")] {
        let address = format!("{}/bigquery/v2/projects/another/{path}", carto.bigquery_url());
        let refusal = exchange(method, &address, &header, r#"{"query": "SELECT 1"}"#);
        let message = "Access Denied: Project another: User does not have bigquery.jobs.create permission in project another.";
        problem(&refusal, 403, "PERMISSION_DENIED", "accessDenied", message);
    }
}

#[test]
fn the_environment_names_bigquery_and_the_program_takes_its_options() {
    let carto = Sandbox::start().unwrap();
    let variable = ("BIGQUERY_EMULATOR_HOST", carto.bigquery_url());
    assert!(carto.environment().contains(&variable));

    let program = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carto-auth-sandbox"));
        command.args(arguments).output().unwrap()
    };
    let help = String::from_utf8(program(&["--help"]).stdout).unwrap();
    for word in [
        "--warehouse-project ID",
        "--warehouse-token-lifetime SECONDS",
        &carto.warehouse_project_id(),
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    for (arguments, problem) in [
        (
            &["--warehouse-project"] as &[_],
            "--warehouse-project needs an id",
        ),
        (
            &["--warehouse-token-lifetime", "1h"],
            "--warehouse-token-lifetime needs a number",
        ),
    ] {
        let refused = program(arguments);
        assert_eq!(refused.status.code(), Some(2));
        let text = String::from_utf8(refused.stderr).unwrap();
        assert!(text.starts_with(&format!("error: {problem}\n")), "{text}");
    }
}

/// A machine's token for CARTO's APIs.
fn access_token(carto: &Sandbox) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", carto.client_id()),
        ("client_secret", carto.client_secret()),
        ("audience", "carto-cloud-native-api"),
    ];
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    let reply = exchange("POST", &format!("{}/oauth/token", carto.auth_url()), "", &body).json(200);
    reply["access_token"].as_str().unwrap().to_owned()
}

fn warehouse_token(carto: &Sandbox) -> String {
    let reply = ask(carto, PATH, &access_token(carto)).json(200);
    reply["token"].as_str().unwrap().to_owned()
}

fn ask(carto: &Sandbox, path: &str, bearer: &str) -> Reply {
    let address = format!("{}{path}", carto.api_base_url());
    exchange("GET", &address, &authorization(bearer), "")
}

/// `jobs.query`, as a client that needs no job sends it.
fn query(carto: &Sandbox, token: &str, sql: &str) -> Reply {
    let body = json!({"query": sql, "useLegacySql": false, "jobCreationMode": 2});
    send(carto, token, "queries", &body)
}

fn send(carto: &Sandbox, token: &str, path: &str, body: &Value) -> Reply {
    let header = format!("{}Content-Type: application/json\r\n", authorization(token));
    exchange("POST", &address(carto, path), &header, &body.to_string())
}

fn fetch(carto: &Sandbox, token: &str, path: &str) -> Reply {
    exchange("GET", &address(carto, path), &authorization(token), "")
}

fn address(carto: &Sandbox, path: &str) -> String {
    let (url, project) = (carto.bigquery_url(), carto.warehouse_project_id());
    format!("{url}/bigquery/v2/projects/{project}/{path}")
}

fn authorization(bearer: &str) -> String {
    format!("Authorization: Bearer {bearer}\r\n")
}

/// Checks what matters of BigQuery's error body.
fn problem(reply: &Reply, code: u16, status: &str, reason: &str, message: &str) {
    let error = &reply.json(code)["error"];
    assert_eq!(error["code"], code);
    assert_eq!(error["status"], status);
    assert_eq!(error["message"], message);
    assert_eq!(error["errors"][0]["reason"], reason);
    assert_eq!(error["errors"][0]["message"], message);
}

//! The Data Warehouse: CARTO's token for it, over real sockets.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use carto_auth_sandbox::{Endpoint, Sandbox, WarehouseAccess};
use serde_json::json;
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
fn a_token_of_any_text_is_handed_out_as_it_is() {
    let carto = Sandbox::start().unwrap();
    let text = r#"ya29."quotes" 'and' $(dollars) `and` \back\slashes\ & $HOME;"#;
    carto.warehouse_token_text(Some(text.to_owned()));
    assert_eq!(warehouse_token(&carto), text);

    carto.warehouse_token_text(None);
    assert_ne!(warehouse_token(&carto), text);
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

fn authorization(bearer: &str) -> String {
    format!("Authorization: Bearer {bearer}\r\n")
}

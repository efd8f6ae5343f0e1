//! Numbers 9 to 12: requests, what is said of those that fail, and the Data Warehouse.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, SystemTime};

use carto_auth_core::{Jitter, Step, TokenRequest};
use carto_auth_sandbox::{Endpoint, Fault, Person, WarehouseAccess};
use carto_auth_tests::{Reply, Scripted, token_number};
use carto_auth_ureq::{
    CartoAuth, Endpoints, Error, ErrorKind, M2mBuilder, M2mCredentials, Remedy, credentials, default_agent,
    drive,
};

use crate::scene::{Scene, number_of};

impl Scene {
    fn endpoints(&self) -> Endpoints {
        Endpoints::carto()
            .with_auth_url(&self.world.carto.auth_url())
            .unwrap()
    }

    fn uncached(&self) -> M2mBuilder {
        self.machine("a.json").without_cache()
    }
}

/// The package's ways to a token of a machine, without a cache.
const UNCACHED: &str = "say(failure(CartoAuth.from_m2m, 'a.json', use_cache=False))";

const BLAMES_THE_SECRET: &str = "Please, make sure client_id and client_secret are correctly defined";
const BLAMES_THE_ADDRESS: &str = "Please, make sure api_base_url is correctly defined";

#[test]
fn defect_09_a_server_that_says_nothing_is_given_up() {
    let scene = Scene::new();
    let python = scene.python(
        "
        CartoAuth.from_m2m('a.json', use_cache=False).get_carto_dw_credentials()
        say([limit for url, limit in sent])
        ",
    );
    assert_eq!(python, ["[None, None]"]);

    let silent = Scripted::http(vec![Reply::Stall(Vec::new())]).unwrap();
    let machine = M2mCredentials::new("https://api.carto.com", "a", "secret").unwrap();
    let endpoints = Endpoints::carto().with_auth_url(&silent.url()).unwrap();
    let now = SystemTime::now();
    let Step::Send(mut request, next) =
        TokenRequest::client_credentials(&machine, &endpoints, Jitter::new(7), now)
    else {
        panic!("expected a request")
    };
    let limits = (request.connect_timeout, request.timeout);
    assert_eq!(limits, (Duration::from_secs(10), Duration::from_secs(30)));
    request.timeout = Duration::from_millis(100);
    let error = drive(&default_agent(), Step::Send(request, next)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot reach 127.0.0.1: no complete answer in time"
    );
}

#[test]
fn defect_09_what_may_pass_is_tried_again() {
    let scene = Scene::new();
    let busy = || Fault::status(503).with_header("retry-after", "0");
    scene.world.carto.fail_next(Endpoint::Token, busy());
    let python = scene.python(UNCACHED);
    assert_eq!(
        python,
        [format!(
            "CredentialsError: Invalid M2M Token response. {BLAMES_THE_SECRET}"
        )]
    );
    assert_eq!(scene.asked(Endpoint::Token), 1);

    scene.world.carto.fail_next(Endpoint::Token, busy());
    assert_eq!(number_of(&scene.uncached().build()), 1);
    assert_eq!(scene.asked(Endpoint::Token), 3);
}

#[test]
fn defect_09_401_403_429_and_500_do_not_all_blame_the_secret() {
    let answers = [
        (
            401,
            r#"{"error":"access_denied","error_description":"Unauthorized"}"#,
        ),
        (403, r#"{"error":"access_denied","error_description":"No grant"}"#),
        (
            429,
            r#"{"error":"too_many_requests","error_description":"Quota"}"#,
        ),
        (500, r#"{"error":"server_error"}"#),
    ];
    let scene = Scene::new();
    let refuse = || {
        for (status, body) in answers {
            let fault = Fault::status(status).with_body("application/json", body);
            let fault = fault.with_header("retry-after", "3600");
            scene.world.carto.fail_next(Endpoint::Token, fault);
        }
    };
    refuse();
    let python = scene.python(&format!("for status in range(4): {UNCACHED}"));
    let blame = format!("CredentialsError: Invalid attributes in M2M Token response. {BLAMES_THE_SECRET}");
    assert_eq!(python, [blame.as_str(); 4]);

    refuse();
    let errors = answers.map(|_| scene.uncached().connect().unwrap_err());
    assert_eq!(
        errors.each_ref().map(ToString::to_string),
        [
            "127.0.0.1 refused: HTTP 401, access_denied (Unauthorized)",
            "127.0.0.1 refused: HTTP 403, access_denied (No grant)",
            "127.0.0.1 asks to slow down: HTTP 429, too_many_requests (Quota)",
            "127.0.0.1 is out of order: HTTP 500, server_error",
        ]
    );
    let hints: HashSet<_> = errors.iter().map(|error| error.hint().into_owned()).collect();
    assert_eq!(hints.len(), 4, "{hints:?}");
    let later = Some(Duration::from_secs(3600));
    assert_eq!(errors[2].remedy(), Remedy::Retry { after: later });
    let blames_the_secret = errors.map(|error| error.hint().contains("client_secret"));
    assert_eq!(blames_the_secret, [true, false, false, false]);
}

#[test]
fn defect_09_a_warehouse_that_is_refused_does_not_blame_the_address() {
    let scene = Scene::new();
    let refused = |access| {
        scene.world.carto.warehouse_access(access);
        let python = scene.python(
            "
            auth = CartoAuth.from_m2m('a.json', use_cache=False)
            say(failure(auth.get_carto_dw_credentials))
            ",
        );
        let blame =
            format!("CredentialsError: Invalid attributes in CARTO DW Token response. {BLAMES_THE_ADDRESS}");
        assert_eq!(python, [blame]);
        scene.uncached().build().carto_dw_credentials().unwrap_err()
    };
    let not_granted = refused(WarehouseAccess::NotGranted);
    assert!(
        matches!(not_granted, Error::NoWarehouseAccess(_)),
        "{not_granted}"
    );
    assert_eq!(
        not_granted.hint(),
        "ask an administrator of the account for access to it; the plan may not include one"
    );
    let disabled = refused(WarehouseAccess::Disabled);
    assert!(matches!(disabled, Error::NoWarehouse(_)), "{disabled}");
    assert!(
        disabled.hint().starts_with("self-hosted CARTO has none until"),
        "{}",
        disabled.hint()
    );

    scene.world.carto.fail_always(Endpoint::Warehouse, unauthorized());
    let bad_token = refused(WarehouseAccess::Granted);
    assert!(matches!(bad_token, Error::TokenRefused(_)), "{bad_token}");
    assert_eq!(
        bad_token.to_string(),
        "127.0.0.1 refused: HTTP 401, Unauthorized; the access token is not taken there"
    );
}

fn unauthorized() -> Fault {
    Fault::status(401).with_body("application/json", r#"{"error":"Unauthorized"}"#)
}

#[test]
fn defect_09_a_failed_exchange_keeps_the_servers_description() {
    let scene = Scene::new();
    let told = "Invalid authorization code";
    let spoil = |url: &str| {
        let callback = scene.world.carto.log_in_at(url, Person::Accepts).unwrap();
        let spoilt = callback.replace("code=", "code=x");
        scene.world.carto.user_agent().visit(&spoilt).unwrap();
    };
    let python = scene.dialogue("say(failure(CartoAuth.from_oauth))");
    spoil(&python.rest_of("browser: "));
    let url = format!("{}/oauth/token", scene.world.carto.url());
    assert_eq!(
        python.line(),
        format!("HTTPError: 403 Client Error: Forbidden for url: {url}")
    );

    let auth = scene.world.oauth().build();
    let (outcome, ()) = scene.log_in(&auth, |screen| spoil(&screen.url()));
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::CodeRefused(_)), "{error}");
    assert_eq!(error.oauth().unwrap().description.as_deref(), Some(told));
    assert!(error.to_string().contains(told), "{error}");
}

#[test]
fn defect_10_a_401_invalidates_the_cache() {
    let scene = Scene::new();
    scene.machine("a.json").connect().unwrap();
    scene.world.carto.revoke_access_tokens();
    let python = scene.python(
        "
        for start in range(2):
            auth = CartoAuth.from_m2m('a.json', cache_filepath='token.json')
            say(number(auth.get_access_token()), failure(auth.get_carto_dw_credentials).split(':')[0])
        ",
    );
    assert_eq!(python, ["1 CredentialsError", "1 CredentialsError"]);
    assert_eq!(scene.asked(Endpoint::Token), 1);

    let auth = scene.machine("a.json").build();
    assert_eq!(number_of(&auth), 1);
    auth.carto_dw_credentials().unwrap();
    assert_eq!(number_of(&auth), 2);
    let kept: serde_json::Value =
        serde_json::from_slice(&fs::read(scene.path("token.json")).unwrap()).unwrap();
    assert_eq!(token_number(kept["access_token"].as_str().unwrap()), 2);
}

#[test]
fn defect_10_a_trailing_slash_in_api_base_url_gives_one_slash() {
    let scene = Scene::new();
    let carto = &scene.world.carto;
    let with_slash = carto
        .add_client("a", "secret")
        .replace(&carto.url(), &format!("{}/", carto.url()));
    fs::write(scene.path("a.json"), with_slash).unwrap();
    let last_path = || carto.requests().pop().unwrap().path;
    let python = scene.python(
        "
        auth = CartoAuth.from_m2m('a.json', use_cache=False)
        say(failure(auth.get_carto_dw_credentials).split(':')[0])
        ",
    );
    assert_eq!(python, ["CredentialsError"]);
    assert_eq!(last_path(), "//v3/connections/carto-dw/token");

    let auth = scene.uncached().build();
    let credentials = auth.carto_dw_credentials().unwrap();
    assert_eq!(credentials.project_id(), carto.warehouse_project_id());
    assert_eq!(last_path(), "/v3/connections/carto-dw/token");
}

#[test]
fn defect_11_every_failure_is_of_one_type() {
    let scene = Scene::new();
    let files = [
        (
            "no_secret.json",
            r#"{"api_base_url":"https://api.carto.com","client_id":"a"}"#,
        ),
        (
            "empty_secret.json",
            r#"{"api_base_url":"https://api.carto.com","client_id":"a","client_secret":""}"#,
        ),
        ("no_json.json", "client_id = a"),
        (
            "wrong_secret.json",
            r#"{"api_base_url":"https://api.carto.com","client_id":"a","client_secret":"no"}"#,
        ),
    ];
    for (name, text) in files {
        fs::write(scene.path(name), text).unwrap();
    }
    let names = files.map(|(name, _)| name).into_iter().chain(["no_file.json"]);
    let python = scene.python(
        "
        for name in ['no_secret', 'empty_secret', 'no_json', 'wrong_secret', 'no_file']:
            say(failure(CartoAuth.from_m2m, name + '.json', use_cache=False).split(':')[0])
        ",
    );
    assert_eq!(
        python,
        [
            "AttributeError",
            "ValueError",
            "JSONDecodeError",
            "CredentialsError",
            "FileNotFoundError"
        ]
    );

    let told = names.map(|name| {
        let error: Error = match credentials::from_file(scene.path(name)) {
            Err(error) => error.into(),
            Ok(machine) => {
                let builder = CartoAuth::m2m(machine).endpoints(scene.endpoints());
                builder.without_cache().connect().unwrap_err()
            }
        };
        assert!(!error.hint().is_empty());
        (error.kind(), error.remedy())
    });
    let invalid = (ErrorKind::CredentialsInvalid, Remedy::FixConfig);
    let rejected = (ErrorKind::CredentialsRejected, Remedy::FixConfig);
    assert_eq!(
        told.collect::<Vec<_>>(),
        [invalid, invalid, invalid, rejected, invalid]
    );
}

#[test]
fn defect_11_a_machines_identity_does_not_have_to_be_a_file() {
    let scene = Scene::new();
    let python = scene.python(
        "
        import io
        text = open('a.json').read()
        for identity in (json.loads(text), io.StringIO(text), text):
            say(failure(CartoAuth.from_m2m, identity, use_cache=False).split(':')[0])
        ",
    );
    assert_eq!(python, ["TypeError", "TypeError", "FileNotFoundError"]);

    let carto = &scene.world.carto;
    let text = fs::read(scene.path("a.json")).unwrap();
    let identities = [
        M2mCredentials::new(&carto.api_base_url(), "a", "secret").unwrap(),
        credentials::from_reader(&*text, "a stream").unwrap(),
        M2mCredentials::from_json(&text, "bytes").unwrap(),
    ];
    let numbers = identities.map(|machine| {
        let builder = CartoAuth::m2m(machine).endpoints(scene.endpoints());
        number_of(&builder.without_cache().connect().unwrap())
    });
    assert_eq!(numbers, [1, 2, 3]);
}

/// What the package gives to Google's client is a token, and nothing that could get another one; the client of ours is in
/// its crate.
#[test]
fn defect_12_the_warehouses_token_is_replaced_when_google_has_refused_it() {
    let scene = Scene::new();
    let carto = &scene.world.carto;
    let python = scene.python(
        "
        import types
        for name in ('google', 'google.cloud', 'google.cloud.bigquery', 'google.oauth2', 'google.oauth2.credentials'):
            sys.modules[name] = types.ModuleType(name)
        def client(project, credentials):
            say('a client of', project, 'with', credentials)
        def credentials(*given, **more):
            return f'{len(given)} token and {len(more)} ways to another'
        sys.modules['google.cloud.bigquery'].Client = client
        sys.modules['google.oauth2.credentials'].Credentials = credentials
        CartoAuth.from_m2m('a.json', use_cache=False).get_carto_dw_client()
        ",
    );
    assert_eq!(
        python,
        [format!(
            "a client of {} with 1 token and 0 ways to another",
            carto.warehouse_project_id()
        )]
    );

    let auth = scene.uncached().build();
    let query = |token: &str| {
        let url = format!(
            "{}/bigquery/v2/projects/{}/queries",
            carto.bigquery_url(),
            carto.warehouse_project_id()
        );
        let request = ureq::post(url).config().http_status_as_error(false).build();
        let request = request.header("authorization", format!("Bearer {token}"));
        let body = r#"{"query":"SELECT 42 AS answer","useLegacySql":false}"#;
        request
            .content_type("application/json")
            .send(body)
            .unwrap()
            .status()
            .as_u16()
    };
    let first = auth.carto_dw_credentials().unwrap();
    assert_eq!(query(first.token().expose()), 200);
    carto.end_warehouse_tokens();
    assert_eq!(query(first.token().expose()), 401);
    assert!(auth.reject_carto_dw(&first));
    let second = auth.carto_dw_credentials().unwrap();
    assert_eq!(query(second.token().expose()), 200);
}

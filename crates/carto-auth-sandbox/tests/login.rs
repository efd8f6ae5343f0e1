//! The login of a person, over real sockets.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carto_auth_sandbox::{Endpoint, Fault, Person, Sandbox};
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use raw_http::{Reply, exchange};

mod raw_http;

const CALLBACK: &str = "http://localhost:10000/callback/";
/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[test]
fn a_person_who_accepts_gives_a_code_that_buys_a_token_with_cartos_claims() {
    let carto = Sandbox::start().unwrap();
    let callback = carto.log_in_at(&authorize(&carto, &[]), Person::Accepts).unwrap();
    assert!(callback.starts_with(CALLBACK), "{callback}");
    let answer = query_of(&callback);
    let mut names: Vec<_> = answer.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["code", "state"]);
    assert_eq!(answer["state"], "a state & more");

    let reply = token(&carto, &exchange_of(&answer["code"], &[])).json(200);
    assert_eq!(reply["expires_in"], 86_400);
    assert_eq!(reply["token_type"], "Bearer");
    assert_eq!(reply.get("scope"), None);
    assert_eq!(reply.get("refresh_token"), None);
    let claims = claims_of(&reply);
    assert_eq!(claims["iss"], carto.issuer());
    assert_eq!(claims["sub"], "auth0|sandbox-ana");
    assert_eq!(claims["aud"], "carto-cloud-native-api");
    assert_eq!(claims["azp"], Sandbox::PUBLIC_CLIENT_ID);
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        86_400
    );
    assert_eq!(claims["http://app.carto.com/account_id"], "ac_sandbox");
    assert_eq!(claims["http://app.carto.com/email"], "ana@acme.test");
    assert_eq!(claims.get("org_id"), None);
    assert_eq!(claims.get("scope"), None);
}

#[test]
fn a_person_who_denies_sends_an_error_and_the_state() {
    let carto = Sandbox::start().unwrap();
    let callback = carto.log_in_at(&authorize(&carto, &[]), Person::Denies).unwrap();
    let denial = [
        ("error", "access_denied"),
        ("error_description", "User did not authorize the request"),
        ("state", "a state & more"),
    ];
    assert_eq!(query_of(&callback), map(&denial));
}

#[test]
fn a_wrong_password_shows_the_form_again_and_the_right_one_goes_on() {
    let carto = Sandbox::start().unwrap();
    let ticket = ticket_of(&get(&authorize(&carto, &[])).body);
    let form = [
        ("ticket", ticket.as_str()),
        ("email", "\"><b>@acme.test"),
        ("password", "wrong"),
    ];
    let page = post(&format!("{}/authorize/login", carto.url()), &form);
    assert_eq!(page.status, 401);
    assert!(
        page.body
            .contains("<p id=\"problem\" role=\"alert\">Wrong email or password</p>")
    );
    assert!(
        page.body.contains("value=\"&quot;&gt;&lt;b&gt;@acme.test\""),
        "{}",
        page.body
    );
    assert!(!page.head.contains("set-cookie"));

    let url = authorize(&carto, &[]);
    let callback = carto.log_in_at(&url, Person::MistypesThenAccepts).unwrap();
    assert!(query_of(&callback).contains_key("code"));
    assert_eq!(carto.count(Endpoint::Login), 3);
    assert_eq!(carto.count(Endpoint::Consent), 1);
}

#[test]
fn a_wrong_client_or_redirect_uri_never_redirects() {
    let carto = Sandbox::start().unwrap();
    let cases: &[(&str, &str, u16)] = &[
        ("client_id", "another", 403),
        ("client_id", "", 400),
        ("redirect_uri", "", 400),
        ("redirect_uri", "http://localhost:10000/callback", 403),
        ("redirect_uri", "http://localhost:10001/callback/", 403),
        ("redirect_uri", "http://127.0.0.1:10000/callback/", 403),
        ("redirect_uri", "http://localhost:10000/callback/?a=b", 403),
        ("redirect_uri", "https://evil.example/<script>", 403),
    ];
    for (name, value, status) in cases {
        // A second error must not open the way either.
        for also in [("response_type", "code"), ("response_type", "token")] {
            let page = get(&authorize(&carto, &[(name, value), also]));
            assert_eq!(page.status, *status, "{name}={value}");
            assert!(!page.head.contains("location:"), "{}", page.head);
            assert!(page.body.contains("<p id=\"problem\">"), "{}", page.body);
            assert!(!page.body.contains("<script>"), "{}", page.body);
        }
    }
    let twice = authorize(&carto, &[]) + "&redirect_uri=http://localhost:10000/callback/";
    assert_eq!(get(&twice).status, 400);
    let refusal = carto.log_in_at(&twice, Person::Accepts).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the sandbox answered 400: client_id and redirect_uri must be given, once each."
    );
}

#[test]
fn other_errors_of_the_request_are_sent_to_the_application() {
    let carto = Sandbox::start().unwrap();
    let long = "a".repeat(129);
    let cases: &[(&str, &str, &str, &str)] = &[
        (
            "response_type",
            "token",
            "unsupported_response_type",
            "Unsupported response type",
        ),
        (
            "response_type",
            "",
            "invalid_request",
            "Missing required parameter: response_type",
        ),
        (
            "code_challenge",
            "",
            "invalid_request",
            "Missing required parameter: code_challenge",
        ),
        (
            "code_challenge",
            "short",
            "invalid_request",
            "parameter code_challenge is invalid",
        ),
        (
            "code_challenge",
            &long,
            "invalid_request",
            "parameter code_challenge is invalid",
        ),
        (
            "code_challenge_method",
            "plain",
            "invalid_request",
            "transform algorithm not supported",
        ),
        (
            "code_challenge_method",
            "",
            "invalid_request",
            "transform algorithm not supported",
        ),
        ("audience", "", "access_denied", "Service not found"),
        ("audience", "other", "access_denied", "Service not found"),
        (
            "organization",
            "acme",
            "invalid_request",
            "parameter organization is invalid",
        ),
        (
            "organization",
            "org_other",
            "invalid_request",
            "parameter organization is invalid",
        ),
        ("prompt", "none", "login_required", "Login required"),
    ];
    for (name, value, error, description) in cases {
        let url = authorize(&carto, &[(name, value)]);
        let callback = carto.log_in_at(&url, Person::Accepts).unwrap();
        let expected = [
            ("error", *error),
            ("error_description", *description),
            ("state", "a state & more"),
        ];
        assert_eq!(query_of(&callback), map(&expected), "{name}={value}");
    }
    let callback = carto
        .log_in_at(&(authorize(&carto, &[]) + "&audience=other"), Person::Accepts)
        .unwrap();
    assert_eq!(
        query_of(&callback)["error_description"],
        "a parameter is repeated"
    );
    assert_eq!(carto.count(Endpoint::Login), 0, "nobody was asked");
}

#[test]
fn a_code_is_bound_to_its_verifier_client_and_address() {
    let carto = Sandbox::start().unwrap();
    carto.register_client_id("another");
    let invalid = "Invalid authorization code";
    let wrong_verifier = "a".repeat(43);
    let cases: &[(&str, &str, &str)] = &[
        ("code_verifier", &wrong_verifier, "Failed to verify code verifier"),
        ("code_verifier", CHALLENGE, "Failed to verify code verifier"),
        ("code_verifier", "", "Failed to verify code verifier"),
        ("client_id", "another", invalid),
        ("redirect_uri", "http://localhost:10000/callback", invalid),
        ("redirect_uri", "", invalid),
        ("code", "another", invalid),
    ];
    for (name, value, description) in cases {
        let code = code(&carto, &[]);
        let refusal = token(&carto, &exchange_of(&code, &[(name, value)])).json(403);
        let expected = json!({"error": "invalid_grant", "error_description": description});
        assert_eq!(refusal, expected, "{name}={value}");
    }
}

#[test]
fn a_code_is_taken_once_even_when_the_first_try_fails() {
    let carto = Sandbox::start().unwrap();
    let refusal = json!({"error": "invalid_grant", "error_description": "Invalid authorization code"});
    let good = exchange_of(&code(&carto, &[]), &[]);
    token(&carto, &good).json(200);
    assert_eq!(token(&carto, &good).json(403), refusal);

    let code = code(&carto, &[]);
    token(&carto, &exchange_of(&code, &[("code_verifier", "wrong")])).json(403);
    assert_eq!(token(&carto, &exchange_of(&code, &[])).json(403), refusal);
}

#[test]
fn a_code_past_its_life_is_refused() {
    let carto = Sandbox::builder().code_lifetime(Duration::ZERO).start().unwrap();
    let refusal = token(&carto, &exchange_of(&code(&carto, &[]), &[])).json(403);
    assert_eq!(refusal["error_description"], "Invalid authorization code");
}

#[test]
fn the_consent_of_somebody_who_is_not_logged_in_counts_for_nothing() {
    let carto = Sandbox::start().unwrap();
    let consent = format!("{}/authorize/consent", carto.url());
    let ticket = ticket_of(&get(&authorize(&carto, &[])).body);
    let page = post(&consent, &[("ticket", &ticket), ("answer", "accept")]);
    assert_eq!(page.status, 400);
    assert!(page.body.contains("This login is over."), "{}", page.body);
    assert_eq!(post(&consent, &[("ticket", &ticket)]).status, 400);
}

#[test]
fn the_second_login_in_one_browser_skips_the_form_unless_asked_not_to() {
    let carto = Sandbox::start().unwrap();
    let mut browser = carto.user_agent();
    let mut log_in = |extra: &[(&str, &str)]| {
        let callback = browser.log_in_at(&authorize(&carto, extra), Person::Accepts);
        (query_of(&callback.unwrap()), carto.count(Endpoint::Login))
    };
    assert_eq!(log_in(&[]).1, 1);
    assert_eq!(log_in(&[]).1, 1);
    assert_eq!(log_in(&[("prompt", "login")]).1, 2);
    let (answer, forms) = log_in(&[("prompt", "none")]);
    assert_eq!((answer["error"].as_str(), forms), ("consent_required", 2));
    assert!(
        carto.requests()[3].headers["cookie"].starts_with("sandbox_session="),
        "{:?}",
        carto.requests()[3]
    );
    carto.log_in_at(&authorize(&carto, &[]), Person::Accepts).unwrap();
    assert_eq!(
        carto.count(Endpoint::Login),
        3,
        "another browser sees the form again"
    );
}

#[test]
fn an_organization_is_looked_up_by_name_asked_for_by_id_and_becomes_a_claim() {
    let carto = Sandbox::start().unwrap();
    carto.add_organization("a name/with & signs", "org_other");
    let lookup = |name: &str| get(&format!("{}/accounts/{name}/auth0_org_id", carto.url())).json(200);
    assert_eq!(lookup("acme"), json!({"auth0orgId": "org_sandboxacme"}));
    assert_eq!(
        lookup("a%20name%2Fwith%20&%20signs"),
        json!({"auth0orgId": "org_other"})
    );
    assert_eq!(lookup("unknown"), json!({"auth0orgId": null}));
    assert_eq!(carto.count(Endpoint::Organization), 3);

    for id in ["org_sandboxacme", "org_other"] {
        let code = code(&carto, &[("organization", id)]);
        let reply = token(&carto, &exchange_of(&code, &[])).json(200);
        assert_eq!(claims_of(&reply)["org_id"], id);
    }
}

#[test]
fn a_refresh_token_comes_only_with_offline_access_and_rotates() {
    let carto = Sandbox::start().unwrap();
    let first = log_in_offline(&carto);
    assert_eq!(first["scope"], "openid offline_access");
    assert_eq!(claims_of(&first)["scope"], "openid offline_access");

    let second = token(&carto, &refresh_of(&first, Sandbox::PUBLIC_CLIENT_ID)).json(200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(claims_of(&second)["sub"], "auth0|sandbox-ana");
    token(&carto, &refresh_of(&second, Sandbox::PUBLIC_CLIENT_ID)).json(200);
}

#[test]
fn a_spent_refresh_token_ends_its_family_and_no_other() {
    let carto = Sandbox::start().unwrap();
    let own = Sandbox::PUBLIC_CLIENT_ID;
    let (first, other) = (log_in_offline(&carto), log_in_offline(&carto));
    let second = token(&carto, &refresh_of(&first, own)).json(200);
    let refusal = json!({"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."});
    assert_eq!(token(&carto, &refresh_of(&first, own)).json(403), refusal);
    assert_eq!(token(&carto, &refresh_of(&second, own)).json(403), refusal);

    assert_eq!(token(&carto, &refresh_of(&other, "another")).json(403), refusal);
    token(&carto, &refresh_of(&other, own)).json(200);
}

#[test]
fn a_revoked_refresh_token_is_refused() {
    let carto = Sandbox::start().unwrap();
    let own = Sandbox::PUBLIC_CLIENT_ID;
    let revoke = |client_id: &str, token: &Value| {
        let form = [("client_id", client_id), ("token", token.as_str().unwrap())];
        post(&format!("{}/oauth/revoke", carto.url()), &form).status
    };
    let (first, second) = (log_in_offline(&carto), log_in_offline(&carto));
    assert_eq!(revoke("another", &first["refresh_token"]), 403);
    let first = token(&carto, &refresh_of(&first, own)).json(200);
    assert_eq!(revoke(own, &first["refresh_token"]), 200);
    assert_eq!(
        revoke(own, &first["refresh_token"]),
        200,
        "there is nothing left to revoke"
    );
    assert_eq!(revoke(own, &json!("unknown")), 200);
    token(&carto, &refresh_of(&first, own)).json(403);

    carto.revoke_refresh_tokens();
    token(&carto, &refresh_of(&second, own)).json(403);
    token(&carto, &refresh_of(&log_in_offline(&carto), own)).json(200);
    assert_eq!(
        post(&format!("{}/oauth/revoke", carto.url()), &[]).json(400)["error"],
        "invalid_request"
    );
}

#[test]
fn users_me_knows_a_person_and_no_machine() {
    let carto = Sandbox::builder()
        .person("bob.b@acme.test", "secret & \"more\"")
        .start()
        .unwrap();
    let reply = token(&carto, &exchange_of(&code(&carto, &[]), &[])).json(200);
    let mut expected = json!({
        "user_id": "auth0|sandbox-bob.b",
        "email": "bob.b@acme.test",
        "user_metadata": {"tenant_domain": carto.url().trim_start_matches("http://")},
        "app_metadata": {"roles": ["Builder"]},
    });
    assert_eq!(with_token(&carto, "/users/me", &reply).json(200), expected);

    carto.tenant_domain(Some("elsewhere.example".to_owned()));
    expected["user_metadata"]["tenant_domain"] = json!("elsewhere.example");
    assert_eq!(with_token(&carto, "/users/me", &reply).json(200), expected);
    assert_eq!(
        with_token(&carto, "/accounts", &reply).json(200),
        json!({"id": "ac_sandbox", "tenant_domain": "elsewhere.example"})
    );

    let machine = [
        ("grant_type", "client_credentials"),
        ("client_id", carto.client_id()),
        ("client_secret", carto.client_secret()),
        ("audience", "carto-cloud-native-api"),
    ];
    let machine = token(&carto, &machine.map(|(name, value)| (name, value.to_owned()))).json(200);
    with_token(&carto, "/users/me", &machine).json(404);
    get(&format!("{}/users/me", carto.url())).json(401);
}

#[test]
fn the_tenants_configuration_names_the_api_it_is_told() {
    let carto = Sandbox::start().unwrap();
    let config = || get(&format!("{}/config.yaml", carto.url())).body;
    assert!(config().contains(&format!("baseUrl: {}\n", carto.url())));
    carto.api_base(Some("https://gcp-us-east1.api.carto.com/".to_owned()));
    assert!(config().contains("baseUrl: https://gcp-us-east1.api.carto.com/\n"));
    carto.api_base(None);
    assert!(config().contains(&format!("baseUrl: {}\n", carto.url())));
}

#[test]
fn an_issuer_is_sent_only_when_asked_for() {
    let carto = Sandbox::start().unwrap();
    let issuer = |person| {
        let callback = carto.log_in_at(&authorize(&carto, &[]), person).unwrap();
        query_of(&callback).get("iss").cloned()
    };
    assert_eq!(issuer(Person::Accepts), None);
    carto.send_issuer(Some(carto.issuer()));
    assert_eq!(issuer(Person::Accepts), Some(format!("{}/", carto.url())));
    assert_eq!(issuer(Person::Denies), Some(format!("{}/", carto.url())));
    carto.send_issuer(Some("https://evil.example/".to_owned()));
    assert_eq!(issuer(Person::Accepts).as_deref(), Some("https://evil.example/"));
}

#[test]
fn the_apps_page_shows_the_code_and_reflects_nothing_unescaped() {
    let carto = Sandbox::start().unwrap();
    let page_address = format!("{}/auth/token", carto.app_url());
    let mut browser = carto.user_agent();
    let url = authorize(&carto, &[("redirect_uri", &page_address)]);
    let address = browser.log_in_at(&url, Person::Accepts).unwrap();
    let visited = browser.visit(&address).unwrap();
    assert_eq!(visited.status, Some(200));
    let code = query_of(&address)["code"].clone();
    assert!(
        visited.page.contains(&format!("<code id=\"code\">{code}</code>")),
        "{}",
        visited.page
    );
    token(&carto, &exchange_of(&code, &[("redirect_uri", &page_address)])).json(200);

    let page = get(&format!("{page_address}?code=%3Cscript%3E%22%27%26"));
    assert!(
        page.body
            .contains("<code id=\"code\">&lt;script&gt;&quot;&#39;&amp;</code>")
    );
    let denied = browser
        .visit(&browser_denies(&carto, &page_address))
        .unwrap()
        .page;
    assert!(
        denied.contains("<p id=\"problem\">User did not authorize the request</p>"),
        "{denied}"
    );
    assert_eq!(carto.count(Endpoint::AppPage), 3);
}

#[test]
fn every_page_forbids_scripts_and_storage_and_has_its_title() {
    let carto = Sandbox::start().unwrap();
    let pages = [
        (authorize(&carto, &[]), "Log in"),
        (authorize(&carto, &[("client_id", "another")]), "Request refused"),
        (format!("{}/auth/token?code=c", carto.url()), "Your code"),
        (format!("{}/auth/token", carto.url()), "Login failed"),
        (format!("{}/auth/success", carto.url()), "Logged in"),
        (format!("{}/auth/error", carto.url()), "Login failed"),
    ];
    for (address, title) in pages {
        let page = get(&address);
        assert!(
            page.body
                .contains(&format!("<title>{title} – CARTO sandbox</title>")),
            "{}",
            page.body
        );
        let policy = "content-security-policy: default-src 'none'; style-src 'unsafe-inline'; form-action http: https:; ";
        for header in [
            "cache-control: no-store\r\n",
            "referrer-policy: no-referrer\r\n",
            policy,
        ] {
            assert!(page.head.contains(header), "{header}: {}", page.head);
        }
    }
}

#[test]
fn a_visit_follows_the_callback_to_the_page_it_leads_to() {
    let carto = Sandbox::start().unwrap();
    let application = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let callback = format!("http://{}/callback/", application.local_addr().unwrap());
    carto.register_redirect_uri(&callback);
    for (version, success) in [
        ("1.1", format!("{}/auth/success", carto.app_url())),
        ("1.0", "https://app.carto.com/auth/success".to_owned()),
    ] {
        let mut browser = carto.user_agent();
        let url = authorize(&carto, &[("redirect_uri", &callback)]);
        let address = browser.log_in_at(&url, Person::Accepts).unwrap();
        let visited = thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = application.accept().unwrap();
                let mut start = [0; 15];
                stream.read_exact(&mut start).unwrap();
                assert_eq!(&start, b"GET /callback/?");
                write!(
                    stream,
                    "HTTP/{version} 303 See Other\r\nLocation: {success}\r\nContent-Length: 0\r\n\r\n"
                )
                .unwrap();
                let _ = stream.shutdown(std::net::Shutdown::Write);
                let _ = stream.read_to_end(&mut Vec::new());
            });
            browser.visit(&address).unwrap()
        });
        assert_eq!(visited.address, success);
        let is_here = success.starts_with(&carto.url());
        assert_eq!(visited.status, is_here.then_some(200));
        assert_eq!(
            visited.page.contains("<title>Logged in – CARTO sandbox</title>"),
            is_here
        );
    }
}

#[test]
fn a_browser_refuses_to_log_in_elsewhere() {
    let (carto, other) = (Sandbox::start().unwrap(), Sandbox::start().unwrap());
    for address in [
        authorize(&other, &[]),
        "https://auth.carto.com/authorize".to_owned(),
    ] {
        let refusal = carto.log_in_at(&address, Person::Accepts).unwrap_err();
        assert_eq!(refusal.to_string(), "the address is not on this sandbox");
    }
    assert_eq!(other.requests(), []);
}

#[test]
fn faults_and_records_cover_the_endpoints_of_a_login() {
    let carto = Sandbox::start().unwrap();
    for endpoint in [Endpoint::Authorize, Endpoint::Login, Endpoint::Consent] {
        carto.fail_next(endpoint, Fault::status(503));
        let failure = carto
            .log_in_at(&authorize(&carto, &[]), Person::Accepts)
            .unwrap_err();
        assert_eq!(
            failure.to_string(),
            "the sandbox answered 503: no page of a login"
        );
    }
    for endpoint in [Endpoint::Revoke, Endpoint::Organization, Endpoint::AppPage] {
        carto.fail_next(endpoint, Fault::status(503));
    }
    assert_eq!(post(&format!("{}/oauth/revoke", carto.url()), &[]).status, 503);
    assert_eq!(
        get(&format!("{}/accounts/acme/auth0_org_id", carto.url())).status,
        503
    );
    assert_eq!(get(&format!("{}/auth/success", carto.url())).status, 503);

    let requests = carto.requests();
    assert_eq!(requests[0].endpoint, Endpoint::Authorize);
    assert_eq!(requests[0].path, "/authorize");
    assert_eq!(requests[0].parameter("state"), Some("a state & more"));
    assert_eq!(
        requests[0].query[0],
        ("response_type".to_owned(), "code".to_owned())
    );
}

#[test]
fn the_environment_names_the_app_and_the_program_names_the_person() {
    let carto = Sandbox::start().unwrap();
    assert!(carto.environment().contains(&("CARTO_APP_URL", carto.url())));
    let program = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carto-auth-sandbox"));
        command.args(arguments).output().unwrap()
    };
    let help = String::from_utf8(program(&["--help"]).stdout).unwrap();
    for word in [
        &carto.email(),
        &carto.password(),
        "carto-auth login",
        "--redirect-uri URI",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    let refused = program(&["--redirect-uri", "no URI"]);
    assert_eq!(refused.status.code(), Some(2));
    let first = String::from_utf8(refused.stderr).unwrap();
    assert!(
        first.starts_with("error: --redirect-uri \"no URI\": relative URL without a base\n"),
        "{first}"
    );
}

/// The address of a good authorization request, with some parameters replaced or added.
fn authorize(carto: &Sandbox, changes: &[(&str, &str)]) -> String {
    let good = [
        ("response_type", "code"),
        ("client_id", Sandbox::PUBLIC_CLIENT_ID),
        ("redirect_uri", CALLBACK),
        ("audience", "carto-cloud-native-api"),
        ("state", "a state & more"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    Url::parse_with_params(
        &format!("{}/authorize", carto.auth_url()),
        changed(&good, changes),
    )
    .unwrap()
    .into()
}

fn code(carto: &Sandbox, changes: &[(&str, &str)]) -> String {
    let callback = carto
        .log_in_at(&authorize(carto, changes), Person::Accepts)
        .unwrap();
    query_of(&callback)["code"].clone()
}

fn browser_denies(carto: &Sandbox, redirect_uri: &str) -> String {
    let url = authorize(carto, &[("redirect_uri", redirect_uri)]);
    carto.log_in_at(&url, Person::Denies).unwrap()
}

fn exchange_of<'a>(code: &str, changes: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    let good = [
        ("grant_type", "authorization_code"),
        ("client_id", Sandbox::PUBLIC_CLIENT_ID),
        ("code", code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", CALLBACK),
    ];
    changed(&good, changes)
}

fn refresh_of(reply: &Value, client_id: &str) -> [(&'static str, String); 3] {
    [
        ("grant_type", "refresh_token".to_owned()),
        ("client_id", client_id.to_owned()),
        (
            "refresh_token",
            reply["refresh_token"].as_str().unwrap().to_owned(),
        ),
    ]
}

fn log_in_offline(carto: &Sandbox) -> Value {
    let code = code(carto, &[("scope", "openid offline_access")]);
    token(carto, &exchange_of(&code, &[])).json(200)
}

fn changed<'a>(good: &[(&'a str, &str)], changes: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    let mut pairs: Vec<_> = good
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    for (name, value) in changes {
        match pairs.iter_mut().find(|(known, _)| known == name) {
            Some(pair) => pair.1 = (*value).to_owned(),
            None => pairs.push((name, (*value).to_owned())),
        }
    }
    pairs
}

fn map(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn query_of(address: &str) -> HashMap<String, String> {
    Url::parse(address).unwrap().query_pairs().into_owned().collect()
}

fn claims_of(reply: &Value) -> Value {
    let token = reply["access_token"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

fn ticket_of(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"ticket\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

fn get(address: &str) -> Reply {
    exchange("GET", address, "", "")
}

fn with_token(carto: &Sandbox, path: &str, reply: &Value) -> Reply {
    let token = reply["access_token"].as_str().unwrap();
    let header = format!("Authorization: Bearer {token}\r\n");
    exchange("GET", &format!("{}{path}", carto.url()), &header, "")
}

fn post(address: &str, form: &[(&str, &str)]) -> Reply {
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    exchange("POST", address, "", &body)
}

fn token(carto: &Sandbox, form: &[(&str, String)]) -> Reply {
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    exchange("POST", &format!("{}/oauth/token", carto.auth_url()), "", &body)
}

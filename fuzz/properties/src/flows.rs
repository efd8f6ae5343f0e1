use carto_auth_core::{
    AccessToken, ApiBaseUrl, CartoDwRequest, Discovery, Endpoints, Jitter, OrganizationLookup, Outgoing,
    Secret, TokenCheck, TokenRequest,
};
use serde_json::Value;

use crate::conversation::{Carries, Driver, Rules, is_a_good_grant, is_loopback};
use crate::host::is_cartos;
use crate::script::{Told, expand, replies, split_once};
use crate::secrets::{
    ACCESS_TOKEN, CLIENT_SECRET, CODE, REFRESH_TOKEN, VERIFIER, authorized, is_silent, machine, state,
};

/// A flow and the replies that it hears, whatever they are: it ends, after few requests, to the hosts that it is for, by https;
/// the bearer goes to CARTO's accounts and APIs alone and a form to the token endpoint alone; a code and a refresh token go
/// out once; no failure tells a secret.
///
/// The first line names the flow; the rest is a script.
pub fn flows(data: &[u8]) {
    let script = expand(data);
    let (title, rest) = split_once(&script, b"\n").unwrap_or((&script, b""));
    let mut driver = Driver::new(replies(rest));
    let jitter = Jitter::new(
        title
            .iter()
            .fold(7, |sum, byte| sum * 31 % 1_000_003 + u64::from(*byte))
            << 40,
    );
    match String::from_utf8_lossy(title).trim() {
        "person" => drop(person(&mut driver, jitter, None)),
        "person of an organization" => drop(person(&mut driver, jitter, Some("org_ours"))),
        "refresh" => refresh(&mut driver, jitter),
        "organization" => organization(&mut driver, jitter, "acme/../x?y"),
        "discovery" => drop(discovery(&mut driver, jitter, &token(), Endpoints::carto())),
        "discovery on loopback" => drop(discovery(&mut driver, jitter, &token(), on_loopback())),
        "check" => check(&mut driver, jitter),
        "warehouse" => warehouse(
            &mut driver,
            jitter,
            &token(),
            "https://gcp-us-east1.api.carto.com/prefix",
        ),
        "login" => whole_login(&mut driver, jitter),
        _ => machines(&mut driver, jitter),
    }
}

fn token() -> AccessToken {
    AccessToken::new(Secret::new(ACCESS_TOKEN), None).expect("a token")
}

/// The token, to be looked for, unless the script made one up: that may be any word, such as a host's.
fn canary(token: &AccessToken) -> &str {
    match token.secret().expose() {
        ACCESS_TOKEN => ACCESS_TOKEN,
        _ => "",
    }
}

fn on_loopback() -> Endpoints {
    let endpoints = Endpoints::carto().with_auth_url("http://localhost:9001");
    endpoints
        .and_then(|endpoints| endpoints.with_accounts_url("http://127.0.0.1:9002/accounts-api"))
        .expect("addresses")
}

/// The token endpoint, which gets a form; nobody else is asked.
fn the_token_endpoint(out: &Outgoing, _: &[u8]) -> Option<Carries> {
    (*out.request.uri() == "https://auth.carto.com/oauth/token").then_some(Carries::Form)
}

fn machines(driver: &mut Driver<impl Iterator<Item = Told>>, jitter: Jitter) {
    let secrets = [CLIENT_SECRET];
    let rules = Rules {
        most: 3,
        spends: false,
        secrets: &secrets,
        may_ask: &the_token_endpoint,
    };
    let started = driver.now;
    let step = TokenRequest::client_credentials(&machine(), &Endpoints::carto(), jitter, started);
    if let Ok(grant) = driver.drive(step, &rules) {
        is_a_good_grant(&grant, grant.obtained_at, driver.now);
    }
}

fn person(
    driver: &mut Driver<impl Iterator<Item = Told>>,
    jitter: Jitter,
    organization: Option<&str>,
) -> Option<Secret> {
    let state = state();
    let secrets = [CODE, VERIFIER, &state];
    let rules = Rules {
        most: 3,
        spends: true,
        secrets: &secrets,
        may_ask: &the_token_endpoint,
    };
    let step = authorized(CODE, organization).exchange(jitter, driver.now);
    let grant = driver.drive(step, &rules).ok()?;
    is_a_good_grant(&grant, grant.obtained_at, driver.now);
    Some(grant.access_token)
}

fn refresh(driver: &mut Driver<impl Iterator<Item = Told>>, jitter: Jitter) {
    let secrets = [REFRESH_TOKEN];
    let rules = Rules {
        most: 3,
        spends: true,
        secrets: &secrets,
        may_ask: &the_token_endpoint,
    };
    let step = TokenRequest::refresh_token(
        &Secret::new(REFRESH_TOKEN),
        &Endpoints::carto(),
        jitter,
        driver.now,
    );
    if let Ok(grant) = driver.drive(step, &rules) {
        is_a_good_grant(&grant, grant.obtained_at, driver.now);
    }
}

fn organization(driver: &mut Driver<impl Iterator<Item = Told>>, jitter: Jitter, name: &str) {
    let may_ask = |out: &Outgoing, _: &[u8]| {
        let expected = "https://accounts.app.carto.com/accounts/acme%2F..%2Fx%3Fy/auth0_org_id";
        (*out.request.uri() == expected).then_some(Carries::Nothing)
    };
    let rules = Rules {
        most: 3,
        spends: false,
        secrets: &[],
        may_ask: &may_ask,
    };
    let step = OrganizationLookup::start(name, &Endpoints::carto(), jitter, driver.now).expect("a name");
    if let Ok(id) = driver.drive(step, &rules) {
        let rest = id.as_str().strip_prefix("org_").expect("an organization's id");
        assert!(
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{rest:?}"
        );
    }
}

fn discovery(
    driver: &mut Driver<impl Iterator<Item = Told>>,
    jitter: Jitter,
    token: &AccessToken,
    endpoints: Endpoints,
) -> Option<ApiBaseUrl> {
    let accounts = format!(
        "{}/accounts",
        endpoints.accounts_url().as_str().trim_end_matches('/')
    );
    let is_here = accounts.starts_with("http:");
    let tenant = std::cell::RefCell::new(None);
    let may_ask = |out: &Outgoing, last_body: &[u8]| {
        let uri = out.request.uri().to_string();
        if uri == accounts && tenant.borrow().is_none() {
            return Some(Carries::Bearer);
        }
        // The first time it is the accounts service's word, then the same again.
        let mut tenant = tenant.borrow_mut();
        let domain = tenant.get_or_insert_with(|| {
            let body: Value = serde_json::from_slice(last_body).unwrap_or_default();
            body["tenant_domain"]
                .as_str()
                .unwrap_or_default()
                .to_ascii_lowercase()
        });
        let is_tenants = uri == format!("https://{domain}/config.yaml");
        let host = out.request.uri().host().unwrap_or_default();
        let is_local = is_here && is_loopback(host) && uri.ends_with("/config.yaml");
        assert!(out.body_limit <= 256 << 10, "{}", out.body_limit);
        (is_tenants || is_local).then_some(Carries::Nothing)
    };
    let secrets = [canary(token)];
    let rules = Rules {
        most: 6,
        spends: false,
        secrets: &secrets,
        may_ask: &may_ask,
    };
    let base = driver
        .drive(Discovery::start(token, endpoints, jitter, driver.now), &rules)
        .ok()?;
    let at: http::Uri = base.as_str().parse().expect("an address");
    let is_local = is_here && at.host().is_some_and(is_loopback);
    assert!(is_cartos(base.as_str()) || is_local, "{base}");
    Some(base)
}

fn check(driver: &mut Driver<impl Iterator<Item = Told>>, jitter: Jitter) {
    let may_ask = |out: &Outgoing, _: &[u8]| {
        (*out.request.uri() == "https://accounts.app.carto.com/accounts").then_some(Carries::Bearer)
    };
    let rules = Rules {
        most: 3,
        spends: false,
        secrets: &[ACCESS_TOKEN],
        may_ask: &may_ask,
    };
    let _ = driver.drive(
        TokenCheck::start(&token(), &Endpoints::carto(), jitter, driver.now),
        &rules,
    );
}

fn warehouse(
    driver: &mut Driver<impl Iterator<Item = Told>>,
    jitter: Jitter,
    token: &AccessToken,
    base: &str,
) {
    let url = format!("{base}/v3/connections/carto-dw/token");
    let may_ask = |out: &Outgoing, _: &[u8]| (*out.request.uri() == *url).then_some(Carries::Bearer);
    let secrets = [canary(token)];
    let rules = Rules {
        most: 3,
        spends: false,
        secrets: &secrets,
        may_ask: &may_ask,
    };
    let base: ApiBaseUrl = base.parse().expect("an address");
    let step = CartoDwRequest::start(&base, token, jitter, driver.now).expect("an address");
    if let Ok(credentials) = driver.drive(step, &rules) {
        let (project, token) = (credentials.project_id(), credentials.token().expose());
        let name = project.rsplit(':').next().unwrap_or_default();
        assert!(
            (6..=30).contains(&name.len()) && !project.contains([' ', '\'', '"', '/', '$', '`', '\n']),
            "{project:?}"
        );
        assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(credentials.authorization_header().is_sensitive());
        if !project.contains(token) {
            is_silent(&format!("{credentials:?}"), &[token]);
        }
    }
}

/// One script for all of it: code, account, tenant, warehouse.
fn whole_login(driver: &mut Driver<impl Iterator<Item = Told>>, jitter: Jitter) {
    let Some(token) = person(driver, jitter, None) else {
        return;
    };
    let token = AccessToken::new(token, None).expect("what was granted is a token");
    let Some(base) = discovery(driver, jitter, &token, Endpoints::carto()) else {
        return;
    };
    warehouse(driver, jitter, &token, base.as_str());
}

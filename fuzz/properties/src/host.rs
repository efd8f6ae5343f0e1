use std::net::IpAddr;

use carto_auth_core::{
    AccessToken, ApiBaseUrl, CartoDwRequest, Discovery, Endpoints, Jitter, LoopbackRequest, Secret, Step,
};
use http::{Response, Uri};

use crate::conversation::is_loopback;
use crate::script::expand;
use crate::secrets::{ACCESS_TOKEN, T0, is_one_safe_line, is_safe_to_show};

/// An address or a domain, wherever one comes from: requests go to the host that the rules were applied to, by https (or on
/// loopback), and nowhere else.
pub fn host(data: &[u8]) {
    let text = String::from_utf8_lossy(&expand(data)).into_owned();
    an_api_base_url(&text);
    a_tenant_domain(&text);
    settings(&text);
}

fn an_api_base_url(text: &str) {
    let base: ApiBaseUrl = match text.parse() {
        Ok(base) => base,
        Err(problem) => return is_one_safe_line(&problem.to_string()),
    };
    let shown = base.as_str();
    assert!(!shown.ends_with('/') && !shown.contains(['?', '#']), "{shown}");
    assert_eq!(
        shown.parse::<ApiBaseUrl>().as_ref(),
        Ok(&base),
        "it parses to something else"
    );
    let token = AccessToken::new(Secret::new(ACCESS_TOKEN), None).expect("a token");
    let Ok(Step::Send(out, _)) = CartoDwRequest::start(&base, &token, Jitter::new(7), T0) else {
        panic!("{shown} cannot be asked")
    };
    is_asked_safely(out.request.uri());
    assert_eq!(
        out.request.uri().to_string(),
        format!("{shown}/v3/connections/carto-dw/token")
    );
    if Endpoints::carto().check_api_base_url(&base).is_ok() {
        assert!(is_cartos(shown), "{shown}");
    }
}

/// What CARTO's accounts service may name as the tenant's domain.
fn a_tenant_domain(text: &str) {
    let token = AccessToken::new(Secret::new(ACCESS_TOKEN), None).expect("a token");
    let Step::Send(_, next) = Discovery::start(&token, Endpoints::carto(), Jitter::new(7), T0) else {
        panic!("there is something to ask")
    };
    let body = serde_json::json!({"tenant_domain": text})
        .to_string()
        .into_bytes();
    match next.resume(Ok(Response::new(body)), T0) {
        Ok(Step::Send(out, _)) => {
            let uri = out.request.uri();
            assert_eq!(uri.scheme_str(), Some("https"));
            assert_eq!(
                uri.to_string(),
                format!("https://{}/config.yaml", text.to_ascii_lowercase())
            );
            assert_eq!(
                uri.authority().map(http::uri::Authority::as_str),
                uri.host(),
                "a port or a user"
            );
            is_a_domain(text);
        }
        Ok(other) => panic!("neither asked nor refused: {other:?}"),
        Err(error) => is_safe_to_show(&error, &[ACCESS_TOKEN]),
    }
}

/// What a self-hosted CARTO is configured with.
fn settings(text: &str) {
    let carto = Endpoints::carto();
    let taken = [
        carto
            .clone()
            .with_auth_url(text)
            .map(|endpoints| vec![endpoints.token_url().clone(), endpoints.authorize_url().clone()]),
        carto
            .clone()
            .with_token_url(text)
            .map(|endpoints| vec![endpoints.token_url().clone()]),
        carto
            .clone()
            .with_accounts_url(text)
            .map(|endpoints| vec![endpoints.accounts_url().clone()]),
        carto
            .clone()
            .with_app_url(text)
            .map(|endpoints| vec![endpoints.success_page().clone()]),
    ];
    for setting in taken {
        match setting {
            Ok(urls) => urls
                .iter()
                .for_each(|url| is_asked_safely(&url.as_str().parse().expect("requests take it"))),
            Err(error) => is_safe_to_show(&error, &[]),
        }
    }
    match carto.clone().with_redirect_uri(text) {
        Ok(endpoints) => {
            let uri = endpoints.redirect_uri();
            assert_eq!(
                uri.as_str(),
                text,
                "it must match what is registered to the letter"
            );
            assert!(
                matches!(uri.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) && uri.scheme() == "http",
                "{uri}"
            );
            assert!(uri.port().is_some_and(|port| port > 0), "{uri}");
            let _ = LoopbackRequest::new(uri);
        }
        Err(error) => is_safe_to_show(&error, &[]),
    }
    let base = |text: String| text.parse::<ApiBaseUrl>().expect("an address");
    if let Ok(endpoints) = carto.with_allowed_domain(text) {
        is_a_domain(text);
        let lower = text.to_ascii_lowercase();
        let is_allowed = |address: String| endpoints.check_api_base_url(&base(address)).is_ok();
        // A name that no browser would look up (a broken `xn--`) is allowed in vain.
        if url::Host::parse(&lower).is_ok() {
            assert!(is_allowed(format!("https://{lower}")));
            assert!(is_allowed("https://a.carto.com".to_owned()));
            assert!(
                is_cartos(&format!("https://{lower}"))
                    || !is_allowed("https://evil.example.net".to_owned())
                    || "evil.example.net".ends_with(&lower)
            );
        }
    }
}

fn is_asked_safely(uri: &Uri) {
    let host = uri.host().expect("a host");
    let authority = uri.authority().expect("an authority").as_str();
    assert!(!authority.contains('@'), "a user name would be sent or logged");
    let is_here = is_loopback(host);
    assert!(
        uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && is_here),
        "{uri}"
    );
    assert!(uri.query().is_none(), "{uri}");
}

/// On `carto.com` by https, by a reading of its own.
pub(crate) fn is_cartos(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("https://") else {
        return false;
    };
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let labels: Vec<&str> = host.split('.').collect();
    labels.ends_with(&["carto", "com"])
        && labels.iter().all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_~!$&'()*+,;=".contains(&byte))
        })
}

/// As DNS has it: nothing that some parser could take for a port, a user, a path or an address.
fn is_a_domain(text: &str) {
    assert!(text.len() <= 253 && text.contains('.'), "{text}");
    assert!(
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'),
        "{text}"
    );
    assert!(
        text.split('.').all(|label| (1..=63).contains(&label.len())),
        "{text}"
    );
    assert!(text.parse::<IpAddr>().is_err(), "{text}");
    assert!(
        !matches!(
            url::Host::parse(text),
            Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_))
        ),
        "{text}"
    );
}

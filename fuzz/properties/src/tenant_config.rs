use carto_auth_core::{AccessToken, ApiBaseUrl, Discovery, Endpoints, Error, Jitter, Secret, Step};
use http::Response;

use crate::host::is_cartos;
use crate::script::expand;
use crate::secrets::{ACCESS_TOKEN, CANARY, T0, is_safe_to_show, is_silent};

/// A tenant's `config.yaml`: an address of CARTO's, the same that a plain document with that address gives, or an error that
/// quotes nothing.
pub fn tenant_config(data: &[u8]) {
    let config = expand(data);
    match read(config.clone()) {
        Ok(base) => {
            assert!(is_cartos(base.as_str()), "{base}");
            let plain = serde_json::json!({"apis": {"baseUrl": base.as_str()}});
            assert_eq!(read(plain.to_string().into_bytes()).ok(), Some(base));
        }
        Err(error) => {
            is_safe_to_show(&error, &[ACCESS_TOKEN, CANARY]);
            assert!(
                matches!(error, Error::Reply(_) | Error::TenantAddress { .. }),
                "{error}"
            );
        }
    }
}

fn read(config: Vec<u8>) -> Result<ApiBaseUrl, Error> {
    let token = AccessToken::new(Secret::new(ACCESS_TOKEN), None).expect("a token");
    let Step::Send(_, next) = Discovery::start(&token, Endpoints::carto(), Jitter::new(7), T0) else {
        panic!("there is something to ask")
    };
    let account = Response::new(br#"{"tenant_domain":"acme.app.carto.com"}"#.to_vec());
    let Step::Send(out, next) = next.resume(Ok(account), T0)? else {
        panic!("the tenant is to be asked")
    };
    assert_eq!(out.request.uri(), "https://acme.app.carto.com/config.yaml");
    assert!(out.body_limit <= 256 << 10, "{}", out.body_limit);
    is_silent(&format!("{out:?}"), &[ACCESS_TOKEN]);
    let is_too_much = config.len() >= out.body_limit;
    match next.resume(Ok(Response::new(config)), T0)? {
        Step::Done(_) if is_too_much => panic!("more than the limit was read"),
        Step::Done(base) => Ok(base),
        other => panic!("there is nothing more to ask: {other:?}"),
    }
}

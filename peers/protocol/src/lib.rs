//! What a login and a token reply cost without the network: by `oauth2`, and at least.

use std::hint::black_box;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AuthType, AuthUrl, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, PkceCodeChallenge,
    RedirectUrl, TokenUrl,
};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// What went wrong.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Does something so many times over.
pub type Operation = Box<dyn Fn(u64) -> Result<()> + Sync>;

const CLIENT_ID: &str = "0dxb8HR3ATXCxJiPOJVHsLoHoAtbRX6u";

/// Something to be done over and over, by its name.
///
/// # Errors
/// When there is nothing of that name.
pub fn operation(name: &str) -> Result<Operation> {
    match name {
        "floor-valid-token" => Ok(floor_valid_token()),
        "oauth2-authorize-url" => oauth2_authorize_url(),
        "floor-authorize-url" => Ok(floor_authorize_url()),
        "oauth2-token-exchange" => oauth2_token_exchange(),
        "oauth2-token-reply" => Ok(oauth2_token_reply()),
        "floor-token-reply" => Ok(floor_token_reply()),
        _ => Err("operations: {oauth2,floor}-{authorize-url,token-reply}, oauth2-token-exchange, floor-valid-token".into()),
    }
}

fn repeatedly(run: impl Fn() -> Result<()> + Sync + 'static) -> Operation {
    Box::new(move |times| (0..times).try_for_each(|_| run()))
}

/// The least for a token that many share, one thread replaces, and its time decides of.
fn floor_valid_token() -> Operation {
    let shared = ArcSwapOption::from_pointee((Arc::new("e".repeat(800)), i64::MAX));
    repeatedly(move || {
        let now = clock_gettime(ClockId::RealtimeCoarse).tv_sec;
        let held = black_box(&shared).load();
        let valid = held.as_ref().filter(|held| now < held.1);
        black_box(valid.map(|held| Arc::clone(&held.0)));
        Ok(())
    })
}

/// With the parameters of CARTO's login.
fn oauth2_authorize_url() -> Result<Operation> {
    let client = BasicClient::new(ClientId::new(CLIENT_ID.into()))
        .set_auth_uri(AuthUrl::new("https://auth.carto.com/authorize".into())?)
        .set_redirect_uri(RedirectUrl::new("http://localhost:10000/callback/".into())?);
    Ok(repeatedly(move || {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = client
            .authorize_url(CsrfToken::new_random)
            .add_extra_param("audience", "carto-cloud-native-api")
            .set_pkce_challenge(challenge);
        let _ = black_box((request.url(), verifier));
        Ok(())
    }))
}

/// The same by hand. What no login changes is prepared.
fn floor_authorize_url() -> Operation {
    let prefix = format!(
        "https://auth.carto.com/authorize?response_type=code&client_id={CLIENT_ID}&redirect_uri=\
         http%3A%2F%2Flocalhost%3A10000%2Fcallback%2F&audience=carto-cloud-native-api&code_challenge_method=S256"
    );
    repeatedly(move || {
        let mut entropy = [0; 64];
        getrandom::fill(&mut entropy)?;
        let (mut verifier, mut state, mut challenge) = ([0; 43], [0; 43], [0; 43]);
        URL_SAFE_NO_PAD.encode_slice(&entropy[..32], &mut verifier)?;
        URL_SAFE_NO_PAD.encode_slice(&entropy[32..], &mut state)?;
        URL_SAFE_NO_PAD.encode_slice(Sha256::digest(verifier), &mut challenge)?;
        let mut url = String::with_capacity(512);
        url.push_str(&prefix);
        url.push_str("&code_challenge=");
        url.push_str(std::str::from_utf8(&challenge)?);
        url.push_str("&state=");
        url.push_str(std::str::from_utf8(&state)?);
        black_box((url, verifier, state));
        Ok(())
    })
}

/// A reply as CARTO's, with 800 characters of token.
fn reply() -> Vec<u8> {
    json!({"access_token": "e".repeat(800), "expires_in": 86_400, "token_type": "Bearer"})
        .to_string()
        .into()
}

/// The request of a machine, and what is made of the reply.
fn oauth2_token_exchange() -> Result<Operation> {
    let client = BasicClient::new(ClientId::new(CLIENT_ID.into()))
        .set_client_secret(ClientSecret::new("secret".into()))
        .set_auth_type(AuthType::RequestBody)
        .set_token_uri(TokenUrl::new("https://auth.carto.com/oauth/token".into())?);
    let reply = reply();
    Ok(repeatedly(move || {
        let send = |request: HttpRequest| {
            black_box(request);
            Ok::<_, std::io::Error>(HttpResponse::new(reply.clone()))
        };
        let request = client
            .exchange_client_credentials()
            .add_extra_param("audience", "carto-cloud-native-api");
        black_box(request.request(&send)?);
        Ok(())
    }))
}

/// As its transports' callers have it parsed.
fn oauth2_token_reply() -> Operation {
    let reply = reply();
    repeatedly(move || {
        let mut parser = serde_json::Deserializer::from_slice(black_box(&reply));
        let token: BasicTokenResponse = serde_path_to_error::deserialize(&mut parser)?;
        black_box(token);
        Ok(())
    })
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsing them is what is measured")]
struct Reply<'a> {
    access_token: &'a str,
    expires_in: u64,
    token_type: &'a str,
}

/// The same, borrowed from the reply.
fn floor_token_reply() -> Operation {
    let reply = reply();
    repeatedly(move || {
        black_box(serde_json::from_slice::<Reply<'_>>(black_box(&reply))?);
        Ok(())
    })
}

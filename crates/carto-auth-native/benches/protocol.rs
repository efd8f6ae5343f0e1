//! What the protocol and the token file cost, without any network.
#![expect(clippy::unwrap_used, reason = "what fails here is to end")]

use std::hint::black_box;
use std::process::ExitCode;

use carto_auth_core::{
    Endpoints, Heard, Jitter, LoginRequest, LoopbackRequest, M2mCredentials, Redirect, Step, TokenRecord,
    TokenRequest,
};
use carto_auth_measure::{Operation, Run};
use carto_auth_native::{entropy, now};

const OPERATIONS: [Operation; 7] = [
    ("authorize_url", authorize_url),
    ("token_request", token_request),
    ("token_exchange_opaque", || token_exchange(&"e".repeat(800))),
    ("token_exchange_jwt", || token_exchange(JWT)),
    ("cache_decode", cache_decode),
    ("cache_encode", cache_encode),
    ("callback", callback),
];

/// As CARTO issues them for machines, but for the signature.
const JWT: &str = include_str!("token.jwt");

fn main() -> ExitCode {
    carto_auth_measure::main(&OPERATIONS)
}

#[divan::bench(args = OPERATIONS.map(|(name, _)| name))]
fn protocol(bencher: divan::Bencher<'_, '_>, name: &str) {
    carto_auth_measure::time(bencher, &OPERATIONS, name);
}

fn repeatedly(run: impl Fn() + Send + Sync + 'static) -> Run {
    Box::new(move |times| (0..times).for_each(|_| run()))
}

/// As a person logs in by default. The randomness of the system is part of it.
fn authorize_url() -> Run {
    let endpoints = Endpoints::carto();
    repeatedly(move || {
        let request = LoginRequest::new(endpoints.clone(), Redirect::Loopback);
        let _ = black_box(request.start(entropy().unwrap()));
    })
}

/// The request of a machine.
fn token_request() -> Run {
    let (machine, endpoints) = (machine(), Endpoints::carto());
    repeatedly(move || {
        let step = TokenRequest::client_credentials(&machine, &endpoints, Jitter::new(7), now());
        let _ = black_box(step);
    })
}

fn machine() -> M2mCredentials {
    M2mCredentials::new("https://gcp-us-east1.api.carto.com", "the-id", "s3cr3t").unwrap()
}

/// The request of a machine, and what is made of the reply.
fn token_exchange(token: &str) -> Run {
    let (machine, endpoints) = (machine(), Endpoints::carto());
    let body = format!(r#"{{"access_token":"{token}","expires_in":86400,"token_type":"Bearer"}}"#);
    repeatedly(move || {
        let now = now();
        let step = TokenRequest::client_credentials(&machine, &endpoints, Jitter::new(7), now);
        let Step::Send(request, next) = step else {
            panic!("expected a request")
        };
        black_box(&request);
        let reply = http::Response::new(body.as_bytes().to_vec());
        let Ok(Step::Done(grant)) = next.resume(Ok(reply), now) else {
            panic!("expected a token")
        };
        black_box(grant);
    })
}

fn file() -> String {
    format!(
        r#"{{"api_base_url":"https://gcp-us-east1.api.carto.com","access_token":"{JWT}","expiration":4000000000,
        "version":1,"expires_at":4000000000,"obtained_at":1790000000,"client_id":"the-id",
        "token_url":"https://auth.carto.com/oauth/token","audience":"carto-cloud-native-api"}}"#
    )
}

fn cache_decode() -> Run {
    let file = file();
    repeatedly(move || {
        black_box(TokenRecord::decode(black_box(file.as_bytes()), &|_| 0).unwrap());
    })
}

fn cache_encode() -> Run {
    let record = TokenRecord::decode(file().as_bytes(), &|_| 0).unwrap();
    repeatedly(move || {
        black_box(black_box(&record).encode(&|_| 0));
    })
}

/// A browser that comes back, as Chromium sends it.
fn callback() -> Run {
    let endpoints = Endpoints::carto();
    repeatedly(move || {
        let mut request = LoopbackRequest::new(endpoints.redirect_uri());
        let Heard::Callback(target) = request.receive(black_box(REQUEST)) else {
            panic!("expected a callback")
        };
        black_box(target);
    })
}

const REQUEST: &[u8] = b"GET /callback/?code=vYyBuhzxNZn0oBnUL6cvcgTHNA3bRZgAFXwKkzVfFDSK3&state=e-Q_0GhvAM3SfhUwTv8vVm-FPoE6yWvRPfCUp6tFo0c HTTP/1.1\r\n\
Host: localhost:10000\r\nConnection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n";

//! What it costs to ask for a token that is still valid.
#![expect(clippy::unwrap_used, reason = "what fails here is to end")]

use std::hint::black_box;
use std::process::ExitCode;

use carto_auth_measure::{Operation, Run};
use carto_auth_reqwest::CartoAuth;
use tokio::runtime;

const OPERATIONS: [Operation; 1] = [("access_token", access_token)];

fn main() -> ExitCode {
    carto_auth_measure::main(&OPERATIONS)
}

#[divan::bench(args = OPERATIONS.map(|(name, _)| name))]
fn valid(bencher: divan::Bencher<'_, '_>, name: &str) {
    carto_auth_measure::time(bencher, &OPERATIONS, name);
}

fn access_token() -> Run {
    let token = include_str!("../../carto-auth-native/benches/token.jwt");
    let auth = CartoAuth::from_token("https://gcp-us-east1.api.carto.com", token).unwrap();
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                black_box(black_box(&auth).access_token().await.unwrap());
            }
        });
    })
}

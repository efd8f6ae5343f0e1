//! A program of ours that does what the lines of its standard input say: gets tokens of machines and people, again and
//! again, as so many programs would. `peer.py` is its counterpart.
#![expect(clippy::unwrap_used, reason = "a peer of tests")]

use std::env;
use std::io::stdin;
use std::sync::atomic::{AtomicBool, Ordering};

use carto_auth_tests::ANSWER;
use carto_auth_ureq::{
    Cancelled, CartoAuth, Endpoints, Error, Ignored, LoginInteraction, LoginPrompt, credentials,
};

fn main() {
    let sandbox = env::var("SANDBOX").unwrap();
    let endpoints = Endpoints::carto()
        .with_auth_url(&sandbox)
        .and_then(|endpoints| endpoints.with_accounts_url(&sandbox))
        .and_then(|endpoints| endpoints.with_app_url(&sandbox))
        .unwrap();
    while let Some(line) = next_line() {
        let outcome = match line.split('\t').collect::<Vec<_>>()[..] {
            ["m2m", file] => machine(&endpoints, file, None),
            ["m2m", file, cache] => machine(&endpoints, file, Some(cache)),
            ["oauth"] => person(&endpoints, None),
            ["oauth_in", organization] => person(&endpoints, Some(organization)),
            _ => panic!("{line}"),
        };
        answer(&outcome.unwrap_or_else(|error| format!("error {error}")));
    }
}

fn machine(endpoints: &Endpoints, file: &str, cache: Option<&str>) -> Result<String, Error> {
    let mut builder = CartoAuth::m2m(credentials::from_file(file)?).endpoints(endpoints.clone());
    if let Some(cache) = cache {
        builder = builder.cache_file(cache);
    }
    token(&builder.build())
}

fn person(endpoints: &Endpoints, organization: Option<&str>) -> Result<String, Error> {
    let mut builder = CartoAuth::oauth().endpoints(endpoints.clone());
    if let Some(organization) = organization {
        builder = builder.organization(organization);
    }
    let builder = builder
        .without_browser()
        .interaction(Lines::default())
        .log_in_when_needed();
    token(&builder.build())
}

fn token(auth: &CartoAuth) -> Result<String, Error> {
    let (token, address) = (auth.access_token()?, auth.api_base_url()?);
    Ok(format!("{} {}", token.secret().expose(), address.as_str()))
}

/// Meets the person as the Python peer does: the prompt is an answer, and the next line is what they paste. The lines
/// after that are no affair of the login's.
#[derive(Default)]
struct Lines(AtomicBool);

impl LoginInteraction for Lines {
    fn show(&self, prompt: &LoginPrompt<'_>) {
        answer(&format!("prompt {}", prompt.url));
    }

    fn can_paste(&self) -> bool {
        true
    }

    fn read_pasted(&self, _: &Cancelled) -> Option<String> {
        let is_first = !self.0.swap(true, Ordering::Relaxed);
        is_first.then(next_line)?
    }

    fn refused(&self, _: Ignored) {}
}

fn next_line() -> Option<String> {
    let mut line = String::new();
    let read = stdin().read_line(&mut line).unwrap();
    (read > 0).then(|| line.trim_end().to_owned())
}

#[expect(clippy::print_stdout, reason = "the test that started this process reads it")]
fn answer(text: &str) {
    println!("{ANSWER}{text}");
}

//! A person logs in with the browser. Here the sandbox stands for CARTO, and its user agent for the person at the browser;
//! with an account, `auth` is `CartoAuth::from_oauth()?`, which opens the browser itself.
//!
//! Run it with `cargo run -p carto-auth-ureq --example browser_login`.
#![expect(clippy::print_stdout, reason = "an example")]

use std::thread;

use carto_auth_sandbox::{Person, Sandbox, UserAgent};
use carto_auth_ureq::{Cancelled, CartoAuth, Endpoints, Ignored, LoginInteraction, LoginPrompt};

/// Opens the address of the login, as a browser would.
struct Browser(UserAgent);

impl LoginInteraction for Browser {
    fn show(&self, prompt: &LoginPrompt<'_>) {
        let (mut browser, url) = (self.0.clone(), prompt.url.to_owned());
        thread::spawn(move || {
            let callback = browser.log_in_at(&url, Person::Accepts)?;
            browser.visit(&callback)
        });
    }

    fn can_paste(&self) -> bool {
        false
    }

    fn read_pasted(&self, _: &Cancelled) -> Option<String> {
        None
    }

    fn refused(&self, _: Ignored) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let carto = Sandbox::start()?;
    // CARTO itself knows port 10000 alone.
    let redirect_uri = carto.register_free_redirect_uri()?;
    let endpoints = Endpoints::carto()
        .with_auth_url(&carto.auth_url())?
        .with_accounts_url(&carto.accounts_url())?
        .with_app_url(&carto.app_url())?
        .with_redirect_uri(&redirect_uri)?;
    let builder = CartoAuth::oauth().endpoints(endpoints).without_cache();
    let auth = builder
        .with_callback()
        .interaction(Browser(carto.user_agent()))
        .connect()?;

    let email = auth.access_token()?.claims().and_then(|claims| claims.email);
    println!("logged in: {}", email.unwrap_or_default());
    assert_eq!(auth.api_base_url()?.as_str(), carto.api_base_url());
    Ok(())
}

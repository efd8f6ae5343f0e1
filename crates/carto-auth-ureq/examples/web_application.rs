//! A web application logs its users in: between the redirect to CARTO and the callback the login is kept in the user's
//! session on the server, for which a map stands here.
//!
//! Run it with `cargo run -p carto-auth-ureq --example web_application`.
#![expect(clippy::print_stdout, reason = "an example")]

use std::collections::HashMap;
use std::time::SystemTime;

use carto_auth_sandbox::{Person, Sandbox};
use carto_auth_ureq::{Callback, CartoAuth, Endpoints, Error, Login, LoginOptions, Secret, entropy};

/// What the application keeps on the server, by the session cookie.
type Sessions = HashMap<&'static str, Secret>;

/// `GET /login`: where to send the user.
fn login(auth: &CartoAuth, sessions: &mut Sessions, cookie: &'static str) -> Result<String, Error> {
    let login = auth.login_request(&LoginOptions::default())?.start(entropy()?);
    let url = login.authorize_url().to_owned();
    sessions.insert(cookie, login.export(SystemTime::now()));
    Ok(url)
}

/// `GET /callback/?code=…&state=…`: the user is back. A login is taken out of the session, so that it is used once.
fn callback(
    auth: &CartoAuth,
    endpoints: &Endpoints,
    sessions: &mut Sessions,
    (cookie, target): (&str, &str),
) -> Result<String, Box<dyn std::error::Error>> {
    let kept = sessions.remove(cookie).ok_or("this session is not logging in")?;
    let login = Login::import(kept.expose().as_bytes(), endpoints.clone(), SystemTime::now())?;
    match login.callback(target) {
        Callback::Accepted(authorized) => {
            let token = auth.finish_login(authorized, &LoginOptions::default())?;
            Ok(token.claims().and_then(|claims| claims.email).unwrap_or_default())
        }
        Callback::Ignored(_, why) => Err(why.into()),
        Callback::Denied(error) => Err(error.into()),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let carto = Sandbox::start()?;
    // The address of the application, as it is registered for its client id.
    let redirect_uri = "http://localhost:10080/callback/";
    carto.register_redirect_uri(redirect_uri);
    let endpoints = Endpoints::carto()
        .with_auth_url(&carto.auth_url())?
        .with_accounts_url(&carto.accounts_url())?
        .with_redirect_uri(redirect_uri)?;
    // One for each user: a store of the application's would keep their tokens.
    let auth = CartoAuth::oauth()
        .endpoints(endpoints.clone())
        .without_cache()
        .build();
    let mut sessions = Sessions::new();

    let url = login(&auth, &mut sessions, "cookie-of-ana")?;
    let address = carto.log_in_at(&url, Person::Accepts)?;
    let target = address.trim_start_matches("http://localhost:10080");
    let stranger = callback(&auth, &endpoints, &mut sessions, ("cookie-of-eve", target));
    if let Err(why) = stranger {
        println!("somebody else's session: {why}");
    }
    println!(
        "logged in: {}",
        callback(&auth, &endpoints, &mut sessions, ("cookie-of-ana", target))?
    );
    println!(
        "APIs at {}",
        auth.api_base_url()?.as_str().replace(&carto.url(), "the sandbox")
    );
    Ok(())
}

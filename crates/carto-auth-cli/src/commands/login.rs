//! `carto-auth login`: a person logs in, with the browser or a pasted code.

use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use carto_auth_core::{AccessToken, Callback, Error, Ignored, OneLine, PENDING_LOGIN_LIFE, Redirect};
use carto_auth_native::{
    LoginInteraction, LoginOptions, LoginPrompt, PendingLogin, Way, entropy, now, read_line,
};
use carto_auth_ureq::CartoAuth;
use serde::Serialize;

use crate::arguments::{Global, LoginCommand, Mode};
use crate::commands::status;
use crate::endpoints::endpoints;
use crate::failure::{Exit, Failure};
use crate::identity::{self, Chosen};
use crate::{output, talk, time};

pub(crate) fn run(global: &Global, command: &LoginCommand) -> Result<(), Failure> {
    if global.no_cache {
        return Err(Failure::usage(
            "login is of no use with --no-cache",
            "leave it out: a login is kept for other commands",
        ));
    }
    if global.mode == Some(Mode::M2m) {
        return Err(Failure::usage(
            "a machine does not log in",
            "run `carto-auth token` with its credentials",
        ));
    }
    let chosen = identity::person(global)?;
    let options = options(global, command)?;
    if let Some(code) = &command.code {
        let token = finish_pending(global, &chosen, code, &options)?;
        return succeeded(global, &chosen, &token);
    }
    if let Some(token) = session_to_keep(&chosen, command) {
        // A login whose account could not be asked is completed here, without the person.
        chosen.auth.api_base_url()?;
        if !global.json {
            talk::say(
                global,
                format_args!(
                    "Already {}. `carto-auth login --force` logs in anew.",
                    logged_in(&token)
                ),
            );
        }
        return answer(global, &chosen);
    }
    if let Some(reason) = nobody_to_ask()
        && !command.browser
    {
        return leave_pending(global, command, &chosen.auth, &options, reason);
    }
    let token = chosen.auth.log_in(&options)?;
    succeeded(global, &chosen, &token)
}

/// A login that is good and of which nothing else is asked.
fn session_to_keep(chosen: &Chosen, command: &LoginCommand) -> Option<AccessToken> {
    let asks_nothing_else = !command.force && command.org.is_none() && command.api_base_url.is_none();
    asks_nothing_else.then(|| chosen.auth.cached_token()).flatten()
}

fn options(global: &Global, command: &LoginCommand) -> Result<LoginOptions, Failure> {
    let mut options = LoginOptions::default()
        .timeout(command.timeout)
        .interaction(Prompt { quiet: global.quiet });
    if let Some(organization) = &command.org {
        options = options.organization(organization);
    }
    if command.force {
        options = options.force();
    }
    if let Some(address) = &command.api_base_url {
        let setting = "--api-base-url";
        let parsed = address
            .parse()
            .map_err(|problem| Error::Address { setting, problem })?;
        options = options.api_base_url(parsed);
    }
    Ok(match (command.browser, command.no_browser) {
        (true, _) => options.way(Way::Browser),
        (_, true) => options.way(Way::Paste("--no-browser was given")),
        _ => options,
    })
}

/// Why nobody can be asked here, if nobody can.
fn nobody_to_ask() -> Option<&'static str> {
    let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    let in_ci = env::var_os("CI").is_some_and(|value| !value.is_empty());
    match (is_terminal, in_ci) {
        (false, _) => Some("no terminal to read the access code from"),
        (_, true) => Some("nobody to paste the access code: CI is set"),
        _ => None,
    }
}

#[derive(Serialize)]
struct Pending<'a> {
    logged_in: bool,
    reason: &'static str,
    url: &'a str,
    complete_with: String,
    expires_at: String,
}

/// Prints the address, keeps the login for `--code`, and ends at once.
fn leave_pending(
    global: &Global,
    command: &LoginCommand,
    auth: &CartoAuth,
    options: &LoginOptions,
    reason: &str,
) -> Result<(), Failure> {
    let request = auth.login_request(options)?.redirect(Redirect::CodePage);
    let login = request.start(entropy()?);
    pending(global)?.save(&login)?;
    let complete_with = complete_with(global, command);
    if global.json {
        output::json(&Pending {
            logged_in: false,
            reason: "login_pending",
            url: login.authorize_url(),
            complete_with,
            expires_at: time::rfc3339(now() + PENDING_LOGIN_LIFE),
        })?;
        return Err(Failure::said(Exit::LogIn));
    }
    talk::must_say(format_args!("Open this page:\n{}", login.authorize_url()));
    let minutes = PENDING_LOGIN_LIFE.as_secs() / 60;
    let hint = format!("within {minutes} minutes run `{complete_with}`; for automation use --credentials");
    Err(Failure::login_pending(reason, hint))
}

fn complete_with(global: &Global, command: &LoginCommand) -> String {
    let mut text = "carto-auth login --code CODE".to_owned();
    if global.profile.name() != "default" {
        let _ = write!(text, " --profile {}", global.profile.name());
    }
    if let Some(address) = &command.api_base_url {
        let _ = write!(text, " --api-base-url {address}");
    }
    text
}

fn pending(global: &Global) -> Result<PendingLogin, Failure> {
    PendingLogin::of(&global.profile).ok_or_else(|| {
        Failure::usage(
            "there is no home folder to keep the login in",
            "set CARTO_AUTH_HOME",
        )
    })
}

/// `login --code`: the login that was left pending, and what the person brought.
fn finish_pending(
    global: &Global,
    chosen: &Chosen,
    code: &str,
    options: &LoginOptions,
) -> Result<AccessToken, Failure> {
    let pending = pending(global)?;
    let login = pending.load(endpoints()?).ok_or_else(|| {
        let message = "no login is waiting for a code (they wait for 10 minutes)";
        Failure::not_logged_in("not_logged_in", message.to_owned())
    })?;
    let text = match code {
        "-" => read_line(&mut io::stdin().lock()).unwrap_or_default(),
        code => code.to_owned(),
    };
    let authorized = match login.pasted(&text) {
        Callback::Accepted(authorized) => authorized,
        Callback::Denied(error) => {
            pending.forget();
            return Err(error.into());
        }
        Callback::Ignored(_, why) => {
            return Err(Failure::usage(
                format!("the code is of no use: {why}"),
                "paste the code that CARTO's page shows, or that page's whole address",
            ));
        }
    };
    // It is spent with this try, whatever comes of it.
    pending.forget();
    Ok(chosen.auth.finish_login(authorized, options)?)
}

/// `logged in as ana@acme.com (ac_7xhfwyml) for 24h, until 2026-11-25 10:31 UTC`.
fn logged_in(token: &AccessToken) -> String {
    let mut text = "logged in".to_owned();
    if let Some(email) = identity::whose(token) {
        let _ = write!(text, " as {email}");
    }
    if let Some(account) = token.claims().and_then(|claims| claims.account_id) {
        let _ = write!(text, " ({})", OneLine(&account));
    }
    if let Some(end) = token.expires_at() {
        let left = time::roughly(end.since(now()));
        let _ = write!(text, " for {left}, until {}", time::minute(end));
    }
    text
}

fn succeeded(global: &Global, chosen: &Chosen, token: &AccessToken) -> Result<(), Failure> {
    if !global.json {
        let text = logged_in(token);
        talk::say(global, format_args!("L{}.", &text[1..]));
    }
    answer(global, chosen)
}

/// With `--json`, what `status` says; otherwise stdout stays empty.
fn answer(global: &Global, chosen: &Chosen) -> Result<(), Failure> {
    if let Some(name) = identity::overriding_variable(global) {
        log::warn!(
            "{name} is set: other commands use that machine, not this login, unless --mode oauth is given"
        );
    }
    match global.json {
        true => output::json(&status::answer(global, chosen)),
        false => Ok(()),
    }
}

/// The person at the terminal, in the words of this command.
struct Prompt {
    quiet: bool,
}

impl LoginInteraction for Prompt {
    fn show(&self, prompt: &LoginPrompt<'_>) {
        if let Some(obstacle) = prompt.obstacle.filter(|_| !self.quiet) {
            let way_out = match obstacle.starts_with("port ") {
                true => "free it and log in again to use the browser",
                false => "--browser opens one all the same",
            };
            talk::must_say(format_args!("No browser is opened: {obstacle} ({way_out})."));
        }
        talk::must_say(format_args!("Open this page to log in to CARTO:\n{}", prompt.url));
        let limit = time::limit(prompt.timeout);
        match (prompt.redirect, self.can_paste()) {
            (Redirect::Loopback, can_paste) => {
                talk::must_say(format_args!(
                    "Waiting for your browser ({limit}, Ctrl-C to stop)."
                ));
                if can_paste {
                    talk::must_say(
                        "If it ends on a page that does not load, paste that page's address here:",
                    );
                }
            }
            (Redirect::CodePage, _) => {
                talk::must_say(format_args!(
                    "Then paste the code that it shows here ({limit}, Ctrl-C to stop):"
                ));
            }
        }
    }

    fn can_paste(&self) -> bool {
        nobody_to_ask().is_none()
    }

    fn read_pasted(&self) -> Option<String> {
        read_line(&mut io::stdin().lock())
    }

    fn refused(&self, why: Ignored) {
        talk::must_say(format_args!(
            "That is not the answer to this login: {why}. Paste it again, or the whole address:"
        ));
    }
}

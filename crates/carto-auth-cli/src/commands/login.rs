//! `carto-auth login`: a person logs in, with the browser or a pasted code.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use carto_auth_core::{
    AccessToken, ApiBaseUrl, Callback, Error, Ignored, OneLine, PENDING_LOGIN_LIFE, Redirect, Sent,
};
use carto_auth_native::{
    Cancelled, LoginInteraction, LoginOptions, LoginPrompt, Obstacle, PendingLogin, Way, discard_typed,
    entropy, now, read_line, read_pasted,
};
use serde::Serialize;

use crate::arguments::LoginCommand;
use crate::commands::status;
use crate::endpoints::endpoints;
use crate::failure::{Exit, Failure};
use crate::global::{Global, Mode};
use crate::identity::{self, Chosen};
use crate::patience::within_a_minute;
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
    let options = options(global, command, &chosen)?;
    if let Some(code) = &command.code {
        check_place(&chosen)?;
        let token = finish_pending(global, &chosen, code, &options)?;
        return succeeded(global, &chosen, &token);
    }
    if let Some(token) = session_to_keep(&chosen, command, &options) {
        // A login whose account could not be asked is completed here, without the person.
        if let (Some(given), None) = (options.given_api_base_url(), chosen.auth.known_api_base_url()) {
            chosen.auth.keep_api_base_url(&token, given.clone());
        }
        chosen
            .auth
            .api_base_url()
            .map_err(|error| chosen.of_login(error))?;
        if !global.json {
            talk::say(
                global,
                format_args!(
                    "Already {}. `{} --force` logs in anew.",
                    logged_in(&token),
                    chosen.login
                ),
            );
        }
        return answer(global, &chosen);
    }
    check_place(&chosen)?;
    if let Some(reason) = nobody_to_ask()
        && !command.browser
    {
        return leave_pending(global, &chosen, &options, reason);
    }
    let token = chosen
        .auth
        .log_in(&options)
        .map_err(|error| failure(&chosen, error))?;
    succeeded(global, &chosen, &token)
}

/// Why a login has come to nothing.
fn failure(chosen: &Chosen, error: Error) -> Failure {
    match error {
        Error::Store { .. } => Failure::not_kept(&error.to_string(), error.hint()),
        error => chosen.of_login(error),
    }
}

/// A login that no other command would find is not begun.
fn check_place(chosen: &Chosen) -> Result<(), Failure> {
    let (Some(store), Some(identity)) = (&chosen.store, chosen.auth.identity()) else {
        return Err(no_home());
    };
    let found = store.inspect(identity);
    identity::folder_problem(&found).map_or(Ok(()), |(problem, hint)| {
        let place = format!("{}: {problem}", found.folder.display());
        Err(Failure::not_kept(&place, hint))
    })
}

/// A login that is good and of which nothing else is asked.
fn session_to_keep(chosen: &Chosen, command: &LoginCommand, options: &LoginOptions) -> Option<AccessToken> {
    let token = chosen.auth.cached_token()?;
    let known = chosen.auth.known_api_base_url();
    let is_there = match (options.given_api_base_url(), &known) {
        (Some(given), Some(known)) => given == known,
        _ => true,
    };
    (!command.force && command.org.is_none() && is_there).then_some(token)
}

fn options(global: &Global, command: &LoginCommand, chosen: &Chosen) -> Result<LoginOptions, Failure> {
    let mut options = LoginOptions::default()
        .must_be_kept()
        .timeout(command.timeout.min(A_DAY))
        .interaction(Prompt { quiet: global.quiet });
    if let Some(organization) = &command.org {
        options = options.organization(organization);
    }
    if command.force {
        options = options.force();
    }
    if let Some(address) = &command.api_base_url {
        let setting = "--api-base-url";
        let refused = |problem| chosen.of_login(Error::Address { setting, problem });
        let parsed: ApiBaseUrl = address.parse().map_err(refused)?;
        endpoints()?.check_api_base_url(&parsed).map_err(refused)?;
        options = options.api_base_url(parsed);
    }
    Ok(match (command.browser, command.no_browser) {
        (true, _) => options.way(Way::Browser),
        (_, true) => options.way(Way::Paste(NO_BROWSER)),
        _ => options,
    })
}

const NO_BROWSER: &str = "--no-browser was given";

/// Why nobody can be asked here, if nobody can.
fn nobody_to_ask() -> Option<&'static str> {
    let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    let in_ci = talk::in_ci();
    match (is_terminal, in_ci) {
        (false, _) => Some("no terminal to read the access code from"),
        (_, true) => Some("nobody to paste the access code: CI is set (unset it, or give --browser)"),
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
    chosen: &Chosen,
    options: &LoginOptions,
    reason: &str,
) -> Result<(), Failure> {
    let request = chosen
        .auth
        .login_request(options)
        .map_err(|error| chosen.of_login(error))?;
    let request = request.redirect(Redirect::CodePage);
    let login = request.start(entropy()?);
    pending(global)?.save(&login)?;
    let complete_with = complete_with(global, options);
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

fn complete_with(global: &Global, options: &LoginOptions) -> String {
    let mut text = global.advice("login --code CODE");
    if let Some(address) = options.given_api_base_url() {
        // Parsed and written anew: no blank, quote or dollar is left in it.
        let _ = write!(text, " --api-base-url {address}");
    }
    text
}

fn pending(global: &Global) -> Result<PendingLogin, Failure> {
    PendingLogin::of(&global.profile).ok_or_else(no_home)
}

fn no_home() -> Failure {
    Failure::usage(
        "there is no home folder to keep the login in",
        "set CARTO_AUTH_HOME",
    )
}

/// `login --code`: the login that was left pending, and what the person brought.
fn finish_pending(
    global: &Global,
    chosen: &Chosen,
    code: &str,
    options: &LoginOptions,
) -> Result<AccessToken, Failure> {
    let text = match code {
        "-" => read_code()?,
        code => code.to_owned(),
    };
    let Some((login, claim)) = pending(global)?.claim(endpoints()?) else {
        let message = "no login is waiting for a code (they wait for 10 minutes)";
        return Err(chosen.none_waiting(message));
    };
    let (authorized, is_bare) = match login.pasted(&text) {
        Callback::Accepted(mut authorized) => {
            let is_bare = authorized.take_spare().is_some();
            (authorized, is_bare)
        }
        Callback::Denied(error) => return Err(chosen.of_login(error)),
        Callback::Ignored(_, why) => {
            claim.restore();
            let hint = match why {
                Ignored::ForeignState => {
                    "use the address that the last `carto-auth login` printed: it takes the place of those before it"
                }
                _ => "paste the code that CARTO's page shows, or that page's whole address",
            };
            return Err(Failure::usage(format!("the code is of no use: {why}"), hint));
        }
    };
    let before = chosen.auth.cached_token();
    match chosen.auth.finish_login(authorized, options) {
        Ok(token) => Ok(token),
        Err(error) => {
            // A word that was no code, and a code that never left, leave the login as it was.
            let was_no_code = is_bare && matches!(error, Error::CodeRefused(_));
            let never_left = matches!(&error, Error::Transport { error, .. } if error.sent() == Sent::No);
            let is_same = |one: &AccessToken, other: &AccessToken| one.secret() == other.secret();
            let no_login = match (&before, &chosen.auth.cached_token()) {
                (Some(before), Some(after)) => is_same(before, after),
                (_, after) => after.is_none(),
            };
            let failure = failure(chosen, error);
            if !(was_no_code || never_left) || !no_login {
                return Err(failure);
            }
            claim.restore();
            let again = complete_with(global, options);
            match never_left {
                true => Err(failure),
                false => Err(failure.with_hint(format!(
                    "the login still waits: run `{again}` with the code that CARTO's page shows"
                ))),
            }
        }
    }
}

/// The code from standard input.
fn read_code() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        talk::must_say("Paste the code, or the address of the page that shows it:");
    }
    let line = within_a_minute(|| read_line(&mut io::stdin().lock())).flatten();
    line.ok_or_else(|| {
        Failure::usage(
            "no code came on standard input",
            "give it after --code, or pipe it in",
        )
    })
}

/// The longest that a login waits.
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// `logged in as ana@acme.com (ac_7xhfwyml) for 24h, until 2026-11-25 10:31 UTC`.
pub(crate) fn logged_in(token: &AccessToken) -> String {
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
    // What a login is for is that other commands find it.
    let found = identity::person(global)?.auth.cached_token();
    if found.is_none_or(|found| found.secret() != token.secret()) {
        let path = chosen.cache().unwrap_or_default();
        let hint = "make room there, or name another folder with CARTO_AUTH_HOME, and log in again";
        let why = format!("{} does not hold it afterwards", path.display());
        return Err(Failure::not_kept(&why, hint));
    }
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
            let way_out = match obstacle {
                Obstacle::Place(NO_BROWSER) => "",
                Obstacle::Place(_) => " (--browser opens one all the same)",
                Obstacle::PortTaken(_) => " (free it and log in again to use the browser)",
                // Why it may not be listened at nobody here can tell.
                _ => "",
            };
            talk::must_say(format_args!("No browser is opened: {obstacle}{way_out}."));
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

    fn read_pasted(&self, cancelled: &Cancelled) -> Option<String> {
        read_pasted(cancelled)
    }

    fn ended(&self) {
        discard_typed();
    }

    fn refused(&self, why: Ignored) {
        talk::must_say(format_args!(
            "That is not the answer to this login: {why}. Paste it again, or the whole address:"
        ));
    }
}

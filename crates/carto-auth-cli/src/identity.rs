//! Whose token is asked for: one rule, and `status` and `-v` say which part of it decided.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use carto_auth_core::{
    AccessToken, AddressProblem, CredentialsError, Error, M2mCredentials, OneLine, Remedy,
};
use carto_auth_native::{
    FileStore, FolderProblem, HOME_VARIABLE, Inspection, credentials, expand_tilde, now,
};
use carto_auth_ureq::CartoAuth;

use crate::endpoints::endpoints;
use crate::failure::{Failure, hint_of};
use crate::global::{Global, Mode};
use crate::patience::within_a_minute;
use crate::{talk, time};

/// A login, and where it came from.
pub(crate) struct Chosen {
    pub(crate) auth: CartoAuth,
    pub(crate) mode: Mode,
    /// Which part of the rule decided, for people.
    pub(crate) source: String,
    /// Where its tokens are kept, unless nothing is.
    pub(crate) store: Option<FileStore>,
    /// The command that logs in here.
    pub(crate) login: String,
    /// The file that a machine's credentials are from, if they are from one.
    pub(crate) credentials_file: Option<PathBuf>,
}

/// Applies the rule: `--credentials`, then `CARTO_CREDENTIALS_FILE`, then `CARTO_CLIENT_ID` and its companions,
/// then the stored login. `--mode` overrides, and `--profile` is the mode of a person.
pub(crate) fn choose(global: &Global) -> Result<Chosen, Failure> {
    choose_with(global, |store| store)
}

/// The same for a command that only looks: no file is touched as long as no token is asked for.
pub(crate) fn look(global: &Global) -> Result<Chosen, Failure> {
    choose_with(global, FileStore::leaving_modes)
}

fn choose_with(global: &Global, adapt: Adapt) -> Result<Chosen, Failure> {
    let chosen = match global.mode {
        Some(Mode::Oauth) => person_with(global, adapt)?,
        Some(Mode::M2m) => machine(global, adapt)?.ok_or_else(Failure::no_machine)?,
        None => match machine(global, adapt)? {
            Some(machine) => machine,
            None => person_with(global, adapt)?,
        },
    };
    log::info!("using {}", chosen.source);
    Ok(chosen)
}

/// The stored login of the profile, whatever machine there may be.
pub(crate) fn person(global: &Global) -> Result<Chosen, Failure> {
    person_with(global, |store| store)
}

/// How a store is used.
type Adapt = fn(FileStore) -> FileStore;

fn person_with(global: &Global, adapt: Adapt) -> Result<Chosen, Failure> {
    if global.credentials.is_some() {
        return Err(Failure::usage(
            "--credentials names a machine, and this is about the login of a person",
            "leave --credentials out",
        ));
    }
    if let Some(failure) = global.profile_failure() {
        return Err(failure);
    }
    if global.no_cache {
        return Err(Failure::usage(
            "the login of a person is kept in the cache, and --no-cache looks at none",
            "leave --no-cache out, or use a machine's credentials",
        ));
    }
    let builder = CartoAuth::oauth().endpoints(endpoints()?);
    let store = FileStore::person_profile(&global.profile).map(adapt);
    let auth = match &store {
        Some(store) => builder.store(store.clone()).build(),
        None => builder.without_cache().build(),
    };
    let source = match global.profile.name() {
        "default" => "browser login".to_owned(),
        name => format!("browser login, profile {name}"),
    };
    Ok(Chosen::new(global, auth, Mode::Oauth, source, store))
}

fn machine(global: &Global, adapt: Adapt) -> Result<Option<Chosen>, Failure> {
    let Some((credentials, source, file)) = machine_credentials(global)? else {
        return Ok(None);
    };
    let builder = CartoAuth::m2m(credentials).endpoints(endpoints()?);
    let store = FileStore::machine_default().filter(|_| !global.no_cache);
    let store = store.map(adapt);
    let auth = match &store {
        Some(store) => builder.store(store.clone()).build(),
        None if global.no_cache => builder.without_cache().build(),
        None => builder.build(),
    };
    let mut chosen = Chosen::new(global, auth, Mode::M2m, source, store);
    chosen.credentials_file = file;
    Ok(Some(chosen))
}

/// However a command ends, a renewal behind it is waited for.
impl Drop for Chosen {
    fn drop(&mut self) {
        self.settle();
    }
}

impl Chosen {
    fn new(global: &Global, auth: CartoAuth, mode: Mode, source: String, store: Option<FileStore>) -> Self {
        Self {
            auth,
            mode,
            source,
            store,
            login: global.advice("login"),
            credentials_file: None,
        }
    }

    /// The identity's own token file, unless nothing is kept.
    pub(crate) fn cache(&self) -> Option<PathBuf> {
        let store = self.store.as_ref()?;
        Some(store.own_file(self.auth.identity()?))
    }

    /// An error as whoever logs in meets it: whose session it was, and since when it is over.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        if self.mode == Mode::M2m {
            return error.into();
        }
        let last = self.auth.last_token();
        let who = last
            .as_ref()
            .and_then(whose)
            .map_or_else(String::new, |who| format!(" ({who})"));
        match (&error, last.as_ref().and_then(AccessToken::expires_at)) {
            (Error::NotLoggedIn, _) => self.not_logged_in("not_logged_in", "not logged in".to_owned()),
            (Error::Expired { .. }, Some(end)) if end.as_unix_seconds() == 0 => self.not_logged_in(
                "session_expired",
                format!("CARTO no longer takes your session{who}"),
            ),
            (Error::Expired { .. }, Some(end)) => {
                let ended = time::ended(end, now());
                self.not_logged_in("session_expired", format!("your CARTO session {ended}{who}"))
            }
            (Error::ClockWentBack { obtained_at }, _) => {
                let begin = time::minute(*obtained_at);
                Failure::not_logged_in(
                    "session_expired",
                    format!("your CARTO session is from {begin}, which has not come yet{who}"),
                    format!("check this machine's clock; if it is right, run `{}`", self.login),
                )
            }
            (Error::NotRenewable, Some(end)) => {
                let left = time::rough(end.since(now()));
                let message = format!("your CARTO session has {left} left, less than --min-ttl{who}");
                Failure::not_logged_in(
                    "session_expired",
                    message,
                    format!("run `{} --force`, or ask for less", self.login),
                )
            }
            _ => self.of_login(error),
        }
    }

    /// An error on the way to a login, with the command that gets the person out.
    pub(crate) fn of_login(&self, error: Error) -> Failure {
        let login = &self.login;
        let hint = match &error {
            Error::LoginTimedOut(_) => format!("run `{login}` again, with --timeout 15m if it takes longer"),
            Error::Denied(_) if error.remedy() == Remedy::FixConfig => {
                format!("run `{login}` again and accept, or see whether the organization lets this person in")
            }
            Error::CodeRefused(_) => {
                format!("run `{login}` again, and use the newest address within a minute or two")
            }
            Error::NobodyToAsk(_) => {
                format!(
                    "run `{login}` at a terminal; without one, and without --browser, it prints an address, and \
                     `{login} --code CODE` finishes it"
                )
            }
            Error::SessionEnded(_) => format!("run `{login}`"),
            Error::UnknownOrganization(_) => "check the name after --org, or leave it out".to_owned(),
            Error::TenantAddress { .. }
            | Error::Address {
                problem: AddressProblem::ForeignHost,
                ..
            } => {
                format!(
                    "if it is your company's CARTO, set CARTO_ALLOWED_DOMAINS to its domain and run `{login}`"
                )
            }
            Error::Refused(_) => error
                .hint()
                .replace("client_id and client_secret", "CARTO_AUTH_CLIENT_ID"),
            _ => hint_of(&error).into_owned(),
        };
        let is_kept = self.auth.known_api_base_url().is_none() && self.auth.cached_token().is_some();
        let hint = match is_kept {
            true => {
                format!("the login itself is kept: `{login}` goes on from here without the browser; {hint}")
            }
            false => hint,
        };
        Failure::from(error).with_hint(hint)
    }

    /// Waits for a renewal that is under way behind the token: a machine can ask again, a refresh token is spent.
    pub(crate) fn settle(&self) {
        self.auth.settle(match self.mode {
            Mode::M2m => Duration::from_secs(2),
            Mode::Oauth => Duration::from_secs(60),
        });
    }

    /// `login --code` without a login that waits.
    pub(crate) fn none_waiting(&self, message: &str) -> Failure {
        let hint = format!(
            "run `{}`; a login that was begun with --profile NAME is finished with it",
            self.login
        );
        Failure::not_logged_in("not_logged_in", message.to_owned(), hint)
    }

    fn not_logged_in(&self, code: &'static str, message: String) -> Failure {
        Failure::not_logged_in(code, message, format!("run `{}`", self.login))
    }
}

/// Why nothing can be kept where tokens are, and a way out, if nothing can.
pub(crate) fn folder_problem(found: &Inspection) -> Option<(String, String)> {
    let there = |path: &Path| match path == found.folder {
        true => "it".to_owned(),
        false => path.display().to_string(),
    };
    let (message, way_out) = match found.folder_problem.as_ref()? {
        FolderProblem::NotAFolder(path) => (format!("{} is no folder", there(path)), ""),
        FolderProblem::DeadLink(path) => (format!("{} is a link that leads nowhere", there(path)), ""),
        FolderProblem::Full => ("the disk is full".to_owned(), "make room there, or "),
        _ => (
            "it cannot be written to".to_owned(),
            "let your user write there, or ",
        ),
    };
    let hint = format!("{way_out}name another folder in {HOME_VARIABLE}");
    Some((message, hint))
}

/// The person of a token, as it says itself.
pub(crate) fn whose(token: &AccessToken) -> Option<String> {
    token.claims()?.email.map(|email| OneLine(&email).to_string())
}

/// What names a machine here, in the order of the rule.
fn machine_credentials(global: &Global) -> Result<Option<Machine>, Failure> {
    if let Some(path) = &global.credentials {
        return from_path(path, "--credentials").map(Some);
    }
    if let Some(path) = variable("CARTO_CREDENTIALS_FILE") {
        return from_path(Path::new(&path), "CARTO_CREDENTIALS_FILE").map(Some);
    }
    match credentials::from_env() {
        Some(credentials) => Ok(Some((
            credentials.map_err(of_environment)?,
            "CARTO_CLIENT_ID".to_owned(),
            None,
        ))),
        None => Ok(None),
    }
}

/// Whoever has a login may not have meant the machine.
fn of_environment(error: CredentialsError) -> Failure {
    let error = Error::from(error);
    let hint = format!("{}; --mode oauth takes a stored login instead", error.hint());
    Failure::from(error).with_hint(hint)
}

/// The variable that makes other commands use a machine, where a person has logged in.
pub(crate) fn overriding_variable(global: &Global) -> Option<&'static str> {
    if global.mode.is_some() {
        return None;
    }
    [
        "CARTO_CREDENTIALS_FILE",
        credentials::CLIENT_ID,
        credentials::CLIENT_SECRET,
    ]
    .into_iter()
    .find(|name| variable(name).is_some())
}

/// A machine's credentials, which part of the rule they are, and the file.
type Machine = (M2mCredentials, String, Option<PathBuf>);

fn from_path(path: &Path, setting: &str) -> Result<Machine, Failure> {
    const STDIN: &str = "standard input";
    let nothing_came = |from: &str| {
        let message = format!("no credentials have come from {from} within a minute");
        Failure::credentials(message, "pipe the JSON in, or name a file")
    };
    if path == Path::new("-") {
        if io::stdin().is_terminal() {
            talk::must_say("Paste the credentials as JSON, then press Ctrl-D:");
        }
        let read = within_a_minute(|| credentials::from_reader(io::stdin().lock(), STDIN));
        let credentials = read.ok_or_else(|| nothing_came(STDIN))?.map_err(Error::from)?;
        return Ok((credentials, format!("{setting} ({STDIN})"), None));
    }
    let (shown, path) = (path.display().to_string(), expand_tilde(path));
    // A pipe may have no writer.
    let read = match fs::metadata(&path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        false => Some(credentials::from_file(&path)),
        true => {
            let path = path.clone();
            within_a_minute(move || credentials::from_file(path))
        }
    };
    let credentials = read.ok_or_else(|| nothing_came(&shown))?.map_err(Error::from)?;
    Ok((credentials, format!("{setting} {shown}"), Some(path)))
}

/// A variable that is empty counts as unset.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

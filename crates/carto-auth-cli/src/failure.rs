//! Errors as scripts and people meet them: a code, an exit status, a hint.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::process::ExitCode;

use carto_auth_core::{Error, ErrorKind, OneLine, Remedy};
use serde::Serialize;

use crate::{certificates, output, proxy, talk};

/// Why a command failed.
pub(crate) struct Failure {
    code: &'static str,
    exit: u8,
    message: String,
    hint: Cow<'static, str>,
}

/// An exit status for an answer that is no error.
pub(crate) enum Exit {
    Problem = UNEXPECTED as isize,
    Fix = FIX as isize,
    LogIn = LOG_IN as isize,
}

const UNEXPECTED: u8 = 1;
const USAGE: u8 = 2;
const FIX: u8 = 3;
const LOG_IN: u8 = 4;
const RETRY: u8 = 5;
const CANNOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

#[derive(Serialize)]
struct Report<'a> {
    error: ReportedError<'a>,
}

#[derive(Serialize)]
struct ReportedError<'a> {
    code: &'a str,
    message: &'a str,
    hint: &'a str,
    exit_code: u8,
}

impl Failure {
    /// `--mode m2m`, and no machine.
    pub(crate) fn no_machine() -> Self {
        Self::credentials(
            "no machine credentials were given",
            "pass --credentials FILE, or set CARTO_CREDENTIALS_FILE, or CARTO_CLIENT_ID, CARTO_CLIENT_SECRET and \
             CARTO_API_BASE_URL",
        )
    }

    /// A machine's credentials are not to be had.
    pub(crate) fn credentials(message: impl Into<String>, hint: &'static str) -> Self {
        Self {
            code: "credentials_invalid",
            exit: FIX,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// Nobody can finish the login here and now.
    pub(crate) fn login_pending(message: &str, hint: String) -> Self {
        Self {
            code: "login_pending",
            exit: LOG_IN,
            message: message.to_owned(),
            hint: hint.into(),
        }
    }

    /// A person's token is wanted and there is none.
    pub(crate) fn not_logged_in(code: &'static str, message: String, hint: String) -> Self {
        Self {
            code,
            exit: LOG_IN,
            message,
            hint: hint.into(),
        }
    }

    /// A login that no other command would find, and why.
    pub(crate) fn not_kept(why: &str, hint: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: "io",
            exit: UNEXPECTED,
            message: format!("the login cannot be kept: {why}"),
            hint: hint.into(),
        }
    }

    /// True when it is the call that is wrong, and nothing here.
    pub(crate) fn is_usage(&self) -> bool {
        self.exit == USAGE
    }

    pub(crate) fn with_hint(self, hint: String) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    /// What failed, and the way out.
    pub(crate) fn into_words(self) -> (String, String) {
        (self.message, self.hint.into_owned())
    }

    /// What was printed on stdout says it all.
    pub(crate) fn said(exit: Exit) -> Self {
        Self {
            code: "",
            exit: exit as u8,
            message: String::new(),
            hint: "".into(),
        }
    }

    /// The call or its environment is wrong.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: "usage",
            exit: USAGE,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// The answer could not be printed.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        Self {
            code: "io",
            exit: UNEXPECTED,
            message: format!("cannot write to standard output: {error}"),
            hint: "make room there and run the command again".into(),
        }
    }

    /// A program that does not start, with the exit status of env(1).
    pub(crate) fn program(name: &OsStr, error: &io::Error) -> Self {
        let (exit, why, hint) = match error.kind() {
            io::ErrorKind::NotFound => (
                NOT_FOUND,
                "it is not there".to_owned(),
                "check its name and PATH; the interpreter that a script names after #! must be there, too",
            ),
            _ => (
                CANNOT_RUN,
                error.to_string(),
                "see whether it is a program that you may run; `chmod +x` makes one of a script",
            ),
        };
        Self {
            code: "io",
            exit,
            message: format!("cannot run {}: {why}", name.display()),
            hint: hint.into(),
        }
    }

    /// Tells people, or with `--json` programs, and gives the exit status.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        if self.message.is_empty() {
            return ExitCode::from(self.exit);
        }
        if json {
            let Self {
                code,
                exit,
                message,
                hint,
            } = self;
            let error = ReportedError {
                code,
                message,
                hint,
                exit_code: *exit,
            };
            talk::json(&Report { error });
        } else {
            talk::error(&self.message, &self.hint);
        }
        ExitCode::from(self.exit)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let is_tls = error.kind() == ErrorKind::Tls;
        let (code, exit, message) = match is_tls.then(certificates::problem).flatten() {
            // Trying again does not help there.
            Some(problem) => ("bad_certificates", FIX, format!("nobody is trusted: {problem}")),
            None => (code_of(error.kind()), exit_of(error.remedy()), error.to_string()),
        };
        Self {
            code,
            exit,
            hint: hint_of(&error),
            message,
        }
    }
}

fn exit_of(remedy: Remedy) -> u8 {
    match remedy {
        Remedy::FixConfig => FIX,
        Remedy::LogIn => LOG_IN,
        Remedy::Retry { .. } => RETRY,
        _ => UNEXPECTED,
    }
}

/// The library's hint, with what this machine's variables have to do with it, and the command that finds out more.
pub(crate) fn hint_of(error: &Error) -> Cow<'static, str> {
    match error {
        Error::Transport { host, error: failed } => {
            let via = proxy::on_the_way_to(host);
            let is_tls = error.kind() == ErrorKind::Tls;
            let hint = match &via {
                _ if is_tls => certificates::hint(error, failed),
                Some(via) => proxy::hint(via, error, failed),
                None if proxy::is_exempt(host) => proxy::EXEMPT.into(),
                None => error.hint(),
            };
            // A variable that names nobody to trust is not the proxy's.
            let is_of_variable = is_tls && certificates::problem().is_some();
            let way = via
                .filter(|_| !is_of_variable)
                .map(|via| format!("the way leads through {}: ", proxy::shown(&via)));
            let hint = way.unwrap_or_default() + &hint;
            format!("{hint}; `carto-auth doctor` tests each step").into()
        }
        _ => error.hint(),
    }
}

fn code_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotLoggedIn => "not_logged_in",
        ErrorKind::SessionExpired => "session_expired",
        ErrorKind::CredentialsInvalid => "credentials_invalid",
        ErrorKind::CredentialsRejected | ErrorKind::AccessDenied => "credentials_rejected",
        ErrorKind::LoginDenied => "login_denied",
        ErrorKind::LoginTimedOut => "login_timeout",
        ErrorKind::BadApiBaseUrl => "bad_api_base_url",
        ErrorKind::BadProxy => "bad_proxy",
        ErrorKind::BadResponse => "bad_response",
        ErrorKind::Network => "network",
        ErrorKind::Tls => "tls",
        ErrorKind::RateLimited => "rate_limited",
        ErrorKind::Io => "io",
        _ => "internal",
    }
}

/// What the argument parser has to say: help and version on stdout, a wrong call on stderr.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let text = error.render().to_string();
        return output::answer(text.trim_end())
            .map_or_else(|failure| failure.report(false), |()| ExitCode::SUCCESS);
    }
    // What follows `--` is another program's.
    let mut ours = std::env::args_os().take_while(|argument| argument != "--");
    if ours.any(|argument| argument == "--json") {
        let text = error.render().to_string();
        // What follows the message is about the call in general.
        let message = text.split("\n\n").next().unwrap_or_default().trim_end();
        let message = OneLine(message.trim_start_matches("error: ")).to_string();
        return Failure::usage(message, "see carto-auth --help").report(true);
    }
    talk::usage(&error.render().ansi().to_string())
}

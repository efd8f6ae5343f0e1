//! The options of every command, and the variables that stand for them.

use std::borrow::Cow;
use std::env;
use std::path::PathBuf;

use carto_auth_native::{NotAProfile, Profile};
use clap::{ArgAction, Args, ValueEnum};

use crate::failure::Failure;

#[derive(Args, Debug)]
pub(crate) struct Global {
    /// CARTO credentials file of a machine, or - for standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) credentials: Option<PathBuf>,

    /// Whose token: a person's (oauth) or a machine's (m2m), instead of the usual rule
    #[arg(long, global = true, value_name = "MODE")]
    pub(crate) mode: Option<Mode>,

    /// Which of several logins; it comes before a machine that variables name
    #[arg(long = "profile", global = true, value_name = "NAME")]
    named_profile: Option<Profile>,

    #[arg(skip)]
    pub(crate) profile: Profile,

    /// What is wrong with the name in `CARTO_PROFILE`, which counts for a person alone
    #[arg(skip)]
    profile_problem: Option<NotAProfile>,

    /// Keep the token nowhere (a machine's alone)
    #[arg(long, global = true)]
    pub(crate) no_cache: bool,

    /// Answer in JSON; errors too, on stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say what is done and why; twice for every request
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Colour on stderr
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Global {
    /// Fills in from the variables what the arguments leave open. A variable that is empty counts as unset.
    ///
    /// # Errors
    /// When nobody can tell whose token is meant.
    pub(crate) fn take_environment(&mut self) -> Result<(), Failure> {
        // Of a machine that an option names, no variable says anything.
        if self.credentials.is_some() {
            return Ok(());
        }
        let mut mode_problem = None;
        if self.mode.is_none() {
            // Whoever names a login does not mean the machine of a variable.
            if self.named_profile.is_some() {
                self.mode = Some(Mode::Oauth);
            } else if let Some(text) = variable("CARTO_AUTH_MODE") {
                match Mode::from_str(&text, false) {
                    Ok(mode) => self.mode = Some(mode),
                    Err(_) => mode_problem = Some(unusable("CARTO_AUTH_MODE", "set it to oauth or m2m")),
                }
            }
        }
        if let Some(named) = self.named_profile.take() {
            self.profile = named;
        } else if let Some(text) = variable("CARTO_PROFILE") {
            match text.parse() {
                Ok(profile) => self.profile = profile,
                Err(problem) => self.profile_problem = Some(problem),
            }
        }
        mode_problem.map_or(Ok(()), Err)
    }

    /// Why the profile is not known, if it is not.
    pub(crate) fn profile_failure(&self) -> Option<Failure> {
        let problem = self.profile_problem.as_ref()?;
        Some(unusable("CARTO_PROFILE", problem.to_string()))
    }

    /// What clap does not see: of two options that exclude each other one may stand before the command, one after it.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let profile = self.named_profile.is_some();
        let pairs = [
            (self.quiet && self.verbose > 0, "--quiet", "--verbose"),
            (
                profile && self.credentials.is_some(),
                "--profile",
                "--credentials",
            ),
            (profile && self.mode == Some(Mode::M2m), "--profile", "--mode m2m"),
        ];
        match pairs.iter().find(|(are_both_there, ..)| *are_both_there) {
            Some((_, one, other)) => Err(Failure::usage(
                format!("{one} cannot be used with {other}"),
                "leave one of them out",
            )),
            None => Ok(()),
        }
    }

    /// A command that is about the same login, for somebody to type.
    pub(crate) fn advice(&self, command: &str) -> String {
        match self.profile.name() {
            "default" => format!("carto-auth {command}"),
            name => format!("carto-auth {command} --profile {name}"),
        }
    }
}

fn unusable(name: &str, hint: impl Into<Cow<'static, str>>) -> Failure {
    Failure::usage(format!("{name} has no usable value"), hint)
}

fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

/// Whose token.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    Oauth,
    M2m,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Oauth => "oauth",
            Self::M2m => "m2m",
        }
    }
}

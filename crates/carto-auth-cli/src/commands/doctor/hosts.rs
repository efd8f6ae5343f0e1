//! The hosts that a login or a token needs: whether they answer, which way, and what time it is there.

use std::borrow::Cow;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use carto_auth_core::{
    AddressProblem, Answered, ApiBaseUrl, Endpoints, Error, ErrorKind, Probe, Step, TlsProblem,
    TransportError, TransportErrorKind,
};
use carto_auth_native::now;
use carto_auth_ureq::{Via, default_agent, drive};

use super::{Check, State};
use crate::global::Mode;
use crate::{certificates, proxy, time};

/// A host takes five seconds at most; this is for what no timer reaches.
const PATIENCE: Duration = Duration::from_secs(8);

/// Clocks that are no further apart, in seconds, do no harm.
const DRIFT: u64 = 120;

/// In seconds. CARTO's tokens live for as long.
const A_DAY: u64 = 86_400;

/// Hosts that are being asked, side by side.
pub(super) struct Hosts {
    hosts: Vec<Host>,
    answers: Receiver<(usize, Asked)>,
    deadline: Instant,
}

struct Host {
    /// With its port, where that is a special one.
    name: String,
    address: String,
    /// What it is there for.
    gives: Vec<&'static str>,
    asked: Option<Asked>,
}

struct Asked {
    way: Way,
    outcome: Result<Answered, Error>,
}

/// How a host is asked.
enum Way {
    Direct,
    /// Directly, though the environment names a proxy.
    Exempt,
    Through(Via),
}

impl Way {
    fn of(via: Option<Via>, step: &Step<Probe>) -> Self {
        let is_exempt = || matches!(step, Step::Send(out, _) if proxy::is_exempt(out.host()));
        match via {
            Some(via) => Self::Through(via),
            None if is_exempt() => Self::Exempt,
            None => Self::Direct,
        }
    }
}

impl Hosts {
    /// Begins to ask whoever is asked for tokens, and whoever takes them, as far as that is known.
    pub(super) fn ask(endpoints: &Endpoints, mode: Mode, api_base_url: Option<&ApiBaseUrl>) -> Self {
        let mut needed = vec![("tokens", endpoints.token_url().as_str())];
        if mode == Mode::Oauth {
            needed.push(("login", endpoints.authorize_url().as_str()));
            needed.push(("account", endpoints.accounts_url().as_str()));
        }
        needed.extend(api_base_url.map(|base| ("APIs", base.as_str())));
        let mut hosts: Vec<Host> = Vec::new();
        for (gives, address) in needed {
            let same = |host: &&mut Host| origin(&host.address) == origin(address);
            match hosts.iter_mut().find(same) {
                Some(host) => host.gives.push(gives),
                None => hosts.push(Host {
                    name: origin(address).1.to_owned(),
                    address: address.to_owned(),
                    gives: vec![gives],
                    asked: None,
                }),
            }
        }
        let (sender, answers) = mpsc::channel();
        for (number, host) in hosts.iter().enumerate() {
            let (address, sender) = (host.address.clone(), sender.clone());
            // Whoever has given up waiting does not want to know.
            thread::spawn(move || sender.send((number, ask(&address))));
        }
        Self {
            hosts,
            answers,
            deadline: Instant::now() + PATIENCE,
        }
    }

    /// Waits for the answers.
    pub(super) fn checks(mut self) -> Vec<Check> {
        let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
        while let Ok((number, asked)) = self.answers.recv_timeout(left(self.deadline)) {
            self.hosts[number].asked = Some(asked);
        }
        let mut checks: Vec<_> = self.hosts.iter().map(Host::check).collect();
        checks.push(clock(&self.hosts));
        checks
    }
}

/// The scheme, and the host with its port, of an address that was parsed and written anew.
fn origin(address: &str) -> (&str, &str) {
    let (scheme, rest) = address.split_once("://").unwrap_or_default();
    (scheme, rest.split('/').next().unwrap_or_default())
}

fn ask(address: &str) -> Asked {
    let agent = default_agent();
    match Probe::start(address, now()) {
        Ok(step) => Asked {
            // The request fails with what is wrong with its proxy, too.
            way: Way::of(Via::of(&agent, &step).unwrap_or_default(), &step),
            outcome: drive(&agent, step),
        },
        Err(problem) => {
            let setting = "the address";
            let outcome = Err(Error::Address { setting, problem });
            let way = Way::Direct;
            Asked { way, outcome }
        }
    }
}

impl Host {
    fn check(&self) -> Check {
        let (state, message, hint) = match &self.asked {
            Some(Asked { way, outcome }) => {
                match outcome {
                    Ok(answered) => answers(*answered, way),
                    Err(failed @ Error::Transport { error, .. }) => trouble(failed, error, way),
                    // The way out is said beside the variable.
                    Err(
                        error @ Error::Address {
                            problem: AddressProblem::NotAProxy,
                            ..
                        },
                    ) => (State::Problem, format!("is not asked: {error}"), String::new()),
                    Err(error) => (State::Problem, error.to_string(), error.hint().into_owned()),
                }
            }
            None => (
                State::Problem,
                SILENT.to_owned(),
                "check the connection".to_owned(),
            ),
        };
        let message = format!("{message} ({})", self.gives.join(", "));
        let check = Check::new("host", state, message).about(&self.name);
        match hint.is_empty() {
            true => check,
            false => check.hint(hint),
        }
    }
}

const SILENT: &str = "does not answer in time";

fn answers(answered: Answered, way: &Way) -> (State, String, String) {
    let way = match way {
        Way::Direct => "directly".to_owned(),
        Way::Exempt => "directly, as NO_PROXY says".to_owned(),
        Way::Through(via) => format!("through {}", proxy::shown(via)),
    };
    match answered.status {
        status @ 500.. => (
            State::Warning,
            format!("answers {way}, but is out of order: HTTP {status}"),
            "try again in a minute; https://status.carto.com tells of outages".to_owned(),
        ),
        _ => (State::Ok, format!("answers {way}"), String::new()),
    }
}

fn trouble(failed: &Error, error: &TransportError, way: &Way) -> (State, String, String) {
    let is_tls = failed.kind() == ErrorKind::Tls;
    let (what, hint) = match way {
        _ if is_tls => tls_trouble(failed, error),
        Way::Through(via) => (proxy_trouble(error, via), proxy::hint(via, failed, error)),
        Way::Exempt => (direct_trouble(failed, error).0, proxy::EXEMPT.into()),
        Way::Direct => direct_trouble(failed, error),
    };
    let through = match way {
        Way::Through(via) => Some(proxy::shown(via)).filter(|proxy| !what.contains(proxy)),
        Way::Exempt | Way::Direct => None,
    };
    let through = through.map(|proxy| format!(", through {proxy}"));
    (
        State::Problem,
        what + &through.unwrap_or_default(),
        hint.into_owned(),
    )
}

/// It is the proxy that is connected to.
fn proxy_trouble(error: &TransportError, via: &Via) -> String {
    use TransportErrorKind as Kind;
    let proxy = proxy::shown(via);
    match error.kind() {
        Kind::HostNotFound if proxy::takes_no_names(via) => {
            format!("the name does not resolve here, or that of {proxy} does not")
        }
        Kind::HostNotFound => format!("the name of {proxy} does not resolve"),
        Kind::ConnectionRefused => format!("{proxy} refuses connections"),
        Kind::ConnectionFailed => format!("{proxy} is out of reach"),
        Kind::Proxy => match (error.proxy_status(), error.detail()) {
            (Some(status), _) => format!("{proxy} refused: HTTP {status}"),
            (None, Some(reason)) => format!("{proxy} refused: {reason}"),
            (None, None) => format!("{proxy} refused"),
        },
        Kind::ConnectTimeout | Kind::Timeout => SILENT.to_owned(),
        _ => error.to_string(),
    }
}

fn direct_trouble(failed: &Error, error: &TransportError) -> (String, Cow<'static, str>) {
    use TransportErrorKind as Kind;
    let what = match error.kind() {
        Kind::HostNotFound => "the name does not resolve",
        Kind::ConnectionRefused => "refuses connections",
        Kind::ConnectionFailed => "is out of reach",
        Kind::ConnectTimeout | Kind::Timeout => SILENT,
        _ => {
            let hint = "is a proxy or captive portal in between, or the address not CARTO's?";
            return (error.to_string(), hint.into());
        }
    };
    (what.to_owned(), failed.hint())
}

fn tls_trouble(failed: &Error, error: &TransportError) -> (String, Cow<'static, str>) {
    let hint = match certificates::problem() {
        // The way out is said beside the variable.
        Some(_) => Cow::default(),
        None => certificates::hint(failed, error),
    };
    (format!("TLS: {}", tls_words(error)), hint)
}

fn tls_words(error: &TransportError) -> String {
    let words = match error.tls_problem() {
        Some(TlsProblem::Expired) => "its certificate has expired",
        Some(TlsProblem::NotYetValid) => "its certificate is not valid yet",
        Some(TlsProblem::WrongName) => "its certificate is for another host",
        Some(TlsProblem::UnknownIssuer) => "nobody who is trusted vouches for its certificate",
        Some(TlsProblem::NotTls) => "what answers there speaks none",
        _ => return error.to_string(),
    };
    let detail = error.detail().map(|detail| format!(" ({detail})"));
    words.to_owned() + &detail.unwrap_or_default()
}

/// The clock that is nearest to ours counts: one that is wrong elsewhere is none of ours.
fn clock(hosts: &[Host]) -> Check {
    let clocks = hosts.iter().filter_map(|host| {
        let answered = host.asked.as_ref()?.outcome.as_ref().ok()?;
        Some((answered.clock_ahead?, &host.name))
    });
    let Some((ahead, name)) = clocks.min_by_key(|(ahead, _)| ahead.unsigned_abs()) else {
        return Check::new("clock", State::Skipped, "no host has told the time");
    };
    let off = ahead.unsigned_abs();
    let much = time::rough(Duration::from_secs(off));
    match (off, ahead) {
        (0, _) => Check::new("clock", State::Ok, format!("as {name} has it")),
        (..=DRIFT, _) => Check::new("clock", State::Ok, format!("within {much} of {name}'s")),
        (A_DAY.., 1..) => Check::new("clock", State::Problem, format!("{much} ahead of {name}'s"))
            .hint("set it: every token counts as ended when it comes, and certificates may"),
        (_, 1..) => Check::new("clock", State::Warning, format!("{much} ahead of {name}'s"))
            .hint("set it: good tokens and logins count as ended, and certificates as expired"),
        _ => Check::new("clock", State::Warning, format!("{much} behind {name}'s"))
            .hint("set it: tokens are used after they have ended, and the APIs refuse them"),
    }
}

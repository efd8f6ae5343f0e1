//! The hosts that a login or a token needs: whether they answer, which way, and what time it is there.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use carto_auth_core::{
    AddressProblem, Answered, ApiBaseUrl, Endpoints, Error, Probe, TlsProblem, TransportError,
    TransportErrorKind,
};
use carto_auth_native::now;
use carto_auth_ureq::{Via, default_agent, drive};

use super::{Check, State};
use crate::global::Mode;
use crate::time;

/// A host takes five seconds at most; this is for what no timer reaches.
const PATIENCE: Duration = Duration::from_secs(8);

/// Clocks that are no further apart, in seconds, do no harm.
const DRIFT: u64 = 120;

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
    via: Option<Via>,
    outcome: Result<Answered, Error>,
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
            via: Via::of(&agent, &step).unwrap_or_default(),
            outcome: drive(&agent, step),
        },
        Err(problem) => {
            let setting = "the address";
            let outcome = Err(Error::Address { setting, problem });
            Asked { via: None, outcome }
        }
    }
}

impl Host {
    fn check(&self) -> Check {
        let (state, message, hint) = match &self.asked {
            Some(Asked { via, outcome }) => {
                let proxy = via.as_ref().map(shown);
                match outcome {
                    Ok(answered) => answers(*answered, proxy.as_deref()),
                    Err(failed @ Error::Transport { error, .. }) => {
                        trouble(error, &failed.hint(), proxy.as_deref())
                    }
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
            None => (State::Problem, SILENT.to_owned(), CONNECTION.to_owned()),
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
const CONNECTION: &str = "check the connection; where only a proxy leads out, name it in HTTPS_PROXY";

/// `the proxy http://proxy:3128 (HTTPS_PROXY)`.
fn shown(via: &Via) -> String {
    let variable = via.variable.map(|name| format!(" ({name})"));
    format!("the proxy {}{}", via.address, variable.unwrap_or_default())
}

fn answers(answered: Answered, proxy: Option<&str>) -> (State, String, String) {
    let way = proxy.map_or_else(|| "directly".to_owned(), |proxy| format!("through {proxy}"));
    match answered.status {
        status @ 500.. => (
            State::Warning,
            format!("answers {way}, but is out of order: HTTP {status}"),
            "try again in a minute; https://status.carto.com tells of outages".to_owned(),
        ),
        _ => (State::Ok, format!("answers {way}"), String::new()),
    }
}

fn trouble(error: &TransportError, tls_hint: &str, proxy: Option<&str>) -> (State, String, String) {
    use TransportErrorKind as Kind;
    const VARIABLE: &str = "check that variable; NO_PROXY names hosts that are asked without a proxy";
    let (message, hint) = match (error.kind(), proxy) {
        // It is the proxy that is connected to.
        (Kind::HostNotFound, Some(proxy)) => (format!("the name of {proxy} does not resolve"), VARIABLE),
        (Kind::ConnectionRefused, Some(proxy)) => (format!("{proxy} refuses connections"), VARIABLE),
        (Kind::ConnectionFailed, Some(proxy)) => (format!("{proxy} is out of reach"), VARIABLE),
        (Kind::Proxy, proxy) => refusal(error.proxy_status(), proxy.unwrap_or("the proxy")),
        (kind, proxy) => {
            let (what, hint) = match kind {
                Kind::HostNotFound => (
                    "the name does not resolve".to_owned(),
                    "check its spelling, the connection and this machine's DNS; where only a proxy leads out, name it in \
                     HTTPS_PROXY",
                ),
                Kind::ConnectionRefused => (
                    "refuses connections".to_owned(),
                    "check the address, and whether a firewall is in between",
                ),
                Kind::ConnectionFailed => ("is out of reach".to_owned(), CONNECTION),
                Kind::ConnectTimeout | Kind::Timeout => (SILENT.to_owned(), CONNECTION),
                Kind::Certificate | Kind::Tls => (format!("TLS: {}", tls_words(error)), tls_hint),
                _ => (
                    error.to_string(),
                    "is a proxy or captive portal in between, or the address not CARTO's?",
                ),
            };
            let way = proxy.map(|proxy| format!(", through {proxy}"));
            (what + &way.unwrap_or_default(), hint)
        }
    };
    (State::Problem, message, hint.to_owned())
}

/// What a proxy's answer to `CONNECT` means.
fn refusal(status: Option<u16>, proxy: &str) -> (String, &'static str) {
    let hint = match status {
        Some(407) => "it wants a user name and a password: http://USER:PASSWORD@… in that variable",
        Some(403) => "it does not allow this host: ask those who run it, or name the host in NO_PROXY",
        Some(500..) => "it does not reach the host: ask those who run it, or name the host in NO_PROXY",
        _ => "check the proxy's address, user name and password, or name the host in NO_PROXY",
    };
    let status = status.map(|status| format!(": HTTP {status}"));
    let message = format!("{proxy} refused{}", status.unwrap_or_default());
    (message, hint)
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
        (_, 1..) => Check::new("clock", State::Warning, format!("{much} ahead of {name}'s"))
            .hint("set it: good tokens and logins count as ended, and certificates as expired"),
        _ => Check::new("clock", State::Warning, format!("{much} behind {name}'s"))
            .hint("set it: tokens are used after they have ended, and the APIs refuse them"),
    }
}

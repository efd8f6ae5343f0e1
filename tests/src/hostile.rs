//! Replies that no CARTO gives, for each of its endpoints that we ask: the same ones for every transport.

mod bodies;
mod framing;
mod statuses;

use std::time::{Duration, Instant};

use crate::scripted::{Reply, Scripted, http};
use crate::{at_once, keep_figures, note};

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// A token, with a machine's credentials.
    Machine,
    /// A token, with a person's code.
    Code,
    /// The tenant of an account.
    Accounts,
    /// The tenant's `config.yaml`.
    Config,
    /// The Data Warehouse's credentials.
    Warehouse,
}

/// A reply, and what must come of it.
#[derive(Debug)]
pub struct Hostile {
    /// Says what is wrong with it; no two have the same.
    pub name: String,
    /// The bytes.
    pub reply: Reply,
    /// True where it is strange, and good all the same.
    pub is_taken: bool,
    /// True where it takes a whole HTTP client to read it: chunks, interim replies, lenient heads.
    pub needs_http: bool,
}

impl Asked {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Machine,
        Self::Code,
        Self::Accounts,
        Self::Config,
        Self::Warehouse,
    ];

    /// What it is called in a table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Machine => "token by client credentials",
            Self::Code => "token by code",
            Self::Accounts => "accounts",
            Self::Config => "config.yaml",
            Self::Warehouse => "warehouse",
        }
    }

    /// A good body, which holds `canary` where it holds a secret; `tenant` is the host and port that has a good
    /// `config.yaml`.
    #[must_use]
    pub fn good(self, tenant: &str) -> String {
        match self {
            Self::Machine | Self::Code => {
                r#"{"access_token":"canary-token","token_type":"Bearer","expires_in":86400}"#.to_owned()
            }
            Self::Accounts => format!(r#"{{"tenant_domain":"{tenant}"}}"#),
            Self::Config => "apis:\n  baseUrl: https://api.carto.com\n".to_owned(),
            Self::Warehouse => r#"{"projectId":"carto-dw-ac-1","token":"canary-token"}"#.to_owned(),
        }
    }

    /// The most that a reply may hold, in bytes.
    #[must_use]
    pub fn limit(self) -> usize {
        match self {
            Self::Config => 256 << 10,
            _ => 1 << 20,
        }
    }

    /// Every hostile reply to it.
    #[must_use]
    pub fn hostile(self, tenant: &str) -> Vec<Hostile> {
        let mut table = Table {
            asked: self,
            good: self.good(tenant),
            rows: Vec::new(),
        };
        framing::add(&mut table);
        statuses::add(&mut table);
        bodies::add(&mut table);
        table.rows
    }
}

impl Hostile {
    /// Replies that never come to the point, however long one listens.
    #[must_use]
    pub fn preludes() -> [(&'static str, Reply); 3] {
        framing::preludes()
    }
}

/// The table while it is written.
struct Table {
    asked: Asked,
    good: String,
    rows: Vec<Hostile>,
}

impl Table {
    fn add(&mut self, name: &str, reply: Reply) -> &mut Hostile {
        let name = name.to_owned();
        assert!(
            !self.rows.iter().any(|row| row.name == name),
            "{name} is there already"
        );
        self.rows.push(Hostile {
            name,
            reply,
            is_taken: false,
            needs_http: false,
        });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// A reply with this body, and a head that fits it.
    fn body(&mut self, name: &str, body: impl AsRef<[u8]>) -> &mut Hostile {
        let body = body.as_ref();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.add(name, Reply::Bytes([head.as_bytes(), body].concat()))
    }
}

impl Hostile {
    fn is_taken(&mut self) -> &mut Self {
        self.is_taken = true;
        self
    }

    fn needs_http(&mut self) -> &mut Self {
        self.needs_http = true;
        self
    }
}

/// How a transport puts a question to a server.
pub trait Asks: Sync {
    /// The suite that asks, for the figures.
    const NAME: &'static str;
    /// A tenant that has a good `config.yaml`.
    fn tenant(&self) -> &Scripted;
    /// Asks this server, and tells in words what came of it, `taken` if the reply was; an error says what is wrong with
    /// that.
    ///
    /// # Errors
    /// When what came of it, or how it is told, must not be.
    fn ask(&self, asked: Asked, server: &Scripted) -> Result<String, String>;
}

impl Asked {
    /// Tries every reply to it that takes a whole HTTP client to read, or every other; two at once. Notes what came of each.
    ///
    /// # Panics
    /// When one of them is taken for another kind, takes too long, or is read without end.
    pub fn try_each(self, by: &impl Asks, needs_http: bool) {
        let mut rows = self.hostile(by.tenant().url().trim_start_matches("http://"));
        rows.retain(|row| row.needs_http == needs_http);
        let outcomes = at_once(2, &rows, |row| self.try_one(by, row));
        let mut complaints = Vec::new();
        for (row, outcome) in rows.iter().zip(&outcomes) {
            match outcome {
                Ok(outcome) => note(format_args!("{}: {outcome}", row.name)),
                Err(complaint) => complaints.push(format!("{}: {complaint}", row.name)),
            }
        }
        assert!(complaints.is_empty(), "{}: {complaints:#?}", self.name());
        let kind = if needs_http { "of HTTP" } else { "of any kind" };
        keep(by, &format!("{} {kind}", self.name()), rows.len());
    }

    fn try_one<A: Asks>(self, by: &A, row: &Hostile) -> Result<String, String> {
        let server = Scripted::http(vec![row.reply.clone()]).map_err(|error| error.to_string())?;
        let start = Instant::now();
        let outcome = by.ask(self, &server);
        let (took, sent) = (start.elapsed(), server.stop());
        let told = outcome?;
        // A socket's buffers hold some megabytes of what is not read.
        match (told == "taken") == row.is_taken && took < Duration::from_secs(8) && sent < 24 << 20 {
            true => Ok(told),
            false => Err(format!("{took:?}, {sent} bytes were sent, {told}")),
        }
    }
}

/// Every kind of redirect, to another server or back to this one: nobody is asked again, and nobody hears a byte.
///
/// # Panics
/// When somebody does.
pub fn try_redirects(by: &impl Asks) {
    let other = Scripted::http(vec![http(200, &[], "{}")]);
    let other = other.unwrap_or_else(|error| panic!("{error}"));
    let locations = Reply::locations(other.port());
    let questions: Vec<(Asked, u16, &str)> = Asked::ALL
        .into_iter()
        .flat_map(|asked| [301, 302, 303, 307, 308].map(|status| (asked, status)))
        .flat_map(|(asked, status)| locations.iter().map(move |to| (asked, status, to.as_str())))
        .collect();
    let outcomes = at_once(2, &questions, |(asked, status, location)| {
        let headers = [("location", *location), ("refresh", "0; url=/elsewhere")];
        let server = Scripted::http(vec![http(*status, &headers, "")]);
        let server = server.unwrap_or_else(|error| panic!("{error}"));
        let told = by
            .ask(*asked, &server)
            .unwrap_or_else(|complaint| panic!("{complaint}"));
        assert_ne!(told, "taken", "{asked:?} {status} {location}");
        assert_eq!(server.requests().len(), 1, "{asked:?} {status} {location}");
        format!("{} {status}: {told}", asked.name())
    });
    outcomes.iter().for_each(note);
    assert_eq!((other.connections(), other.requests().len()), (0, 0));
    keep(by, "redirects", outcomes.len());
}

fn keep<A: Asks>(_: &A, what: &str, count: usize) {
    let kept = keep_figures("hostile_replies", &[(format!("{}: {what}", A::NAME), count)]);
    assert!(kept.is_ok(), "{kept:?}");
}

/// The tests that put every question, each a scenario; `$by` makes what asks.
#[macro_export]
macro_rules! hostile_tests {
    ($by:expr, needs_http: $needs_http:literal, $($test:ident: $asked:ident,)*) => {
        $(#[test]
        fn $test() {
            let _scenario = $crate::scenario!();
            $crate::Asked::$asked.try_each(&$by, $needs_http);
        })*
    };
    ($by:expr, of any kind) => {
        $crate::hostile_tests! {
            $by, needs_http: false,
            hostile_replies_to_a_machine: Machine,
            hostile_replies_to_a_code: Code,
            hostile_replies_about_the_tenant: Accounts,
            hostile_configurations_of_a_tenant: Config,
            hostile_replies_about_the_warehouse: Warehouse,
        }
    };
    ($by:expr, of HTTP) => {
        $crate::hostile_tests! {
            $by, needs_http: true,
            hostile_http_for_a_machine: Machine,
            hostile_http_for_a_code: Code,
            hostile_http_for_the_tenant: Accounts,
            hostile_http_for_a_configuration: Config,
            hostile_http_for_the_warehouse: Warehouse,
        }
    };
}

//! Replies that no CARTO gives, for each of its endpoints that we ask: the same ones for every transport.

mod bodies;
mod framing;
mod statuses;

use crate::scripted::Reply;

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

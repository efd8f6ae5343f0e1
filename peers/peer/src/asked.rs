//! The arguments, which are the same for all.

use std::env;
use std::path::PathBuf;

use crate::Result;

/// What a program is to do.
pub(crate) enum Asked {
    /// Get a token, and print it.
    Fetch { url: String, ca: Option<PathBuf> },
    /// Get one, and ask for it again on each thread.
    Hold {
        url: String,
        times: usize,
        threads: usize,
    },
    /// Ask for one from everywhere at once.
    Herd { url: String, askers: usize },
}

impl Asked {
    pub(crate) fn by_arguments() -> Result<Self> {
        let mut arguments = env::args().skip(1);
        let mut next = || arguments.next();
        let asked = match (next().as_deref(), next(), next(), next()) {
            (Some("fetch"), Some(url), ca, None) => Self::Fetch {
                url,
                ca: ca.map(PathBuf::from),
            },
            (Some("hold"), Some(url), Some(times), Some(threads)) => Self::Hold {
                url,
                times: times.parse()?,
                threads: threads.parse()?,
            },
            (Some("herd"), Some(url), Some(askers), None) => Self::Herd {
                url,
                askers: askers.parse()?,
            },
            _ => return Err("usage: fetch URL [CA.pem] | hold URL TIMES THREADS | herd URL ASKERS".into()),
        };
        Ok(asked)
    }
}

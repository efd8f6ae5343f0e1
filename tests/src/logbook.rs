//! What every crate of a program logs, at every level.

use std::sync::{Mutex, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};

/// A logger that keeps all that is logged, line by line.
#[derive(Debug)]
pub struct Logbook {
    lines: Mutex<String>,
    wire: Mutex<String>,
}

static LOGBOOK: Logbook = Logbook {
    lines: Mutex::new(String::new()),
    wire: Mutex::new(String::new()),
};

/// At trace, this one dumps every byte that it sends and receives, of which no caller can keep it; see `SECURITY.md`.
const WIRE: &str = "ureq_proto::util";

impl Logbook {
    /// Opens the process's only one.
    ///
    /// # Panics
    /// When the process has another logger.
    #[must_use]
    pub fn open() -> &'static Self {
        let set = log::set_logger(&LOGBOOK);
        assert!(set.is_ok(), "another logger is there");
        log::set_max_level(LevelFilter::Trace);
        &LOGBOOK
    }

    /// What was logged, but for [what was sent and received](Self::wire).
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The bytes that ureq logs at trace.
    #[must_use]
    pub fn wire(&self) -> String {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Log for Logbook {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let kept = if record.target() == WIRE {
            &self.wire
        } else {
            &self.lines
        };
        let line = format!("{} {}: {}\n", record.level(), record.target(), record.args());
        kept.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_str(&line);
    }

    fn flush(&self) {}
}

//! The only place that writes to stdout: the answer and one line end.

use std::io::{self, ErrorKind, Write as _};

use serde::Serialize;

use crate::failure::Failure;
use crate::waiting;

/// Prints an answer. A reader that has gone (`| head -c 0`) is no failure; a full disk is.
pub(crate) fn answer(text: &str) -> Result<(), Failure> {
    waiting::end();
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::stdout(&error)),
        _ => Ok(()),
    }
}

/// Prints an answer as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::stdout(&io::Error::other(error)))?;
    answer(&text)
}

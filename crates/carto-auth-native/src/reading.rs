//! Token files as they are found, perhaps while Python is writing them.

use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use carto_auth_core::{OneLine, TokenFileError, TokenRecord};
use log::Level;

use crate::private_file::{self, Found, Modes};
use crate::time_zone::local_offsets;

/// Python empties its file before it writes; so often, and so long apart, a cut-off file is read again.
const REREADS: u32 = 5;
const REREAD_PAUSE: Duration = Duration::from_millis(4);

/// The longest that Python may be at it.
const WRITING: Duration = Duration::from_secs(2);

/// What reading a token file came to; absence is no error.
pub(crate) type Reading = Result<Option<TokenRecord>, NotUsed>;

/// A file that is not used.
pub(crate) struct NotUsed {
    /// Which, and why.
    pub(crate) why: String,
    /// It makes no sense, and nobody is about to give it some.
    pub(crate) is_rubbish: bool,
}

/// Everything but a token is a miss, and is logged if it is more than absence.
pub(crate) fn or_logged(reading: Reading, level: Level) -> Option<TokenRecord> {
    reading.unwrap_or_else(|NotUsed { why, .. }| {
        log::log!(level, "{why}");
        None
    })
}

pub(crate) fn read_record(path: &Path, modes: Modes) -> Reading {
    let not_used = |why: &dyn Display, is_rubbish| NotUsed {
        why: format!("{} is not used: {why}", shown(path)),
        is_rubbish,
    };
    for _ in 0..REREADS {
        let bytes = match private_file::read(path, modes) {
            Found::Nothing => return Ok(None),
            Found::Bytes(bytes) => bytes,
            Found::Unusable(why) => return Err(not_used(&why, false)),
        };
        match TokenRecord::decode(&bytes, &local_offsets()) {
            Ok(record) => return Ok(Some(record)),
            Err(TokenFileError::NotJson(problem)) if problem.is_truncation() => thread::sleep(REREAD_PAUSE),
            Err(problem) => return Err(not_used(&format_args!("it {problem}"), true)),
        }
    }
    Err(not_used(&"it is cut off", is_abandoned(path)))
}

/// True when nobody has written to a file for so long that nobody is about to.
fn is_abandoned(path: &Path) -> bool {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified());
    // A time to come is one of another clock.
    let age = |at: SystemTime| at.elapsed().unwrap_or_else(|ahead| ahead.duration());
    written.is_ok_and(|at| age(at) > WRITING)
}

/// Of one token in both files the own one counts: Python leaves out what it does not know, the refresh token too. Which
/// is newer, the server says, where it does for both.
pub(crate) fn newest(shared: Option<TokenRecord>, own: Option<TokenRecord>) -> Option<TokenRecord> {
    let shared = shared.filter(|shared| {
        let is_same = |own: &TokenRecord| own.access_token() == shared.access_token();
        !own.as_ref().is_some_and(is_same)
    });
    let (Some(shared_record), Some(own_record)) = (&shared, &own) else {
        return shared.or(own);
    };
    let is_older = match (shared_record.issued_at(), own_record.issued_at()) {
        (Some(shared), Some(own)) => shared <= own,
        _ => shared_record.obtained_at() <= own_record.obtained_at(),
    };
    if is_older { own } else { shared }
}

pub(crate) fn shown(path: &Path) -> String {
    OneLine(&path.to_string_lossy()).to_string()
}

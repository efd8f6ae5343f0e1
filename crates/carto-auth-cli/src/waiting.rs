//! The line that says whom a command waits for: at a terminal alone, when a request takes long, and erased before
//! anything else is written.

use std::env;
use std::io::{self, IsTerminal as _};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::talk;

/// Most answers are there before anybody has read the line.
const PATIENCE: Duration = Duration::from_millis(500);

struct Waiting {
    /// Counts the waits, so that a line that comes too late knows.
    turn: u64,
    /// What stands on the screen, in columns.
    width: usize,
}

static WAITING: Mutex<Waiting> = Mutex::new(Waiting { turn: 0, width: 0 });

/// A request goes out, and somebody may be looking.
pub(crate) fn begin(host: &str) {
    let turn = end();
    if !shows_lines() {
        return;
    }
    // A longer one would wrap, and no longer be erased.
    let line = format!("asking {host:.60}…");
    // Without a thread there is no line; that is all.
    let _ = thread::Builder::new().spawn(move || {
        thread::sleep(PATIENCE);
        let mut waiting = waiting();
        if waiting.turn == turn {
            waiting.width = line.chars().count();
            talk::in_place(&line);
        }
    });
}

/// What was waited for is here, or something else is to be written. Gives the number of the next wait.
pub(crate) fn end() -> u64 {
    let mut waiting = waiting();
    waiting.turn += 1;
    let width = mem::take(&mut waiting.width);
    if width > 0 {
        // Not by an escape sequence, for there may be no colours.
        talk::in_place(&format!("\r{:width$}\r", ""));
    }
    waiting.turn
}

fn waiting() -> MutexGuard<'static, Waiting> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shows_lines() -> bool {
    let is_able = cfg!(windows) || env::var_os("TERM").is_some_and(|name| name != "dumb");
    is_able && io::stderr().is_terminal()
}

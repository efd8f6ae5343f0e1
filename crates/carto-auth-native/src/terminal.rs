//! The person at the terminal.

use std::io::{self, BufRead, IsTerminal as _, Read as _, Write as _};

use carto_auth_core::{Ignored, Redirect};

use crate::interaction::{Cancelled, LoginInteraction, LoginPrompt};

/// Shows the address on standard error and reads a paste from standard input, if both are terminals.
#[derive(Clone, Copy, Debug)]
pub struct Terminal;

/// The longest line that is kept, in bytes: a little more than any login takes, so that a longer one is refused.
const LONGEST: usize = 8193;

impl LoginInteraction for Terminal {
    fn show(&self, prompt: &LoginPrompt<'_>) {
        let mut text = String::new();
        if let Some(obstacle) = prompt.obstacle {
            text.push_str(&format!("No browser is opened: {obstacle}.\n"));
        }
        text.push_str(&format!("Open this page to log in to CARTO:\n{}\n", prompt.url));
        match prompt.redirect {
            Redirect::Loopback if self.can_paste() => {
                text.push_str("If it ends on a page that does not load, paste that page's address here:\n");
            }
            Redirect::Loopback => {}
            Redirect::CodePage => text.push_str("Then paste the code that it shows here:\n"),
        }
        say(&text);
    }

    fn can_paste(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    fn read_pasted(&self, cancelled: &Cancelled) -> Option<String> {
        read_pasted(cancelled)
    }

    fn refused(&self, why: Ignored) {
        say(&format!("That is not the answer: {why}. Try again:\n"));
    }

    fn ended(&self) {
        discard_typed();
    }
}

fn say(text: &str) {
    // Whoever has closed stderr does not want to know.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Waits for a line on standard input, a terminal, until the login has ended otherwise. On Unix, standard input is
/// touched only when a line is there, so that the program can read it itself afterwards; elsewhere the reader stays, and
/// takes the next line.
#[must_use]
pub fn read_pasted(cancelled: &Cancelled) -> Option<String> {
    while !is_line_ready() {
        if cancelled.is_set() {
            return None;
        }
    }
    if cancelled.is_set() {
        return None;
    }
    read_line(&mut io::stdin().lock())
}

/// True when a line can be read; otherwise it has waited a little for one. A program in the background must not read
/// its terminal: it would be stopped.
#[cfg(unix)]
fn is_line_ready() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = io::stdin();
    let pause = Timespec {
        tv_sec: 0,
        tv_nsec: 50_000_000,
    };
    let mut waits = [PollFd::new(&stdin, PollFlags::IN)];
    let is_ready = poll(&mut waits, Some(&pause)).is_ok_and(|count| count > 0);
    let in_background = is_in_background();
    if is_ready && in_background {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    is_ready && !in_background
}

#[cfg(unix)]
fn is_in_background() -> bool {
    rustix::termios::tcgetpgrp(io::stdin()).is_ok_and(|foreground| foreground != rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn is_line_ready() -> bool {
    true
}

/// Throws away what was typed and not read: half an address must not reach the shell as a command.
pub fn discard_typed() {
    #[cfg(unix)]
    {
        use rustix::termios::{QueueSelector, tcflush};
        // Standard input that is no terminal has nothing to flush, and a program in the background would be stopped.
        if !is_in_background() {
            let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        }
    }
}

/// Reads one line; of a very long one, its beginning, and the rest is thrown away. `None` at the end of the input.
pub fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let limit = LONGEST as u64;
    let count = reader.by_ref().take(limit).read_until(b'\n', &mut line).ok()?;
    if count == 0 {
        return None;
    }
    let mut is_whole = line.ends_with(b"\n");
    while !is_whole {
        let mut rest = Vec::new();
        let count = reader.by_ref().take(limit).read_until(b'\n', &mut rest).ok()?;
        is_whole = count == 0 || rest.ends_with(b"\n");
    }
    Some(String::from_utf8_lossy(&line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_one_by_one_and_long_ones_cut() {
        let input = format!("one\n{}\nthree", "x".repeat(1 << 20));
        let mut reader = input.as_bytes();
        assert_eq!(read_line(&mut reader).as_deref(), Some("one\n"));
        assert_eq!(read_line(&mut reader).map(|line| line.len()), Some(LONGEST));
        assert_eq!(read_line(&mut reader).as_deref(), Some("three"));
        assert_eq!(read_line(&mut reader), None);
    }
}

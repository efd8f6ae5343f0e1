//! One connection to the callback listener: a head is read, an answer written, and then it is let go.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use carto_auth_core::{Heard, LoopbackRequest, Page};
use mio::net::TcpStream;
use url::Url;

/// How long a connection has for its head, and then for taking its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answered connection is listened to, so that the answer is not lost to a reset.
const LINGER: Duration = Duration::from_millis(500);
/// How many bytes of an answered connection are thrown away before it is dropped.
const MOST_DISCARDED: usize = 64 << 10;

/// What a callback means, as whoever started the listener sees it.
pub(crate) enum Verdict {
    /// It is the answer: the browser waits until the login is done.
    Wait,
    /// It is something else.
    Answer(Page),
}

pub(crate) struct Connection {
    stream: TcpStream,
    pub(crate) deadline: Instant,
    state: State,
    discarded: usize,
}

enum State {
    Reading(LoopbackRequest),
    /// The answer to the login: it waits for the exchange.
    Waiting,
    Writing {
        bytes: Vec<u8>,
        written: usize,
    },
    /// Answered; what else comes in is thrown away.
    Lingering,
}

pub(crate) enum Progress {
    /// Nothing more can be done until the peer does something.
    Blocked,
    /// The peer has gone.
    Over,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, redirect_uri: &Url) -> Self {
        Self {
            stream,
            deadline: Instant::now() + PATIENCE,
            state: State::Reading(LoopbackRequest::new(redirect_uri)),
            discarded: 0,
        }
    }

    /// True for a browser that waits for the end of its login.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting)
    }

    /// How much it would be missed; `None` for a browser that waits, which must stay.
    pub(crate) fn importance(&self) -> Option<u8> {
        match &self.state {
            State::Waiting => None,
            State::Lingering => Some(0),
            State::Reading(_) => Some(1),
            State::Writing { .. } => Some(2),
        }
    }

    /// True for one that has not finished its head.
    pub(crate) fn is_reading(&self) -> bool {
        matches!(self.state, State::Reading(_))
    }

    pub(crate) fn advance(
        &mut self,
        judge: &mut impl FnMut(&str) -> Verdict,
        success_page: &Url,
    ) -> io::Result<Progress> {
        let mut bytes = [0; 4096];
        loop {
            let done = match &mut self.state {
                State::Writing { bytes, written } => self.stream.write(&bytes[*written..]).map(|count| {
                    *written += count;
                    (*written == bytes.len()).then_some(State::Lingering)
                }),
                State::Reading(request) => match self.stream.read(&mut bytes) {
                    Ok(0) => return Ok(Progress::Over),
                    Ok(count) => Ok(match request.receive(&bytes[..count]) {
                        Heard::More => None,
                        Heard::Other(page) => Some(writing(page, success_page)),
                        Heard::Callback(target) => Some(match judge(&target) {
                            Verdict::Wait => State::Waiting,
                            Verdict::Answer(page) => writing(page, success_page),
                        }),
                    }),
                    Err(error) => Err(error),
                },
                State::Waiting | State::Lingering => match self.stream.read(&mut bytes) {
                    // Whoever has nothing more to say may still listen.
                    Ok(0) if matches!(self.state, State::Waiting) => return Ok(Progress::Blocked),
                    Ok(0) => return Ok(Progress::Over),
                    Ok(count) => {
                        self.discarded += count;
                        if self.discarded > MOST_DISCARDED {
                            return Ok(Progress::Over);
                        }
                        Ok(None)
                    }
                    Err(error) => Err(error),
                },
            };
            match done {
                Ok(None) => {}
                Ok(Some(state)) => self.enter(state),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Progress::Blocked),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn answer(&mut self, page: Page, success_page: &Url) {
        self.enter(writing(page, success_page));
    }

    fn enter(&mut self, state: State) {
        let now = Instant::now();
        self.deadline = match state {
            // The login has a deadline of its own, at which the listener is stopped.
            State::Waiting => now + Duration::from_secs(24 * 3600),
            State::Lingering => now + LINGER,
            State::Reading(_) | State::Writing { .. } => now + PATIENCE,
        };
        if matches!(state, State::Lingering) {
            let _ = self.stream.shutdown(Shutdown::Write);
        }
        self.state = state;
    }
}

fn writing(page: Page, success_page: &Url) -> State {
    State::Writing {
        bytes: page.response(success_page),
        written: 0,
    }
}

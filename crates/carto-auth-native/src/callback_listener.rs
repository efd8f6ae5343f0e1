//! The loopback listener that a browser comes back to, <https://www.rfc-editor.org/rfc/rfc8252#section-7.3>.
//!
//! One thread serves every connection, none of which can hold up another: what does not finish its head in time,
//! or stands in the way of a newer connection, is dropped. The core says what a request is; whoever started the
//! listener says what a callback means.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use carto_auth_core::{Endpoints, Page};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use url::Url;

use crate::callback_connection::{Connection, Progress, Verdict};
use crate::system_error::SystemReason;

/// How many connections are served at once.
const MOST_CONNECTIONS: usize = 16;
const IPV4: Token = Token(0);
const IPV6: Token = Token(1);
const WAKER: Token = Token(2);
const FIRST_CONNECTION: usize = 3;

/// The sockets, bound and not yet served.
pub(crate) struct CallbackListener {
    listeners: Vec<(Token, TcpListener)>,
    redirect_uri: Url,
    success_page: Url,
}

/// A listener at work. It stops when it is finished or dropped, and its port is free again.
pub(crate) struct Serving {
    waker: Waker,
    last_page: Arc<OnceLock<Page>>,
    thread: Option<JoinHandle<()>>,
}

impl CallbackListener {
    /// Binds the port of the redirect URI on both loopback addresses, so that `localhost` leads here whichever the
    /// browser takes. A family that this machine does not have is done without; a port that is taken is an error.
    pub(crate) fn bind(redirect_uri: &Url, success_page: &Url) -> io::Result<Self> {
        let mut listeners = Vec::new();
        for (token, address) in addresses(redirect_uri) {
            if let Some(listener) = bind_one(address)? {
                listeners.push((token, listener));
            }
        }
        if listeners.is_empty() {
            return Err(ErrorKind::AddrNotAvailable.into());
        }
        Ok(Self {
            listeners,
            redirect_uri: redirect_uri.clone(),
            success_page: success_page.clone(),
        })
    }

    /// Serves on a thread of its own.
    pub(crate) fn serve(
        mut self,
        judge: impl FnMut(&str) -> Verdict + Send + 'static,
    ) -> io::Result<Serving> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        for (token, listener) in &mut self.listeners {
            poll.registry().register(listener, *token, Interest::READABLE)?;
        }
        let last_page = Arc::new(OnceLock::new());
        let server = Server {
            poll,
            listeners: self.listeners,
            redirect_uri: self.redirect_uri,
            success_page: self.success_page,
            connections: BTreeMap::new(),
            next: FIRST_CONNECTION,
            last_page: Arc::clone(&last_page),
            judge,
        };
        let thread = thread::Builder::new()
            .name("carto-auth-callback".to_owned())
            .spawn(move || server.run())?;
        Ok(Serving {
            waker,
            last_page,
            thread: Some(thread),
        })
    }
}

/// What came of trying to listen at one loopback address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PortState {
    /// A login could listen there.
    Free,
    /// Another program listens there.
    Taken,
    /// This machine has no such addresses.
    NoFamily,
    /// It cannot be listened at.
    Unusable(SystemReason),
}

/// Tries to listen where a browser would come back to, as a login would, and lets go at once: the loopback address of each
/// family, and what came of it.
#[must_use]
pub fn try_callback_port(endpoints: &Endpoints) -> Vec<(SocketAddr, PortState)> {
    let tried = |(_, address)| {
        let tried = match bind_one(address) {
            Ok(Some(_)) => PortState::Free,
            Ok(None) => PortState::NoFamily,
            Err(error) if error.kind() == ErrorKind::AddrInUse => PortState::Taken,
            Err(error) => PortState::Unusable(SystemReason::of(&error)),
        };
        (address, tried)
    };
    addresses(endpoints.redirect_uri()).map(tried).into()
}

fn addresses(redirect_uri: &Url) -> [(Token, SocketAddr); 2] {
    let port = redirect_uri.port_or_known_default().unwrap_or_default();
    [
        (IPV4, (Ipv4Addr::LOCALHOST, port).into()),
        (IPV6, (Ipv6Addr::LOCALHOST, port).into()),
    ]
}

/// `None` on a machine without this family.
fn bind_one(address: SocketAddr) -> io::Result<Option<TcpListener>> {
    match TcpListener::bind(address) {
        Err(error) if is_missing_family(&error) => Ok(None),
        bound => bound.map(Some),
    }
}

/// A machine without IPv6, or without IPv4.
fn is_missing_family(error: &io::Error) -> bool {
    let unsupported = cfg!(unix) && error.raw_os_error() == Some(rustix_no_family());
    error.kind() == ErrorKind::AddrNotAvailable || error.kind() == ErrorKind::Unsupported || unsupported
}

#[cfg(unix)]
fn rustix_no_family() -> i32 {
    rustix::io::Errno::AFNOSUPPORT.raw_os_error()
}

#[cfg(not(unix))]
fn rustix_no_family() -> i32 {
    10047 // WSAEAFNOSUPPORT
}

impl Serving {
    /// Answers the browser that waits, and stops.
    pub(crate) fn finish(mut self, page: Page) {
        self.stop(page);
    }

    fn stop(&mut self, page: Page) {
        // Only the first counts: a listener that is dropped after it has finished has nothing to add.
        let _ = self.last_page.set(page);
        let _ = self.waker.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop(Page::Failed);
    }
}

struct Server<J> {
    poll: Poll,
    listeners: Vec<(Token, TcpListener)>,
    redirect_uri: Url,
    success_page: Url,
    /// By age: a newer connection has a larger number.
    connections: BTreeMap<usize, Connection>,
    next: usize,
    last_page: Arc<OnceLock<Page>>,
    judge: J,
}

/// Whether connections wait to be accepted. Readiness is told once, so this must be remembered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum More {
    Nothing,
    Waiting,
    /// The system has no room for another one.
    NoRoom,
}

impl<J: FnMut(&str) -> Verdict> Server<J> {
    fn run(mut self) {
        let mut events = Events::with_capacity(64);
        let mut more = More::Nothing;
        loop {
            let pause = match more {
                More::Nothing => None,
                More::Waiting => Some(Duration::ZERO),
                More::NoRoom => Some(Duration::from_millis(50)),
            };
            let next_deadline = self
                .connections
                .values()
                .map(|connection| connection.deadline)
                .min();
            let until_deadline = next_deadline.map(|time| time.saturating_duration_since(Instant::now()));
            let timeout = pause.into_iter().chain(until_deadline).min();
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return,
                _ => {}
            }
            if let Some(page) = self.last_page.get().copied() {
                return self.end(page);
            }
            // First those that are there: a newer connection must not take the place of one that has been heard.
            let ready: Vec<usize> = events.iter().map(|event| event.token().0).collect();
            for number in &ready {
                self.advance(*number);
            }
            if more != More::Nothing || ready.iter().any(|number| *number < FIRST_CONNECTION) {
                more = self.accept_some();
            }
            let now = Instant::now();
            self.connections.retain(|_, connection| connection.deadline > now);
        }
    }

    /// Takes some of the connections that wait, from each family, and hears each at once.
    fn accept_some(&mut self) -> More {
        let mut more = More::Nothing;
        for family in 0..self.listeners.len() {
            let mut accepted = 0;
            while accepted < MOST_CONNECTIONS {
                match self.listeners[family].1.accept() {
                    Ok((stream, _)) => {
                        accepted += 1;
                        if let Some(number) = self.admit(stream) {
                            self.advance(number);
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error)
                        if matches!(
                            error.kind(),
                            ErrorKind::Interrupted | ErrorKind::ConnectionAborted
                        ) => {}
                    Err(_) => {
                        more = More::NoRoom;
                        break;
                    }
                }
            }
            if accepted == MOST_CONNECTIONS {
                more = More::Waiting;
            }
        }
        more
    }

    /// Makes room for a new connection, at the expense of the one that is missed least.
    fn admit(&mut self, mut stream: TcpStream) -> Option<usize> {
        if self.connections.len() >= MOST_CONNECTIONS {
            let least = self
                .connections
                .iter()
                .filter_map(|(number, connection)| Some((connection.importance()?, *number)))
                .min()?;
            self.connections.remove(&least.1);
        }
        let number = self.next;
        self.next += 1;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut stream, Token(number), interest)
            .ok()?;
        self.connections
            .insert(number, Connection::new(stream, &self.redirect_uri));
        Some(number)
    }

    /// Takes a connection as far as it goes, and drops it when it is done or broken.
    fn advance(&mut self, number: usize) {
        let Some(connection) = self.connections.get_mut(&number) else {
            return;
        };
        match connection.advance(&mut self.judge, &self.success_page) {
            Ok(Progress::Blocked) => {}
            Ok(Progress::Over) | Err(_) => drop(self.connections.remove(&number)),
        }
    }

    /// Gives the browsers that wait their answer, and nobody else any more.
    fn end(mut self, page: Page) {
        self.listeners.clear();
        self.connections.retain(|_, connection| !connection.is_reading());
        for connection in self.connections.values_mut() {
            if connection.is_waiting() {
                connection.answer(page, &self.success_page);
            }
        }
        let numbers: Vec<usize> = self.connections.keys().copied().collect();
        for number in numbers {
            self.advance(number);
        }
        let mut events = Events::with_capacity(64);
        while let Some(deadline) = self
            .connections
            .values()
            .map(|connection| connection.deadline)
            .min()
        {
            let timeout = deadline.saturating_duration_since(Instant::now());
            match self.poll.poll(&mut events, Some(timeout)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return,
                _ => {}
            }
            let ready: Vec<usize> = events.iter().map(|event| event.token().0).collect();
            for number in ready {
                self.advance(number);
            }
            let now = Instant::now();
            self.connections.retain(|_, connection| connection.deadline > now);
        }
    }
}

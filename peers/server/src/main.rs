//! The side of CARTO that programs get tokens from, for measurements: it answers at once, and always the same.
//!
//! `server [--tls CA.pem] [--delay-ms N]` prints its address and serves until its standard input ends. Then it prints how
//! many requests came, and over how many connections.
//! `server keys FILE` writes a service account with a new key, for yup-oauth2.

mod certificate;
mod connection;
mod reply;
mod service_account;

use std::io::{self, Read as _};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use std::{env, process, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::ServerConfig;

const USAGE: &str = "usage: server [--tls CA.pem] [--delay-ms N] | server keys FILE";

type Error = Box<dyn std::error::Error + Send + Sync>;

struct Server {
    tls: Option<Arc<ServerConfig>>,
    delay: Duration,
    reply: Vec<u8>,
    requests: AtomicU64,
    connections: AtomicU64,
}

fn main() -> Result<(), Error> {
    let (mut tls, mut delay) = (None, Duration::ZERO);
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.next()) {
            ("keys", Some(path)) => return service_account::write(path.as_ref()),
            ("--tls", Some(path)) => tls = Some(certificate::make(path.as_ref())?),
            ("--delay-ms", Some(number)) => delay = Duration::from_millis(number.parse()?),
            _ => return Err(USAGE.into()),
        }
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    // The queue of std's listeners is 128 long: of a thousand who come at once some would be sent away for a second.
    rustix::net::listen(&listener, 4096)?;
    raise_the_limit_of_open_files();
    let port = listener.local_addr()?.port();
    match tls {
        Some(_) => println!("https://localhost:{port}"),
        None => println!("http://127.0.0.1:{port}"),
    }
    let reply = reply::granted();
    let server = Server {
        tls,
        delay,
        reply,
        requests: AtomicU64::new(0),
        connections: AtomicU64::new(0),
    };
    let server = Arc::new(server);
    let accepting = Arc::clone(&server);
    thread::spawn(move || accept(&listener, &accepting));
    io::stdin().read_to_end(&mut Vec::new())?;
    println!(
        "{} {}",
        server.requests.load(Relaxed),
        server.connections.load(Relaxed)
    );
    process::exit(0)
}

fn accept(listener: &TcpListener, server: &Arc<Server>) {
    loop {
        let Ok((stream, _)) = listener.accept() else {
            // Too many files are open; some will be closed.
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        let server = Arc::clone(server);
        // A thousand of them have to fit. One that cannot be started drops its connection, which the client sees.
        let _ = thread::Builder::new()
            .stack_size(256 << 10)
            .spawn(move || server.serve(stream));
    }
}

fn raise_the_limit_of_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised the old one stays: it may be enough.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
}

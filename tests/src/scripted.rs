//! A server that says exactly what a test tells it to, and keeps every byte it is told.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What the server does with one connection.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Reads the request, sends these bytes and closes the connection.
    Bytes(Vec<u8>),
    /// Reads the request, sends these bytes and then zeros, so many at most.
    Flood(Vec<u8>, usize),
    /// Reads the request, sends the first bytes, and then the others again and again, so many at most.
    Endless(Vec<u8>, Vec<u8>, usize),
    /// Reads the request and sends these bytes one by one, 20 ms apart.
    Drip(Vec<u8>),
    /// Reads the request, sends these bytes, if any, and then nothing until the client goes away.
    Stall(Vec<u8>),
}

/// A running server. It answers connection after connection with its replies in turn, the last one again and
/// again, until it is dropped.
#[derive(Debug)]
pub struct Scripted {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    connections: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A whole HTTP/1.1 answer.
#[must_use]
pub fn http(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    Reply::Bytes(
        format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes(),
    )
}

impl Reply {
    /// Where a redirect can point: to another server, at this port, in every spelling, and back to its own.
    #[must_use]
    pub fn locations(port: u16) -> [String; 8] {
        [
            format!("http://127.0.0.1:{port}"),
            format!("http://localhost:{port}/oauth/token"),
            format!("//127.0.0.1:{port}/oauth/token"),
            format!("https://127.0.0.1:{port}/"),
            format!("http://the-id:the-secret@127.0.0.1:{port}/"),
            format!("http://127.0.0.1:{port}\\@carto.com/"),
            "/elsewhere".to_owned(),
            "elsewhere?x#y".to_owned(),
        ]
    }
}

impl Scripted {
    /// Serves plain http on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn http(replies: Vec<Reply>) -> io::Result<Self> {
        Self::start(replies, Ok)
    }

    /// Serves https.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn https(replies: Vec<Reply>, config: Arc<ServerConfig>) -> io::Result<Self> {
        Self::start(replies, move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            Ok(StreamOwned::new(connection, stream))
        })
    }

    fn start<S: Read + Write>(
        replies: Vec<Reply>,
        wrap: impl Fn(TcpStream) -> io::Result<S> + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stopping = Arc::new(AtomicBool::new(false));
        let (kept, stop) = (Arc::clone(&requests), Arc::clone(&stopping));
        let (connections, written) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (connected, wrote) = (Arc::clone(&connections), Arc::clone(&written));
        let thread = thread::spawn(move || {
            for (turn, stream) in listener.incoming().flatten().enumerate() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                connected.fetch_add(1, Ordering::SeqCst);
                // A client that hangs must not hang the server.
                let bounded = stream.set_read_timeout(Some(Duration::from_secs(20)));
                let reply = replies.get(turn).or(replies.last());
                if let (Ok(()), Ok(stream), Some(reply)) = (bounded, wrap(stream), reply) {
                    // A failed handshake or a client that has gone is what some tests are about.
                    let _ = converse(stream, reply, &kept, &wrote);
                }
            }
        });
        Ok(Self {
            address,
            requests,
            connections,
            written,
            stopping,
            thread: Some(thread),
        })
    }

    /// The port it serves on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its base address as plain http.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections there have been.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Stops, and gives how many bytes of [endless](Reply::Endless) and [dripping](Reply::Drip) replies were sent.
    #[must_use]
    pub fn stop(self) -> usize {
        let written = Arc::clone(&self.written);
        drop(self);
        written.load(Ordering::SeqCst)
    }

    /// What each connection has sent so far; connections without a byte are not counted.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread, which may wait for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn converse(
    mut stream: impl Read + Write,
    reply: &Reply,
    kept: &Mutex<Vec<Vec<u8>>>,
    written: &AtomicUsize,
) -> io::Result<()> {
    let request = read_request(&mut stream)?;
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    match reply {
        Reply::Bytes(bytes) => stream.write_all(bytes)?,
        Reply::Flood(head, most) => {
            stream.write_all(head)?;
            for _ in 0..most.div_ceil(1 << 16) {
                stream.write_all(&[b' '; 1 << 16])?;
            }
        }
        Reply::Endless(head, piece, most) => {
            stream.write_all(head)?;
            let pieces = piece.repeat((1 << 16) / piece.len().max(1) + 1);
            while written.load(Ordering::SeqCst) < *most {
                stream.write_all(&pieces)?;
                written.fetch_add(pieces.len(), Ordering::SeqCst);
            }
        }
        Reply::Drip(bytes) => {
            for byte in bytes {
                stream.write_all(&[*byte])?;
                stream.flush()?;
                written.fetch_add(1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(20));
            }
        }
        Reply::Stall(begun) => {
            stream.write_all(begun)?;
            stream.flush()?;
            while read_again(&mut stream, &mut [0; 4096])? > 0 {}
        }
    }
    stream.flush()
}

/// Reads after signals, too: with a read timeout the system does not go on by itself when a test beside this one starts
/// a process, and the connection of a server that is to be silent would end.
fn read_again(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Reads a head and as much of a body as it announces.
fn read_request(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = read_again(stream, &mut chunk)?;
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .split("content-length:")
                .nth(1)
                .and_then(|rest| rest.lines().next());
            body.len() >= length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
        });
        if read == 0 && request.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // The hello of a TLS client waits for an answer.
        let is_hello = request.first() == Some(&0x16);
        if read == 0 || whole || is_hello {
            return Ok(request);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A client's connection as its bytes and signals come in; then it waits for so long that the test need not.
    struct Scene(VecDeque<io::Result<&'static [u8]>>);

    impl Read for Scene {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bytes = self
                .0
                .pop_front()
                .unwrap_or(Err(io::ErrorKind::WouldBlock.into()))?;
            buffer[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        }
    }

    impl Write for Scene {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_silent_server_hangs_up_for_no_signal_and_no_byte_more() {
        let signal = || Err(io::ErrorKind::Interrupted.into());
        let scene = [
            signal(),
            Ok(&b"GET / HTTP/1.1\r\n"[..]),
            signal(),
            Ok(b"\r\n"),
            signal(),
            Ok(b"more"),
            signal(),
        ];
        let (kept, written) = (Mutex::default(), AtomicUsize::new(0));
        let stall = Reply::Stall(Vec::new());
        let error = converse(Scene(scene.into()), &stall, &kept, &written).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "it waits to the end");
        assert_eq!(kept.into_inner().unwrap(), [b"GET / HTTP/1.1\r\n\r\n"]);
    }
}

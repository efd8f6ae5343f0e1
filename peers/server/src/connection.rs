//! One connection: HTTP/1.1, as much of it as the peers speak.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use rustls::{ServerConnection, StreamOwned};

use crate::Server;
use crate::reply::response;

impl Server {
    /// Answers until the other side has enough. Its errors are its own affair.
    pub(crate) fn serve(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let _ = match &self.tls {
            None => self.converse(stream),
            Some(config) => ServerConnection::new(Arc::clone(config))
                .map_err(io::Error::other)
                .and_then(|tls| self.converse(StreamOwned::new(tls, stream))),
        };
    }

    fn converse(&self, mut stream: impl Read + Write) -> io::Result<()> {
        let mut received = Vec::new();
        let mut is_counted = false;
        while let Some(request) = next_request(&mut stream, &mut received)? {
            self.requests.fetch_add(1, Relaxed);
            if !is_counted {
                self.connections.fetch_add(1, Relaxed);
                is_counted = true;
            }
            thread::sleep(self.delay);
            let reply = match request.starts_with("POST ") {
                true => self.reply.clone(),
                false => response("404 Not Found", "{}"),
            };
            stream.write_all(&reply)?;
            stream.flush()?;
        }
        Ok(())
    }
}

/// Method and path of the next request, when all of its body is there; nothing where the connection ends.
fn next_request(stream: &mut impl Read, received: &mut Vec<u8>) -> io::Result<Option<String>> {
    let refused = |why| io::Error::new(ErrorKind::InvalidData, why);
    let mut piece = [0; 8192];
    loop {
        if let Some(head) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let text =
                std::str::from_utf8(&received[..head]).map_err(|_| refused("a head that is no text"))?;
            let (first, headers) = text.split_once("\r\n").unwrap_or((text, ""));
            let mut length = 0;
            for (name, value) in headers.lines().filter_map(|line| line.split_once(':')) {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => {
                        length = value.trim().parse().map_err(|_| refused("a strange length"))?;
                    }
                    "transfer-encoding" => return Err(refused("a body in chunks")),
                    _ => {}
                }
            }
            if received.len() >= head + 4 + length {
                let request = first
                    .rsplit_once(' ')
                    .map_or(first, |(request, _)| request)
                    .to_owned();
                received.drain(..head + 4 + length);
                return Ok(Some(request));
            }
        }
        match stream.read(&mut piece) {
            Ok(0) => return Ok(None),
            Ok(count) => received.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

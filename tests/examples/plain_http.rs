//! HTTP over a plain socket: stands for whatever an embedder sends requests with.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use carto_auth_core::{Incoming, Outgoing, Sent, TransportError, TransportErrorKind as Kind};
use http::Response;

/// Sends a request and reads its reply, to the limits that it carries.
pub(crate) fn send(out: &Outgoing) -> Result<Incoming, TransportError> {
    let deadline = Instant::now() + out.timeout;
    let (uri, body) = (out.request.uri(), out.request.body().as_bytes());
    let authority = (out.host().trim_matches(['[', ']']), uri.port_u16().unwrap_or(80));
    let address = authority
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next());
    let address = address.ok_or(TransportError::new(Kind::HostNotFound, Sent::No))?;
    let mut stream =
        TcpStream::connect_timeout(&address, out.connect_timeout).map_err(|error| failed(&error))?;

    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut head = format!(
        "{} {path} HTTP/1.1\r\nhost: {}\r\n",
        out.request.method(),
        uri.authority().unwrap()
    );
    for (name, value) in out.request.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    head.push_str(&format!(
        "content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    ));
    let sent = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
    sent.map_err(|error| failed(&error))?;
    reply(&mut stream, out.body_limit, deadline).map(Incoming::from)
}

fn reply(
    stream: &mut TcpStream,
    limit: usize,
    deadline: Instant,
) -> Result<Response<Vec<u8>>, TransportError> {
    const LONGEST_HEAD: usize = 64 << 10;
    let unreadable = || TransportError::new(Kind::Protocol, Sent::Maybe);
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > LONGEST_HEAD || read(stream, &mut bytes, deadline)? == 0 {
            let begins_well = b"HTTP/1.1 ".starts_with(&bytes[..bytes.len().min(9)]);
            let kind = match begins_well && bytes.len() <= LONGEST_HEAD {
                true => Kind::Disconnected,
                false => Kind::Protocol,
            };
            return Err(TransportError::new(kind, Sent::Maybe));
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse::<u16>().ok());
    let mut response = Response::builder().status(status.ok_or_else(unreadable)?);
    let mut length = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok(),
            // Nobody here sends them, and half a reader of chunks is worse than none.
            "transfer-encoding" => return Err(unreadable()),
            _ => {}
        }
        response = response.header(name, value.trim());
    }
    let mut body = bytes.split_off(head_end + 4);
    let wanted = length.unwrap_or(usize::MAX).min(limit);
    while body.len() < wanted {
        if read(stream, &mut body, deadline)? == 0 {
            match length {
                Some(_) => return Err(TransportError::new(Kind::Disconnected, Sent::Maybe)),
                None => break,
            }
        }
    }
    body.truncate(wanted);
    response.body(body).map_err(|_| unreadable())
}

fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>, deadline: Instant) -> Result<usize, TransportError> {
    let left = deadline
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1));
    let mut chunk = [0; 8192];
    let count = stream
        .set_read_timeout(Some(left))
        .and_then(|()| stream.read(&mut chunk));
    let count = count.map_err(|error| failed(&error))?;
    bytes.extend_from_slice(&chunk[..count]);
    Ok(count)
}

fn failed(error: &io::Error) -> TransportError {
    let kind = match error.kind() {
        ErrorKind::ConnectionRefused => Kind::ConnectionRefused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Kind::Timeout,
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Kind::Disconnected,
        _ => Kind::Other,
    };
    TransportError::new(kind, Sent::Maybe)
}

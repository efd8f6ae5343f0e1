//! A blocking HTTP/1.1 client that never leaves this machine.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use url::{Host, Position, Url};

/// A server that says nothing for this long is given up.
const PATIENCE: Duration = Duration::from_secs(30);
const REPLY_LIMIT: u64 = 1 << 20;

pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    /// A header's value; the name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Where a redirect leads, as it was sent.
    pub(crate) fn location(&self) -> Option<&str> {
        let is_redirect = matches!(self.status, 301 | 302 | 303 | 307 | 308);
        self.header("location").filter(|_| is_redirect)
    }
}

/// Gets an address, or posts a form to it.
pub(crate) fn exchange(url: &Url, cookie: Option<&str>, form: Option<&str>) -> io::Result<Reply> {
    let stream = connect(url)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nConnection: close\r\n",
        method = form.map_or("GET", |_| "POST"),
        path = &url[Position::BeforePath..Position::AfterQuery],
        host = &url[Position::BeforeHost..Position::AfterPort],
    );
    if let Some(cookie) = cookie {
        request += &format!("Cookie: {cookie}\r\n");
    }
    if let Some(form) = form {
        let length = form.len();
        request +=
            &format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n");
    }
    request += "\r\n";
    request += form.unwrap_or_default();
    (&stream).write_all(request.as_bytes())?;
    read(stream)
}

/// The addresses of a loopback URL. They are never looked up: a resolver could name another machine.
pub(crate) fn addresses(url: &Url) -> Option<Vec<SocketAddr>> {
    let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    let hosts = match url.host()? {
        Host::Domain("localhost") => vec![v4, v6],
        Host::Ipv4(host) if host.is_loopback() => vec![host.into()],
        Host::Ipv6(host) if host.is_loopback() => vec![v6],
        _ => return None,
    };
    let port = url.port_or_known_default().filter(|_| url.scheme() == "http")?;
    Some(
        hosts
            .into_iter()
            .map(|host| SocketAddr::new(host, port))
            .collect(),
    )
}

fn connect(url: &Url) -> io::Result<TcpStream> {
    let mut outcome = Err(problem("only http addresses on loopback are visited"));
    for address in addresses(url).unwrap_or_default() {
        outcome = TcpStream::connect_timeout(&address, PATIENCE);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn read(stream: TcpStream) -> io::Result<Reply> {
    let mut reader = BufReader::new(stream.take(REPLY_LIMIT));
    let mut line = String::new();
    let mut next_line = |reader: &mut BufReader<_>| -> io::Result<String> {
        line.clear();
        reader.read_line(&mut line)?;
        let text = line.strip_suffix("\r\n");
        text.map(str::to_owned)
            .ok_or_else(|| problem("the head of the reply ends early"))
    };
    let start = next_line(&mut reader)?;
    // Small servers, Python's for one, answer HTTP/1.1 with HTTP/1.0.
    let rest = ["HTTP/1.1 ", "HTTP/1.0 "].map(|version| start.strip_prefix(version));
    let status = rest.into_iter().flatten().next().and_then(|rest| rest.get(..3));
    let status = status.and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| problem("the reply is no HTTP/1"))?;
    let mut headers = Vec::new();
    loop {
        let header = next_line(&mut reader)?;
        if header.is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(':') else {
            return Err(problem("a header of the reply has no colon"));
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut reply = Reply {
        status,
        headers,
        body: String::new(),
    };
    if reply.header("transfer-encoding").is_some() {
        return Err(problem("the reply comes in chunks"));
    }
    // Without a length, the body ends with the connection.
    let length = reply.header("content-length").and_then(|text| text.parse().ok());
    let mut body = Vec::new();
    reader
        .take(length.unwrap_or(REPLY_LIMIT))
        .read_to_end(&mut body)?;
    if length.is_some_and(|length| length != body.len() as u64) {
        return Err(problem("the body of the reply ends early"));
    }
    reply.body = String::from_utf8_lossy(&body).into_owned();
    Ok(reply)
}

pub(crate) fn problem(text: &str) -> io::Error {
    io::Error::other(text)
}

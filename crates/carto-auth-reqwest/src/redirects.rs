//! Whether a client follows redirects: reqwest does not tell, so it is tried.

use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// A client that cannot reach loopback is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(2);
const MOVED: &[u8] =
    b"HTTP/1.1 302 Found\r\nlocation: /followed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Whether the client, led to a redirect on loopback, follows it; `None` when it reaches nothing there.
pub(crate) async fn follows_redirects(client: &Client) -> Option<bool> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.ok()?;
    let address = listener.local_addr().ok()?;
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(timeout(PATIENCE, redirect(stream)));
        }
    });
    let _server = Aborted(server.abort_handle());
    let asked = client.get(format!("http://{address}/")).timeout(PATIENCE).send();
    match timeout(PATIENCE, asked).await {
        Ok(Ok(reply)) => Some(reply.url().path() != "/"),
        Ok(Err(error)) => error.is_redirect().then_some(true),
        Err(_) => None,
    }
}

/// Reads to the end of the head, which nothing follows, and sends on to another address.
async fn redirect(mut stream: TcpStream) {
    let (mut head, mut part) = (Vec::new(), [0; 1024]);
    while head.len() < 16 * 1024 && !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(length @ 1..) => head.extend_from_slice(&part[..length]),
            _ => return,
        }
    }
    let _ = stream.write_all(MOVED).await;
    let _ = stream.shutdown().await;
}

/// Ends a task with its own end.
struct Aborted(AbortHandle);

impl Drop for Aborted {
    fn drop(&mut self) {
        self.0.abort();
    }
}

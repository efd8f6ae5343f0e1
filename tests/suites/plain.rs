//! The transport suite over the transport of the embedder's example: plain sockets and the loop of the core's
//! documentation. That it passes proves the border.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "transport.rs"]
mod suite;
#[path = "hostile.rs"]
mod hostile;

#[path = "../examples/plain_http.rs"]
mod plain_http;

mod transport {
    use std::thread;
    use std::time::SystemTime;

    use carto_auth_core::{Error, Flow, Step};

    use super::plain_http::send;

    pub(crate) fn ask<F: Flow>(mut step: Step<F>) -> Result<F::Output, Error> {
        loop {
            step = match step {
                Step::Done(output) => return Ok(output),
                Step::Sleep(duration, next) => {
                    thread::sleep(duration);
                    next.resume(SystemTime::now())?
                }
                Step::Send(out, next) => next.resume(send(&out), SystemTime::now())?,
            }
        }
    }
}

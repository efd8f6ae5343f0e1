//! What the test suites stand on: servers that misbehave to the byte, certificates, and a Python beside us.

mod scripted;
mod certificates;
mod chromium;
mod python;
mod processes;
mod ports;
#[cfg(unix)]
mod terminal;

pub use certificates::Certificates;
pub use chromium::Chromium;
pub use ports::free_port;
pub use processes::{Outcome, passes_alone, run};
pub use python::python_with_carto_auth;
pub use scripted::{Reply, Scripted, http};
#[cfg(unix)]
pub use terminal::Terminal;

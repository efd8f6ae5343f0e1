//! What the test suites stand on: servers that misbehave to the byte, certificates, and a Python beside us.

#[cfg(doctest)]
mod book;
mod conformance;
mod figures;
mod files;
mod replies;
mod hostile;
mod at_once;
mod canaries;
pub mod planted;
mod logbook;
mod transcripts;
mod tunnel;
mod words;
mod scripted;
mod certificates;
mod clock;
mod chromium;
mod python;
mod python_scene;
mod processes;
mod dialogue;
mod ports;
#[cfg(unix)]
mod terminal;

pub use at_once::at_once;
pub use canaries::{Canaries, Form, Hit};
pub use certificates::{Certificates, Flaw};
pub use chromium::Chromium;
pub use clock::Clock;
pub use conformance::{Scenario, note};
pub use dialogue::{ANSWER, Dialogue};
pub use figures::keep_figures;
pub use files::{change_record, end_token, token_files, write_long_ago};
pub use hostile::{Asked, Asks, Hostile, try_redirects};
pub use logbook::Logbook;
pub use ports::{FreePort, free_port};
#[cfg(unix)]
pub use processes::run_within;
pub use processes::{Outcome, bare, behind, passes_alone, run};
pub use python::python_with_carto_auth;
pub use python_scene::{python_peer, python_scene, token_number};
pub use replies::{HOSTILE_REFUSAL, NO_HTTP, STRANGE_BODIES};
pub use scripted::{Reply, Scripted, http};
#[cfg(unix)]
pub use terminal::Terminal;
pub use transcripts::{is_like, transcripts};
pub use tunnel::Tunnel;
pub use words::unfit_words;

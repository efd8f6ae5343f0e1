//! The command line as scripts and people meet it: real processes, a real CARTO on loopback, real files.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "cli/world.rs"]
mod world;
#[path = "cli/answers.rs"]
mod answers;
#[path = "cli/credentials.rs"]
mod credentials;
#[path = "cli/replies.rs"]
mod replies;
#[path = "cli/conformance.rs"]
mod conformance;
#[path = "cli/cache.rs"]
mod cache;
#[path = "cli/env.rs"]
mod env;
#[path = "cli/dw.rs"]
mod dw;
#[path = "cli/completions.rs"]
mod completions;
#[path = "cli/other_tools.rs"]
mod other_tools;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/doctor_settings.rs"]
mod doctor_settings;
#[path = "cli/login.rs"]
mod login;
#[path = "cli/pending.rs"]
mod pending;
#[path = "cli/sessions.rs"]
mod sessions;
#[cfg(target_os = "linux")]
#[path = "cli/canaries.rs"]
mod canaries;
#[path = "cli/processes.rs"]
mod processes;
#[path = "cli/python_defects.rs"]
mod python_defects;

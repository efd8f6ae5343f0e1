//! The token files while the system fails: every call on them refused, the process killed at each, disks full, folders
//! read-only, strangers' files. And the callback's port, where the system lets nobody listen. What is asserted of the files is `docs/cache-format.md`: the old file or the new one, never another.
//!
//! By default every call fails in one way and dies once; `CARTO_AUTH_TORTURE=full` tries every way.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "cli/world.rs"]
#[expect(dead_code, reason = "the rest is for the other suite")]
mod world;
#[path = "faults/tally.rs"]
mod tally;
#[path = "faults/errnos.rs"]
mod errnos;
#[path = "faults/strace.rs"]
mod strace;
#[path = "faults/scene.rs"]
mod scene;
#[path = "faults/verdict.rs"]
mod verdict;
#[path = "faults/sweep.rs"]
mod sweep;
#[path = "faults/cached.rs"]
mod cached;
#[path = "faults/places.rs"]
mod places;
#[path = "faults/callback_port.rs"]
mod callback_port;

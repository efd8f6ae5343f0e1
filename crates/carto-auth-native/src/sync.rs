//! What [`flight`](crate::flight) waits with. `tests/suites/flight_model.rs` compiles that file with other ones, whose
//! every order of events it tries.

pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

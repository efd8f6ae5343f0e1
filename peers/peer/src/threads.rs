//! Libraries that block.

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::Instant;

use crate::asked::Asked;
use crate::{Result, ended};

/// A library, and what it knows so far.
pub trait Source: Sync {
    /// Its token.
    type Token;

    /// A token that is good.
    ///
    /// # Errors
    /// The library's.
    fn token(&self) -> Result<Self::Token>;

    /// What is sent.
    fn text(token: &Self::Token) -> &str;
}

/// Does what the arguments say with the source that is made for a URL and the CA to trust.
pub fn run<S: Source>(make: impl FnOnce(&str, Option<&Path>) -> Result<S>) -> ExitCode {
    ended(Asked::by_arguments().and_then(|asked| obey(asked, make)))
}

fn obey<S: Source>(asked: Asked, make: impl FnOnce(&str, Option<&Path>) -> Result<S>) -> Result<()> {
    match asked {
        Asked::Fetch { url, ca } => println!("{}", S::text(&make(&url, ca.as_deref())?.token()?)),
        Asked::Hold { url, times, threads } => {
            let source = make(&url, None)?;
            let first = S::text(&source.token()?).len();
            on_each(threads, || {
                for _ in 0..times {
                    black_box(S::text(&source.token()?));
                }
                Ok(())
            })?;
            println!("{first}");
        }
        Asked::Herd { url, askers } => {
            let source = make(&url, None)?;
            // The clock starts when all of them stand ready.
            let begun = OnceLock::new();
            on_each(askers, || {
                begun.get_or_init(Instant::now);
                source.token().map(drop)
            })?;
            println!(
                "{:.3}",
                begun
                    .get()
                    .map_or(0.0, |begun| begun.elapsed().as_secs_f64() * 1e3)
            );
        }
    }
    Ok(())
}

/// Does the same on so many threads, which are started one after the other, and begin together.
pub(crate) fn on_each(threads: usize, work: impl Fn() -> Result<()> + Sync) -> Result<()> {
    let ready = Barrier::new(threads);
    let work = || {
        ready.wait();
        work()
    };
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        started
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}

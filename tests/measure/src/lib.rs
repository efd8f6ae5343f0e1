//! What the benchmarks of the crates have in common: operations that are timed by divan (`cargo bench`), and counted by
//! whoever starts the benchmark as `BENCHMARK --times N OPERATION`.
//!
//! Counting is for the tools that look at a whole process (callgrind, memcheck, the processor time that the system tells):
//! the difference between N and 2 N times is what N times cost, without the start of the program.

use std::process::ExitCode;

use divan::Bencher;
use divan::counter::ItemsCount;

/// Does something as many times as it is told.
pub type Run = Box<dyn Fn(u64) + Send + Sync>;

/// What is measured, by its name, and how it is prepared.
pub type Operation = (&'static str, fn() -> Run);

/// Does what the command line says: counting as above, timing with divan's own arguments otherwise.
#[must_use]
pub fn main(operations: &[Operation]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--times", times, name] => repeat(operations, name, times),
        _ => {
            divan::main();
            Some(())
        }
    }
    .map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

/// One benchmark of divan: a thousand times count as one round.
pub fn time(bencher: Bencher<'_, '_>, operations: &[Operation], name: &str) {
    if let Some(run) = prepared(operations, name) {
        bencher.counter(ItemsCount::new(1000_u32)).bench(|| run(1000));
    }
}

fn prepared(operations: &[Operation], name: &str) -> Option<Run> {
    let (_, prepare) = operations.iter().find(|(known, _)| *known == name)?;
    Some(prepare())
}

fn repeat(operations: &[Operation], name: &str, times: &str) -> Option<()> {
    let run = prepared(operations, name)?;
    run(times.parse().ok()?);
    Some(())
}

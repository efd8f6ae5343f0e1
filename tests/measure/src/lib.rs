//! What the benchmarks of the crates have in common: operations that are timed by divan (`cargo bench`), and counted by
//! whoever starts the benchmark as `BENCHMARK --times N OPERATION [THREADS]` or `BENCHMARK --allocations OPERATION`.
//!
//! Counting is for the tools that look at a whole process (callgrind, the processor time that the system tells): the
//! difference between N and 2 N times is what N times cost, without the start of the program.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::thread;

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
        ["--times", times, name] => repeat(operations, name, times, "1"),
        ["--times", times, name, threads] => repeat(operations, name, times, threads),
        ["--allocations", name] => allocations(operations, name),
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

fn repeat(operations: &[Operation], name: &str, times: &str, threads: &str) -> Option<()> {
    let run = prepared(operations, name)?;
    let (times, threads): (u64, usize) = (times.parse().ok()?, threads.parse().ok()?);
    // What is made at the first time is not counted.
    run(1);
    if threads == 1 {
        run(times);
    } else {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| run(times));
            }
        });
    }
    Some(())
}

fn allocations(operations: &[Operation], name: &str) -> Option<()> {
    let run = prepared(operations, name)?;
    run(1);
    let counted = allocation_counter::measure(|| run(1));
    writeln!(io::stdout(), "{}", counted.count_total).ok()
}

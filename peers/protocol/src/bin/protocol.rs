//! `protocol OPERATION TIMES [THREADS]` does something so many times over, on each of so many threads.

use std::sync::Barrier;
use std::{env, thread};

use protocol::{Result, operation};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, times, threads) = match arguments[..] {
        [name, times] => (name, times, 1),
        [name, times, threads] => (name, times, threads.parse()?),
        _ => return Err("usage: protocol OPERATION TIMES [THREADS]".into()),
    };
    let (operation, times) = (operation(name)?, times.parse::<u64>()?);
    if threads == 1 {
        return operation(times);
    }
    // They are started one after the other, and begin together.
    let ready = Barrier::new(threads);
    let repeat = || {
        ready.wait();
        operation(times)
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(repeat)).collect();
        all.into_iter()
            .try_for_each(|one| one.join().map_err(|_| "a thread panicked")?)
    })
}

//! How things are measured: whole processes that run in turn, instructions by callgrind, single calls as the difference of
//! two processes.

use std::env;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

/// What one run of a process cost.
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// What the runs of a process cost.
#[derive(Default)]
pub(crate) struct Costs(Vec<Cost>);

impl Costs {
    /// Milliseconds, the least and the median.
    pub(crate) fn wall(&self) -> Spread {
        Spread::of(self.0.iter().map(|cost| cost.wall.as_secs_f64() * 1e3))
    }

    /// Milliseconds of processor time, the least and the median.
    pub(crate) fn cpu(&self) -> Spread {
        Spread::of(self.0.iter().map(|cost| cost.cpu.as_secs_f64() * 1e3))
    }

    /// The nanoseconds of processor time that each of so many calls took. The least is how much longer the shortest run was
    /// than the shortest of another process: noise in a run that is subtracted must not count as speed. The median is of the
    /// rounds.
    pub(crate) fn per_call(&self, without: &Self, calls: f64) -> Spread {
        let nanoseconds = |cost: &Cost| cost.cpu.as_secs_f64() * 1e9;
        let rounds = self.0.iter().zip(&without.0);
        let of_rounds =
            Spread::of(rounds.map(|(with, without)| (nanoseconds(with) - nanoseconds(without)) / calls));
        let least = (self.cpu().least - without.cpu().least) * 1e6 / calls;
        Spread {
            least: least.min(of_rounds.median),
            ..of_rounds
        }
    }
}

/// The least and the median of several figures.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
}

impl Spread {
    pub(crate) fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.collect();
        figures.sort_by(f64::total_cmp);
        Self {
            least: figures.first().copied().unwrap_or(f64::NAN),
            median: figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN),
        }
    }
}

/// Runs a process to its end, without input. What it prints is dropped.
pub(crate) fn run(command: &mut Command) -> io::Result<Cost> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        io::Read::read_to_string(stderr, &mut said)?;
    }
    let ended = child.wait4()?;
    let wall = begun.elapsed();
    if !ended.status.success() {
        return Err(failed(command, &said));
    }
    Ok(Cost {
        wall,
        cpu: ended.rusage.utime + ended.rusage.stime,
    })
}

/// Runs each of several processes so many times, in turn, so that what else the machine does meets all of them. Before each
/// counted run goes one that is not: what the program before it has left of caches is nobody's merit.
pub(crate) fn in_turn(rounds: usize, commands: &mut [Command]) -> io::Result<Vec<Costs>> {
    let mut costs: Vec<Costs> = commands.iter().map(|_| Costs::default()).collect();
    for _ in 0..rounds {
        for (command, costs) in commands.iter_mut().zip(&mut costs) {
            run(command)?;
            costs.0.push(run(command)?);
        }
    }
    Ok(costs)
}

/// The instructions of a process in user space, by callgrind: the same for the same program, input and environment.
pub(crate) fn instructions(command: &Command) -> io::Result<u64> {
    let callgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    counted(command, &callgrind, "Collected : ")
}

/// The number that valgrind says after these words, of a process that it has looked at.
fn counted(command: &Command, arguments: &[&str], words: &str) -> io::Result<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(arguments);
    // The linker and the C library look at the environment: what cargo has put there must not count.
    let output = behind(valgrind, command).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let number = said.lines().find_map(|line| {
        let (_, rest) = line.split_once(words)?;
        rest.split_whitespace().next()?.replace(',', "").parse().ok()
    });
    match number {
        Some(number) if output.status.success() => Ok(number),
        _ => Err(failed(command, &said)),
    }
}

/// The resident memory of a process at its most, in MiB, as the program `peak` sees it.
#[expect(clippy::cast_precision_loss, reason = "less than 2^52 KiB")]
pub(crate) fn mebibytes(peak: &Path, command: &Command) -> io::Result<f64> {
    let output = behind(Command::new(peak), command).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    match said.lines().last().map(str::parse::<u64>) {
        Some(Ok(kibibytes)) if output.status.success() => Ok(kibibytes as f64 / 1024.0),
        _ => Err(failed(command, &said)),
    }
}

/// A command that is started by another program, with its own variables and no others.
fn behind(mut front: Command, command: &Command) -> Command {
    front.arg(command.get_program()).args(command.get_args());
    front.env_clear();
    front.env("PATH", env::var_os("PATH").unwrap_or_default());
    front.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    front.stdin(Stdio::null());
    front
}

/// The instructions of one call, from a process that is told how many to make.
pub(crate) fn instructions_per_call(times: u64, command: impl Fn(u64) -> Command) -> io::Result<u64> {
    let (few, many) = (instructions(&command(times))?, instructions(&command(2 * times))?);
    Ok(many.saturating_sub(few) / times)
}

/// How often a process allocates, by memcheck. To have more room is to allocate again.
fn allocations(command: &Command) -> io::Result<u64> {
    let memcheck = ["--leak-check=no", "--undef-value-errors=no"];
    counted(command, &memcheck, "total heap usage: ")
}

/// The allocations of one call, from a process that is told how many to make.
pub(crate) fn allocations_per_call(command: impl Fn(u64) -> Command) -> io::Result<u64> {
    const TIMES: u64 = 200;
    let (few, many) = (allocations(&command(TIMES))?, allocations(&command(2 * TIMES))?);
    // One in every second call is more than none.
    Ok(many.saturating_sub(few).div_ceil(TIMES))
}

/// The number that a process prints.
pub(crate) fn printed(command: &mut Command) -> io::Result<f64> {
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim().parse() {
        Ok(number) if output.status.success() => Ok(number),
        _ => Err(failed(command, &String::from_utf8_lossy(&output.stderr))),
    }
}

fn failed(command: &Command, said: &str) -> io::Error {
    let _ = io::stdout().flush();
    io::Error::other(format!("{} failed:\n{said}", command.get_program().display()))
}

//! Single calls: asking for a token that is valid, and the parts of the protocol.

use std::io;
use std::process::Command;

use crate::bench::programs::{Programs, Scheme};
use crate::bench::{Table, count, figures, shown};
use crate::budgets::{allocations, benchmark, call};
use crate::measure::{Spread, in_turn, instructions_per_call, printed};

const ROUNDS: usize = 5;
/// How many calls are made, so that they take much longer than the start of the process: of what takes 10 ns, and of what
/// takes more.
const MANY: u64 = 16_000_000;
const SOME: u64 = 500_000;
const THREADS: u32 = 64;
/// How many are counted, so that a start that is never twice the same does not show.
const COUNTED: u64 = 20_000;

/// `access_token()` while the token is valid.
pub(super) fn valid_token(programs: &Programs) -> io::Result<String> {
    let server = programs.server(Scheme::Http, 0)?;
    let mut table = Table::new(
        "### Ask for a token that is valid, in process",
        "One call, by the processor time of many: on one thread, and on 64 threads at once.",
        &[
            "library",
            "CPU ns, min / median",
            "CPU ns at 64 threads, min / median",
            "instructions",
        ],
    );
    for peer in programs.peers() {
        let times = if peer.is_ours { MANY } else { SOME };
        let hold = |times: u64, threads: u32| {
            let mut command = programs.peer(peer);
            command.arg("hold").arg(&server.url);
            command.args([times.to_string(), threads.to_string()]);
            command
        };
        table.row(&[
            peer.name.to_owned(),
            shown(nanoseconds(times, 1, |times| hold(times, 1))?),
            shown(nanoseconds(times / u64::from(THREADS), THREADS, |times| {
                hold(times, THREADS)
            })?),
            count(instructions_per_call(COUNTED, |times| hold(times, 1))?),
        ])?;
    }
    let floor = |times: u64, threads: u32| {
        let mut command = programs.program("protocol");
        command.args(["floor-valid-token", &times.to_string(), &threads.to_string()]);
        command
    };
    table.row(&[
        "the least: arc-swap, a coarse clock, an `Arc`'s clone".to_owned(),
        shown(nanoseconds(MANY, 1, |times| floor(times, 1))?),
        shown(nanoseconds(MANY / u64::from(THREADS), THREADS, |times| {
            floor(times, THREADS)
        })?),
        count(instructions_per_call(COUNTED, |times| floor(times, 1))?),
    ])?;
    Ok(table.text)
}

/// What a login and a token request cost besides the network, and a token file.
pub(super) fn protocol(programs: &Programs) -> io::Result<String> {
    let mut table = Table::new(
        "### The protocol and the token file",
        "One operation, without any network. The randomness of the system is part of an authorize URL.",
        &["operation", "CPU ns, min / median", "instructions", "allocations"],
    );
    let native = benchmark(&programs.benchmarks, "native")?;
    for (name, operation) in [
        ("**authorize URL**", "authorize_url"),
        (
            "**token request and reply, opaque token**",
            "token_exchange_opaque",
        ),
        ("**token request and reply, JWT**", "token_exchange_jwt"),
        ("**token file, read**", "cache_decode"),
        ("**token file, written**", "cache_encode"),
        ("**callback of a browser, read**", "callback"),
    ] {
        table.row(&[
            name.to_owned(),
            shown(nanoseconds(SOME, 1, |times| call(native, operation, times, 1))?),
            count(instructions_per_call(COUNTED, |times| {
                call(native, operation, times, 1)
            })?),
            count(allocations(native, operation)?),
        ])?;
    }
    for (name, operation) in [
        ("authorize URL, oauth2", "oauth2-authorize-url"),
        ("authorize URL, by hand", "floor-authorize-url"),
        ("token request and reply, oauth2", "oauth2-token-exchange"),
        ("token reply alone, oauth2", "oauth2-token-reply"),
        ("token reply alone, by hand", "floor-token-reply"),
    ] {
        let repeat = |times: u64| {
            let mut command = programs.program("protocol");
            command.args([operation, &times.to_string()]);
            command
        };
        let allocated = printed(programs.program("allocations").arg(operation))?;
        table.row(&[
            name.to_owned(),
            shown(nanoseconds(SOME, 1, repeat)?),
            count(instructions_per_call(COUNTED, repeat)?),
            figures(allocated),
        ])?;
    }
    Ok(table.text)
}

/// The processor time of one call: that of a process that makes so many on each thread, less that of one that makes none.
#[expect(clippy::cast_precision_loss, reason = "less than 2^52 calls")]
fn nanoseconds(times: u64, threads: u32, command: impl Fn(u64) -> Command) -> io::Result<Spread> {
    let costs = in_turn(ROUNDS, &mut [command(0), command(times)])?;
    let [start, all] = &costs[..] else {
        return Err(io::Error::other("two programs have two costs"));
    };
    let (start, calls) = (start.cpu(), times as f64 * f64::from(threads));
    let each = |all: f64, start: f64| (all - start) * 1e6 / calls;
    Ok(Spread {
        least: each(all.cpu().least, start.least),
        median: each(all.cpu().median, start.median),
    })
}

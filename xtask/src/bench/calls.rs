//! Single calls: asking for a token that is valid, and the parts of the protocol.

use std::io;
use std::process::Command;

use crate::bench::programs::{PEERS, Programs, Scheme};
use crate::bench::{Table, count, shown};
use crate::budgets::{benchmark, call};
use crate::measure::{Spread, allocations_per_call, in_turn, instructions_per_call};

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
            "allocations",
        ],
    );
    for peer in &PEERS {
        let times = if peer.is_ours { MANY } else { SOME };
        let hold = |times: u64, threads: u32| {
            let mut command = programs.peer(peer);
            command.arg("hold").arg(&server.url);
            command.args([times.to_string(), threads.to_string()]);
            command
        };
        let one_thread = |times| hold(times, 1);
        table.row(&[
            peer.with_its_keeper(),
            shown(nanoseconds(times, 1, one_thread)?),
            shown(nanoseconds(times / u64::from(THREADS), THREADS, |times| {
                hold(times, THREADS)
            })?),
            count(instructions_per_call(COUNTED, one_thread)?),
            // Python has its own allocator.
            match peer.keeps_tokens() {
                true => "–".to_owned(),
                false => count(allocations_per_call(one_thread)?),
            },
        ])?;
    }
    let floor = |times: u64, threads: u32| {
        let mut command = programs.program("protocol");
        command.args(["floor-valid-token", &times.to_string(), &threads.to_string()]);
        command
    };
    let one_thread = |times| floor(times, 1);
    table.row(&[
        "the parts alone: arc-swap, a coarse clock, an `Arc`'s clone".to_owned(),
        shown(nanoseconds(MANY, 1, one_thread)?),
        shown(nanoseconds(MANY / u64::from(THREADS), THREADS, |times| {
            floor(times, THREADS)
        })?),
        count(instructions_per_call(COUNTED, one_thread)?),
        count(allocations_per_call(one_thread)?),
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
        ("**token request and reply, opaque token**", EXCHANGE),
        ("**token request and reply, JWT**", "token_exchange_jwt"),
        ("**token file, read**", "cache_decode"),
        ("**token file, written**", "cache_encode"),
        ("**callback of a browser, read**", "callback"),
    ] {
        table.row(&operation_row(name, |times| call(native, operation, times))?)?;
    }
    // Without a request nobody has what takes the reply.
    let (request, exchange) = (
        |times| call(native, "token_request", times),
        |times| call(native, EXCHANGE, times),
    );
    table.row(&[
        "**token reply alone, opaque token** (what it takes beyond the request)".to_owned(),
        shown(per_call(SOME, 1, request(SOME), exchange(SOME))?),
        count(instructions_per_call(COUNTED, exchange)? - instructions_per_call(COUNTED, request)?),
        count(allocations_per_call(exchange)? - allocations_per_call(request)?),
    ])?;
    for (name, operation) in [
        ("authorize URL, oauth2", "oauth2-authorize-url"),
        ("authorize URL, by hand", "floor-authorize-url"),
        ("token request and reply, oauth2", "oauth2-token-exchange"),
        ("token reply alone, oauth2", "oauth2-token-reply"),
        ("token reply alone, by hand", "floor-token-reply"),
    ] {
        table.row(&operation_row(name, |times| {
            let mut command = programs.program("protocol");
            command.args([operation, &times.to_string()]);
            command
        })?)?;
    }
    Ok(table.text)
}

const EXCHANGE: &str = "token_exchange_opaque";

fn operation_row(name: &str, repeat: impl Fn(u64) -> Command) -> io::Result<[String; 4]> {
    Ok([
        name.to_owned(),
        shown(nanoseconds(SOME, 1, &repeat)?),
        count(instructions_per_call(COUNTED, &repeat)?),
        count(allocations_per_call(&repeat)?),
    ])
}

/// The processor time of one call: that of a process that makes so many on each thread, less that of one that makes none.
fn nanoseconds(times: u64, threads: u32, command: impl Fn(u64) -> Command) -> io::Result<Spread> {
    per_call(times, threads, command(0), command(times))
}

/// The processor time of what one process does so often on each thread beyond what another does.
#[expect(clippy::cast_precision_loss, reason = "less than 2^52 calls")]
fn per_call(times: u64, threads: u32, without: Command, with: Command) -> io::Result<Spread> {
    let costs = in_turn(ROUNDS, &mut [without, with])?;
    let [without, with] = &costs[..] else {
        return Err(io::Error::other("two programs have two costs"));
    };
    Ok(with.per_call(without, times as f64 * f64::from(threads)))
}

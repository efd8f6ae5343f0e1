//! Python and our command line hammer one token file at once. `CARTO_AUTH_HAMMER_SECONDS` says for how long in each of three
//! rounds; what was counted is kept in `target/tmp/interop/hammer` for `cargo xtask interop`.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use carto_auth_core::Claims;
use carto_auth_sandbox::{Endpoint, Sandbox};
use carto_auth_tests::{Dialogue, Outcome, bare, python_peer, run};

/// Processes of each kind at once.
const PROCESSES: usize = 3;

/// Tokens end so soon: everybody renews all the time.
const LIFE: Duration = Duration::from_secs(2);

#[derive(Default, Debug)]
struct Round {
    python_starts: usize,
    /// By the name of the exception.
    python_crashes: BTreeMap<String, usize>,
    our_starts: usize,
    our_errors: Vec<Outcome>,
    /// Starts of ours that found the file unusable, and said so.
    our_warnings: usize,
    token_requests: usize,
}

/// Who takes part.
#[derive(Clone, Copy)]
enum Pythons {
    /// All at once: they may read what another of them is writing.
    AtOnce,
    /// Never two at once: what goes wrong is not their own doing.
    OneAtATime,
}

#[test]
fn nobody_fails_because_of_us() {
    let seconds = std::env::var("CARTO_AUTH_HAMMER_SECONDS").map_or(3, |seconds| seconds.parse().unwrap());
    let time = Duration::from_secs(seconds);
    let alone = round(time, Pythons::AtOnce, 0);
    let in_turn = round(time, Pythons::OneAtATime, PROCESSES);
    let together = round(time, Pythons::AtOnce, PROCESSES);
    keep(&[
        ("Python alone", &alone),
        ("Python, one at a time, beside ours", &in_turn),
        ("Python and ours", &together),
    ]);
    assert!(in_turn.python_crashes.is_empty(), "we broke Python: {in_turn:?}");
    for beside in [&in_turn, &together] {
        assert!(beside.our_errors.is_empty(), "{beside:?}");
        assert!(beside.our_starts > 0 && beside.python_starts > 0, "{beside:?}");
    }
}

fn round(time: Duration, pythons: Pythons, ours: usize) -> Round {
    let (carto, home) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
    carto.set_token_lifetime(LIFE);
    let file = home.path().join("ci.json");
    fs::write(&file, carto.credentials_json()).unwrap();
    let (round, turn) = (Mutex::new(Round::default()), Mutex::new(()));
    let end = Instant::now() + time;
    thread::scope(|scope| {
        for _ in 0..PROCESSES {
            scope.spawn(|| {
                let mut python =
                    Dialogue::start(&mut python_peer(&carto.url(), home.path()).unwrap()).unwrap();
                while Instant::now() < end {
                    let mine = matches!(pythons, Pythons::OneAtATime).then(|| turn.lock().unwrap());
                    let failures = python.ask(&["many", "20", file.to_str().unwrap()]).unwrap();
                    drop(mine);
                    let mut round = round.lock().unwrap();
                    round.python_starts += 20;
                    for failure in failures.split_whitespace() {
                        let (name, times) = failure.split_once('=').unwrap();
                        *round.python_crashes.entry(name.to_owned()).or_default() +=
                            times.parse::<usize>().unwrap();
                    }
                }
            });
        }
        for _ in 0..ours {
            scope.spawn(|| {
                while Instant::now() < end {
                    let started = SystemTime::now();
                    let outcome = start_ours(&carto, home.path());
                    let mut round = round.lock().unwrap();
                    round.our_starts += 1;
                    round.our_warnings += usize::from(!outcome.stderr.is_empty());
                    let claims = Claims::of(outcome.stdout.trim_end()).unwrap_or_default();
                    let is_alive = claims.expires_at > Some(started.into());
                    let is_ours = claims.authorized_party.as_deref() == Some(carto.client_id());
                    if outcome.code != Some(0) || !is_alive || !is_ours {
                        round.our_errors.push(outcome);
                    }
                }
            });
        }
    });
    let mut round = round.into_inner().unwrap();
    round.token_requests = carto.count(Endpoint::Token);
    round
}

fn start_ours(carto: &Sandbox, home: &Path) -> Outcome {
    let mut command = bare(env!("CARGO_BIN_EXE_carto-auth"));
    command
        .args(["token", "--credentials", "ci.json"])
        .current_dir(home)
        .env("HOME", home)
        .env("CARTO_AUTH_URL", carto.auth_url());
    run(&mut command, "").unwrap()
}

fn keep(rounds: &[(&str, &Round)]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop");
    let mut text = String::new();
    for (name, round) in rounds {
        let crashes: usize = round.python_crashes.values().sum();
        let Round {
            python_starts,
            our_starts,
            our_warnings,
            token_requests,
            ..
        } = round;
        let our_errors = round.our_errors.len();
        writeln!(
            text,
            "{name}\t{python_starts}\t{crashes}\t{our_starts}\t{our_errors}\t{our_warnings}\t{token_requests}"
        )
        .unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("hammer"), text).unwrap();
}

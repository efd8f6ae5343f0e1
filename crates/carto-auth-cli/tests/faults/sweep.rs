//! Every call on the token files fails, and the process dies at each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::errnos::{errnos, is_made_again};
use crate::scene::{Scene, Stage};
use crate::strace::{Blow, Call, obstacle, record, strike};
use crate::tally;
use crate::verdict::{after_error, after_kill, in_order_again};

/// The variable that has every call fail in every way.
const TORTURE: &str = "CARTO_AUTH_TORTURE";

/// The calls of a scene, without any fault.
fn calls(scene: Scene) -> Option<Vec<Call>> {
    if let Some(why) = obstacle() {
        tally::skip(&format!("the faults of {scene:?}"), why);
        return None;
    }
    let stage = scene.set();
    let (outcome, calls) = record(&stage.command(), &stage.folder());
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(calls.len() >= 3, "{} calls", calls.len());
    Some(calls)
}

fn fail(scene: Scene) {
    let is_full = std::env::var_os(TORTURE).is_some_and(|value| value == "full");
    let blows = |number: usize, call: &Call| {
        let mut ways = errnos(&call.name, &call.line).to_vec();
        // A file that is there is not absent, and who logs out believes that it is.
        ways.retain(|way| scene != Scene::Logout || *way != "ENOENT");
        if !is_full {
            // Another one at each call.
            ways = vec![ways[number % ways.len()]];
        }
        ways.into_iter().map(Blow::Error).collect()
    };
    strike_each(scene, blows);
}

fn kill(scene: Scene) {
    strike_each(scene, |_, _| vec![Blow::Kill]);
}

/// Most of the time goes into waiting for the disk, so that several may wait at once.
const WORKERS: usize = 3;

/// Strikes at each call of the scene, each time anew, and tells all that went wrong.
fn strike_each(scene: Scene, blows: impl Fn(usize, &Call) -> Vec<Blow>) {
    let calls = calls(scene).unwrap_or_default();
    let of = |(number, call)| blows(number, call).into_iter().map(move |blow| (call, blow));
    let cases: Vec<_> = calls.iter().enumerate().flat_map(of).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(String::new()));
    let work = || {
        while let Some((call, blow)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let stage = scene.set();
            let judged = catch_unwind(AssertUnwindSafe(|| judge(&stage, call, *blow)));
            if let Err(panic) = judged {
                let words = panic.downcast_ref::<String>().map_or("", String::as_str);
                let line = format!("{scene:?}, {blow:?} at {call}\n    {words}\n");
                wrong.lock().unwrap().push_str(&line);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{wrong}");
}

fn judge(stage: &Stage, call: &Call, blow: Blow) {
    let asked = stage.world.asked();
    let outcome = strike(&stage.command(), &stage.folder(), call, blow);
    match blow {
        Blow::Error(errno) => {
            tally::count(tally::FAULTS, 1);
            after_error(stage, &outcome, asked);
            if errno == "EINTR" && is_made_again(&call.name, &call.line) {
                let is_kept = stage.scene == Scene::Logout
                    || stage.kept().as_deref() == Some(outcome.stdout.trim_end());
                assert!(
                    is_kept && !outcome.stderr.contains("warning: "),
                    "it is not made again: {outcome:?}"
                );
            }
        }
        Blow::Kill => {
            tally::count(tally::KILLS, 1);
            after_kill(stage, &outcome);
        }
    }
    in_order_again(stage, asked);
}

#[test]
fn a_first_token_is_delivered_whatever_call_on_its_files_fails() {
    fail(Scene::Fresh);
}

#[test]
fn an_ended_token_is_replaced_whatever_call_on_its_files_fails() {
    fail(Scene::Ended);
}

#[test]
fn a_good_token_is_found_whatever_call_on_its_files_fails() {
    fail(Scene::Good);
}

#[test]
fn a_refresh_token_is_not_spent_for_nothing_whatever_call_on_its_files_fails() {
    fail(Scene::Person);
}

#[test]
fn a_logout_removes_or_names_each_file_whatever_call_on_them_fails() {
    fail(Scene::Logout);
}

#[test]
fn who_is_killed_over_a_first_token_leaves_none_or_a_whole_one() {
    kill(Scene::Fresh);
}

#[test]
fn who_is_killed_over_an_ended_token_leaves_the_old_one_or_a_whole_new_one() {
    kill(Scene::Ended);
}

#[test]
fn who_is_killed_over_a_good_token_leaves_it() {
    kill(Scene::Good);
}

#[test]
fn who_is_killed_over_a_persons_token_leaves_the_old_one_or_a_whole_new_one() {
    kill(Scene::Person);
}

#[test]
fn who_is_killed_over_a_logout_leaves_what_the_next_one_removes() {
    kill(Scene::Logout);
}

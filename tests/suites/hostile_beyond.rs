//! The hostile replies that it takes a whole HTTP client to read.

use std::time::{Duration, Instant};

use carto_auth_tests::{Asked, Hostile, Scripted, hostile_tests, scenario};

use super::hostile::{Transport, outcome};

hostile_tests!(Transport::new(), of HTTP);

/// How much of it a client skips is its own matter, so that nothing is noted here.
#[test]
fn a_reply_that_never_comes_to_the_point_is_given_up() {
    let _scenario = scenario!();
    for (name, reply) in Hostile::preludes() {
        let server = Scripted::http(vec![reply]).unwrap();
        let start = Instant::now();
        let outcome = outcome(Asked::Machine, &server.url(), Some(Duration::from_millis(300)));
        assert!(outcome.is_err(), "{name}: {outcome:?}");
        // hyper looks at the clock after some megabytes only.
        let took = start.elapsed();
        assert!(took < Duration::from_secs(15), "{name}: {took:?}");
    }
}

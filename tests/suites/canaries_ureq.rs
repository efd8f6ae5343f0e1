//! The canaries over the blocking front end.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "canaries.rs"]
mod suite;
#[path = "person.rs"]
#[expect(dead_code, reason = "the login suite needs the rest")]
mod person;

mod front_end {
    pub(crate) use carto_auth_ureq::*;
}

mod transport {
    use std::thread;

    use carto_auth_ureq::{CartoAuth, Endpoints, M2mCredentials};
    use ureq::config::Config;
    use ureq::http::Uri;
    use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
    use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
    use ureq::{Agent, Error};

    #[derive(Debug)]
    struct Panics;

    impl Resolver for Panics {
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
            panic!("a resolver that panics")
        }
    }

    pub(crate) fn panic_while_asking(machine: M2mCredentials, endpoints: Endpoints) {
        let config = Agent::config_builder().proxy(None).build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), Panics);
        let auth = CartoAuth::m2m(machine)
            .endpoints(endpoints)
            .without_cache()
            .agent(agent);
        let asking = thread::spawn(move || auth.build().access_token());
        assert!(asking.join().is_err(), "it has panicked");
    }
}

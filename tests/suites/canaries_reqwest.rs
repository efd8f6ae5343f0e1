//! The canaries over the async front end.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "canaries.rs"]
mod suite;
#[path = "person.rs"]
#[expect(dead_code, reason = "the login suite needs the rest")]
mod person;

#[path = "reqwest_front_end.rs"]
#[expect(dead_code, unused_imports, reason = "the other suites need the rest")]
mod front_end;

mod transport {
    use std::sync::Arc;
    use std::thread;

    use carto_auth_reqwest::{CartoAuth, Endpoints, M2mCredentials};
    use reqwest::Client;
    use reqwest::dns::{Name, Resolve, Resolving};
    use reqwest::redirect::Policy;
    use rustls::{ClientConfig, RootCertStore};
    use tokio::runtime::Builder;

    struct Panics;

    impl Resolve for Panics {
        fn resolve(&self, _: Name) -> Resolving {
            panic!("a resolver that panics")
        }
    }

    pub(crate) fn panic_while_asking(machine: M2mCredentials, endpoints: Endpoints) {
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let client = Client::builder().tls_backend_preconfigured(tls).no_proxy();
        let client = client
            .redirect(Policy::none())
            .dns_resolver(Panics)
            .build()
            .unwrap();
        let auth = CartoAuth::m2m(machine)
            .endpoints(endpoints)
            .without_cache()
            .client(client);
        let asking = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(auth.build().access_token())
        });
        // A task that panics is an error of whoever waits for it, or takes them along.
        let ended = asking.join();
        assert!(!matches!(ended, Ok(Ok(_))), "there is no token");
    }
}

//! What only the async front end must do: many tasks, dropped futures, either kind of runtime.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::future::{Future as _, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use carto_auth_reqwest::{
    AccessToken, Cancelled, CartoAuth, Endpoints, Error, Identity, Ignored, LockedTokens, LoginInteraction,
    LoginOptions, LoginPrompt, M2mBuilder, M2mCredentials, MemoryStore, SendError, StoreError, TokenRecord,
    TokenStore, Way, default_client,
};
use carto_auth_sandbox::{Endpoint, Fault, Sandbox};
use carto_auth_tests::{Scripted, free_port, http, keep_figures};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn machine(carto: &Sandbox) -> CartoAuth {
    builder(carto).without_cache().build()
}

fn builder(carto: &Sandbox) -> M2mBuilder {
    let credentials =
        M2mCredentials::new(&carto.api_base_url(), carto.client_id(), carto.client_secret()).unwrap();
    CartoAuth::m2m(credentials).endpoints(Endpoints::carto().with_auth_url(&carto.auth_url()).unwrap())
}

/// A store that counts how often it is read without its lock.
#[derive(Clone, Default, Debug)]
struct Counting {
    store: MemoryStore,
    reads: Arc<AtomicUsize>,
}

impl TokenStore for Counting {
    fn load(&self, identity: &Identity) -> Option<TokenRecord> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.store.load(identity)
    }

    fn lock(&self, identity: &Identity, patience: Duration) -> Result<Box<dyn LockedTokens>, StoreError> {
        self.store.lock(identity, patience)
    }
}

#[test]
fn a_thousand_tasks_do_not_read_the_store_a_thousand_times_whatever_it_has() {
    let carto = Sandbox::start().unwrap();
    let store = Counting::default();
    let reads_of = |auth: &CartoAuth| {
        let before = store.reads.load(Ordering::Relaxed);
        let outcomes = multi_thread().block_on(async {
            let ask = || {
                let auth = auth.clone();
                tokio::spawn(async move { auth.access_token().await.is_ok() })
            };
            let mut outcomes = BTreeSet::new();
            for task in (0..1000).map(|_| ask()).collect::<Vec<_>>() {
                outcomes.insert(task.await.unwrap());
            }
            outcomes
        });
        (outcomes, store.reads.load(Ordering::Relaxed) - before)
    };
    let machine = || builder(&carto).store(store.clone()).build();
    for auth in [machine(), machine()] {
        let (outcomes, reads) = reads_of(&auth);
        assert_eq!(outcomes, BTreeSet::from([true]));
        // Most come while one looks, or while CARTO is asked; those who come in between begin another look.
        assert!(reads < 100, "{reads}");
        assert_eq!(carto.count(Endpoint::Token), 1);
    }
    let nobody = CartoAuth::oauth().store(store.clone()).build();
    assert_eq!(reads_of(&nobody).0, BTreeSet::from([false]));
}

#[test]
fn a_caller_who_is_not_polled_holds_up_nobody() {
    let carto = Sandbox::start().unwrap();
    carto.fail_next(Endpoint::Token, Fault::delay(Duration::from_millis(50)));
    for auth in [
        machine(&carto),
        CartoAuth::oauth().store(MemoryStore::default()).build(),
    ] {
        current_thread().block_on(async {
            let mut held: Vec<_> = (0..3).map(|_| Box::pin(auth.access_token())).collect();
            for one in &mut held {
                // Polled once, and then never again while others ask.
                let once = poll_fn(|context| Poll::Ready(one.as_mut().poll(context).is_ready()));
                let _ = once.await;
            }
            let other = timeout(Duration::from_secs(20), auth.access_token()).await;
            assert!(other.is_ok(), "it ends, with a token or without");
            drop(held);
        });
    }
}

#[test]
fn a_thousand_tasks_at_once_are_one_request_on_either_runtime() {
    let mut times = Vec::new();
    for (name, runtime) in [
        ("current thread", current_thread()),
        ("multi thread", multi_thread()),
    ] {
        let carto = Sandbox::start().unwrap();
        carto.fail_next(Endpoint::Token, Fault::delay(Duration::from_millis(50)));
        let auth = machine(&carto);
        let start = Instant::now();
        let tokens: Vec<AccessToken> = runtime.block_on(async {
            let tasks: Vec<_> = (0..1000)
                .map(|_| {
                    let auth = auth.clone();
                    tokio::spawn(async move { auth.access_token().await.unwrap() })
                })
                .collect();
            let mut tokens = Vec::new();
            for task in tasks {
                tokens.push(task.await.unwrap());
            }
            tokens
        });
        times.push(format!("{name}: {:?}", start.elapsed()));
        assert!(tokens.iter().all(|token| token.secret() == tokens[0].secret()));
        assert_eq!(carto.count(Endpoint::Token), 1);
    }
    let name = "1,000 tasks at once: 1 request at 50 ms; last served after";
    keep_figures("tasks", &[(name, &times.join(", "))]).unwrap();
}

#[test]
fn a_caller_who_is_dropped_takes_nothing_from_the_others() {
    let carto = Sandbox::start().unwrap();
    carto.fail_next(Endpoint::Token, Fault::delay(Duration::from_millis(300)));
    let auth = machine(&carto);
    current_thread().block_on(async {
        // The one who asked first gives up before the answer is there.
        let first = timeout(Duration::from_millis(20), auth.access_token()).await;
        assert!(first.is_err());
        assert!(auth.access_token().await.is_ok());
    });
    assert_eq!(carto.count(Endpoint::Token), 1);
}

#[test]
fn a_caller_of_the_warehouse_who_is_dropped_takes_nothing_from_the_others() {
    let carto = Sandbox::start().unwrap();
    carto.fail_next(Endpoint::Warehouse, Fault::delay(Duration::from_millis(300)));
    let auth = machine(&carto);
    current_thread().block_on(async {
        auth.access_token().await.unwrap();
        let first = timeout(Duration::from_millis(20), auth.carto_dw_credentials()).await;
        assert!(first.is_err());
        assert!(auth.carto_dw_credentials().await.is_ok());
    });
    assert_eq!(carto.count(Endpoint::Warehouse), 1);

    carto.fail_next(Endpoint::Warehouse, Fault::delay(Duration::from_secs(20)));
    let runtime = current_thread();
    runtime.block_on(async {
        let waiting = timeout(Duration::from_millis(20), auth.new_carto_dw_credentials()).await;
        assert!(waiting.is_err());
    });
    drop(runtime);
    let start = Instant::now();
    assert!(current_thread().block_on(auth.new_carto_dw_credentials()).is_ok());
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[test]
fn a_thousand_tasks_that_want_the_warehouse_are_one_request() {
    let carto = Sandbox::start().unwrap();
    carto.fail_next(Endpoint::Warehouse, Fault::delay(Duration::from_millis(50)));
    let auth = machine(&carto);
    multi_thread().block_on(async {
        let tasks: Vec<_> = (0..1000)
            .map(|_| {
                let auth = auth.clone();
                tokio::spawn(async move { auth.carto_dw_credentials().await.unwrap() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(
        (carto.count(Endpoint::Warehouse), carto.count(Endpoint::Token)),
        (1, 1)
    );
}

#[test]
fn a_runtime_that_ends_in_the_middle_leaves_no_lock_behind() {
    let (carto, folder) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
    carto.fail_next(Endpoint::Token, Fault::delay(Duration::from_secs(20)));
    let build = || {
        let credentials =
            M2mCredentials::new(&carto.api_base_url(), carto.client_id(), carto.client_secret()).unwrap();
        CartoAuth::m2m(credentials)
            .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url()).unwrap())
            .cache_file(folder.path().join("t.json"))
            .build()
    };
    let auth = build();
    let runtime = current_thread();
    runtime.block_on(async {
        let waiting = timeout(Duration::from_millis(200), auth.access_token()).await;
        assert!(waiting.is_err());
    });
    drop(runtime);
    let start = Instant::now();
    assert!(current_thread().block_on(build().access_token()).is_ok());
    assert!(
        current_thread().block_on(auth.access_token()).is_ok(),
        "nor a leader that is gone"
    );
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

struct Nobody;

impl LoginInteraction for Nobody {
    fn show(&self, _: &LoginPrompt<'_>) {}
    fn can_paste(&self) -> bool {
        false
    }
    fn read_pasted(&self, _: &Cancelled) -> Option<String> {
        None
    }
    fn refused(&self, _: Ignored) {}
}

#[test]
fn a_login_that_is_dropped_frees_its_port() {
    let (carto, port) = (Sandbox::start().unwrap(), free_port());
    let endpoints = Endpoints::carto()
        .with_auth_url(&carto.auth_url())
        .unwrap()
        .with_redirect_uri(&format!("http://localhost:{port}/callback/"))
        .unwrap();
    let auth = CartoAuth::oauth().endpoints(endpoints).without_cache().build();
    let options = LoginOptions::default().way(Way::Callback).interaction(Nobody);
    let runtime = current_thread();
    runtime.block_on(async {
        let dropped = timeout(Duration::from_millis(200), auth.log_in(&options)).await;
        assert!(dropped.is_err(), "nobody logs in");
    });
    // Waits for the threads that still have something to do.
    drop(runtime);
    assert!(std::net::TcpListener::bind(("127.0.0.1", port.number())).is_ok());
}

#[test]
fn a_request_that_is_answered_with_401_is_sent_once_more_with_another_token() {
    let carto = Sandbox::start().unwrap();
    let auth = machine(&carto);
    let api = |replies| Scripted::http(replies).unwrap();
    let client = || default_client().unwrap();
    let runtime = current_thread();
    runtime.block_on(async {
        let server = api(vec![http(401, &[], ""), http(200, &[], "done")]);
        let reply = auth.send(client().get(server.url())).await.unwrap();
        assert_eq!(reply.status(), 200);
        let sent = server.requests();
        let tokens: Vec<_> = sent
            .iter()
            .map(|text| text.split("authorization: Bearer ").nth(1).unwrap())
            .collect();
        assert_eq!(tokens.len(), 2);
        assert_ne!(tokens[0], tokens[1]);

        let server = api(vec![http(401, &[], "no")]);
        let reply = auth.send(client().post(server.url()).body("x")).await.unwrap();
        assert_eq!(reply.status(), 401, "not for ever");
        assert_eq!(server.requests().len(), 2);

        let given =
            CartoAuth::from_token("https://a.carto.com", carto_auth_core::Secret::new("given")).unwrap();
        let server = api(vec![http(401, &[], "the first answer")]);
        let reply = given.send(client().get(server.url())).await.unwrap();
        assert_eq!(
            reply.text().await.unwrap(),
            "the first answer",
            "where there is no other token"
        );
        let error = given.send(client().get(server.url())).await.unwrap_err();
        assert!(matches!(error, SendError::Token(Error::NotLoggedIn)), "{error}");
    });
}

/// Compiles only while every future is `Send`.
#[test]
fn the_futures_are_send() {
    fn is_send(_: impl Send) {}
    let auth = CartoAuth::from_token("https://a.carto.com", carto_auth_core::Secret::new("t")).unwrap();
    let (token, options) = (
        AccessToken::new(carto_auth_core::Secret::new("t"), None).unwrap(),
        LoginOptions::default(),
    );
    is_send(auth.access_token());
    is_send(auth.new_token());
    is_send(auth.api_base_url());
    is_send(auth.log_in(&options));
    is_send(auth.reject(&token));
    is_send(auth.verify(&token));
    is_send(auth.log_out());
    is_send(auth.carto_dw_credentials());
    is_send(auth.new_carto_dw_credentials());
    is_send(auth.send(default_client().unwrap().get("http://127.0.0.1:9")));
    is_send(CartoAuth::from_m2m("no-such-file"));
    is_send(CartoAuth::from_oauth());
}

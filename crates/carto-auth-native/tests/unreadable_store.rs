//! A store that cannot be read for a moment must not cost a login.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use carto_auth_core::{Endpoints, Freshness, Identity, Secret, Step, TokenGrant, TokenRecord, TokenRequest};
use carto_auth_native::{
    Forget, LockedTokens, MemoryStore, Next, SharedSession, StoreError, TokenStore, Urgency, jitter, now,
};

/// Keeps tokens in memory, and cannot be read while it is blind.
#[derive(Clone, Default, Debug)]
struct Blind {
    kept: MemoryStore,
    is_blind: Arc<AtomicBool>,
}

struct Locked(Blind, Box<dyn LockedTokens>);

impl TokenStore for Blind {
    fn load(&self, identity: &Identity) -> Option<TokenRecord> {
        let is_blind = self.is_blind.load(Ordering::Relaxed);
        self.kept.load(identity).filter(|_| !is_blind)
    }

    fn lock(&self, identity: &Identity, patience: Duration) -> Result<Box<dyn LockedTokens>, StoreError> {
        Ok(Box::new(Locked(
            self.clone(),
            self.kept.lock(identity, patience)?,
        )))
    }
}

impl LockedTokens for Locked {
    fn load(&mut self) -> Option<TokenRecord> {
        let is_blind = self.0.is_blind.load(Ordering::Relaxed);
        self.1.load().filter(|_| !is_blind)
    }

    fn save(&mut self, record: &TokenRecord) -> Result<(), StoreError> {
        self.1.save(record)
    }

    fn forget(&mut self, what: Forget<'_>) -> Result<Vec<PathBuf>, StoreError> {
        self.1.forget(what)
    }
}

/// What a request spends, and what CARTO grants for it.
fn granted(step: Step<TokenRequest>, token: &str, refresh_token: &str) -> (String, TokenGrant) {
    let Step::Send(out, next) = step else { panic!() };
    let form = String::from_utf8(out.request.into_body().into_bytes()).unwrap();
    let spent = form.rsplit_once("refresh_token=").unwrap().1.to_owned();
    let body = format!(
        r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":3600,"refresh_token":"{refresh_token}"}}"#
    );
    match next.resume(Ok(http::Response::new(body.into_bytes())), now()) {
        Ok(Step::Done(grant)) => (spent, grant),
        _ => panic!(),
    }
}

#[test]
fn a_refresh_token_that_came_while_the_store_could_not_be_read_is_the_next_to_be_spent() {
    for blind_from_the_start in [false, true] {
        let (carto, store) = (Endpoints::carto(), Blind::default());
        let identity = Identity::person(&carto);
        let session = SharedSession::person(identity, carto.clone(), Box::new(store.clone()));
        let session = Arc::new(session);
        let login = TokenRequest::refresh_token(&Secret::new("x"), &carto, jitter(), now());
        let _ = session.log_in(granted(login, "t1", "r1").1);

        let renew = || match session.renew(
            Freshness::newer_than(now() + Duration::from_secs(1)),
            Urgency::Now,
        ) {
            Ok(Next::Ask(asking, step)) => (asking, step),
            other => panic!("{other:?}"),
        };
        store.is_blind.store(blind_from_the_start, Ordering::Relaxed);
        let (asking, step) = renew();
        store.is_blind.store(!blind_from_the_start, Ordering::Relaxed);
        let (spent, grant) = granted(step, "t2", "r2");
        assert_eq!(spent, "r1");
        assert_eq!(asking.finish(Ok(grant)).unwrap().secret(), &Secret::new("t2"));
        store.is_blind.store(false, Ordering::Relaxed);
        let (asking, step) = renew();
        assert_eq!(granted(step, "t3", "r3").0, "r2");
        drop(asking);
    }
}

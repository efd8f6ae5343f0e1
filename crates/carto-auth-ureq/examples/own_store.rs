//! A store of the program's own, so that a fleet asks for one token: a table in memory stands for a database that all its
//! machines reach.
//!
//! Run it with `cargo run -p carto-auth-ureq --example own_store`. The sandbox stands for CARTO.
#![expect(clippy::print_stdout, reason = "an example")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use carto_auth_sandbox::{Endpoint, Sandbox};
use carto_auth_ureq::{
    CartoAuth, Endpoints, Forget, Hold, Identity, LockedTokens, M2mCredentials, StoreError, TokenRecord,
    TokenStore,
};

/// The rows by the key of an identity: a record, and whether somebody has locked it.
#[derive(Clone, Default, Debug)]
struct Table(Arc<Mutex<HashMap<String, Row>>>);

#[derive(Default, Debug)]
struct Row {
    record: Option<TokenRecord>,
    is_locked: bool,
}

/// A row until it is dropped.
struct Locked {
    table: Table,
    key: String,
    hold: Hold,
}

impl Table {
    fn rows(&self) -> MutexGuard<'_, HashMap<String, Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for Table {
    fn load(&self, identity: &Identity) -> Option<TokenRecord> {
        self.rows().get(&identity.key())?.record.clone()
    }

    fn lock(&self, identity: &Identity, patience: Duration) -> Result<Box<dyn LockedTokens>, StoreError> {
        let (table, key, deadline) = (self.clone(), identity.key(), Instant::now() + patience);
        let take = || !std::mem::replace(&mut self.rows().entry(key.clone()).or_default().is_locked, true);
        let hold = loop {
            match take() {
                true => break Hold::Exclusive,
                // A token is worth more than the lock.
                false if Instant::now() >= deadline => break Hold::Contended,
                false => thread::sleep(Duration::from_millis(10)),
            }
        };
        Ok(Box::new(Locked { table, key, hold }))
    }
}

impl LockedTokens for Locked {
    fn load(&mut self) -> Option<TokenRecord> {
        self.table.rows().get(&self.key)?.record.clone()
    }

    fn hold(&self) -> Hold {
        self.hold
    }

    fn save(&mut self, record: &TokenRecord) -> Result<(), StoreError> {
        self.table.rows().entry(self.key.clone()).or_default().record = Some(record.clone());
        Ok(())
    }

    fn forget(&mut self, what: Forget<'_>) -> Result<Vec<PathBuf>, StoreError> {
        let mut rows = self.table.rows();
        let record = &mut rows.entry(self.key.clone()).or_default().record;
        // A refused token goes, if another machine has not put the next one in its place.
        record.take_if(|kept| match what {
            Forget::Token(refused) => kept.access_token() == refused.secret(),
            _ => true,
        });
        Ok(Vec::new())
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if self.hold == Hold::Exclusive {
            self.table.rows().entry(self.key.clone()).or_default().is_locked = false;
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let carto = Sandbox::start()?;
    let table = Table::default();
    for machine in 1..=3 {
        let credentials = M2mCredentials::from_json(carto.credentials_json().as_bytes(), "the sandbox")?;
        let auth = CartoAuth::m2m(credentials)
            .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url())?)
            .store(table.clone())
            .connect()?;
        auth.access_token()?;
        println!(
            "machine {machine} has a token; CARTO was asked for {}",
            carto.count(Endpoint::Token)
        );
    }
    Ok(())
}

//! Tokens in memory, shared by every `CartoAuth` that is given a clone of the store.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use carto_auth_core::{Identity, TokenRecord};

use crate::store::{Forget, Hold, LockedTokens, StoreError, TokenStore};

/// Keeps tokens in memory. Clones share what they keep.
///
/// ```
/// use carto_auth_native::MemoryStore;
///
/// let store = MemoryStore::default();
/// let shared = store.clone(); // for another CartoAuth
/// ```
#[derive(Clone, Default, Debug)]
pub struct MemoryStore(Arc<Slots>);

#[derive(Default, Debug)]
struct Slots {
    slots: Mutex<HashMap<String, Slot>>,
    unlocked: Condvar,
}

#[derive(Default, Debug)]
struct Slot {
    record: Option<TokenRecord>,
    locked: bool,
}

struct Held {
    store: MemoryStore,
    key: String,
    exclusive: bool,
}

impl MemoryStore {
    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        // A slot is whole at every moment, so a panic elsewhere leaves nothing broken behind.
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for MemoryStore {
    fn load(&self, identity: &Identity) -> Option<TokenRecord> {
        self.slots().get(&identity.key())?.record.clone()
    }

    fn lock(&self, identity: &Identity, patience: Duration) -> Result<Box<dyn LockedTokens>, StoreError> {
        let key = identity.key();
        let is_locked = |slots: &mut HashMap<String, Slot>| slots.entry(key.clone()).or_default().locked;
        let (mut slots, _) = self
            .0
            .unlocked
            .wait_timeout_while(self.slots(), patience, is_locked)
            .unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(key.clone()).or_default();
        let exclusive = !slot.locked;
        slot.locked = true;
        drop(slots);
        if !exclusive {
            log::warn!("another thread holds the lock of the token store; going on without it");
        }
        Ok(Box::new(Held {
            store: self.clone(),
            key,
            exclusive,
        }))
    }
}

impl LockedTokens for Held {
    fn load(&mut self) -> Option<TokenRecord> {
        self.store.slots().get(&self.key)?.record.clone()
    }

    fn hold(&self) -> Hold {
        if self.exclusive {
            Hold::Exclusive
        } else {
            Hold::Contended
        }
    }

    fn save(&mut self, record: &TokenRecord) -> Result<(), StoreError> {
        self.store.slots().entry(self.key.clone()).or_default().record = Some(record.clone());
        Ok(())
    }

    fn forget(&mut self, what: Forget<'_>) -> Result<Vec<PathBuf>, StoreError> {
        let mut slots = self.store.slots();
        let record = &mut slots.entry(self.key.clone()).or_default().record;
        match (what, record.as_ref()) {
            (Forget::Token(token), Some(kept)) if kept.access_token() != token.secret() => {}
            (Forget::Token(_), Some(kept)) if kept.refresh_token().is_some() => *record = Some(kept.ended()),
            _ => *record = None,
        }
        Ok(Vec::new())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.exclusive {
            self.store.slots().entry(self.key.clone()).or_default().locked = false;
            self.store.0.unlocked.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use carto_auth_core::{AccessToken, Endpoints, M2mCredentials, Secret};

    use super::*;

    fn locked(store: &MemoryStore, extra: &str) -> Box<dyn LockedTokens> {
        let machine = M2mCredentials::new("https://a.example", "id", "s").unwrap();
        let identity = Identity::machine(&machine, &Endpoints::carto());
        let file = format!(
            r#"{{"api_base_url":"https://a.example","access_token":"t","version":1,"expires_at":4000000000,
            "client_id":"id","token_url":"https://auth.carto.com/oauth/token","audience":"a"{extra}}}"#
        );
        let record = TokenRecord::decode(file.as_bytes(), &|_| 0).unwrap();
        let mut locked = store.lock(&identity, Duration::ZERO).unwrap();
        locked.save(&record).unwrap();
        locked
    }

    #[test]
    fn what_is_forgotten_is_what_was_meant() {
        let token = |text: &str| AccessToken::new(Secret::new(text), None).unwrap();
        let store = MemoryStore::default();
        let mut machine = locked(&store, "");
        machine.forget(Forget::Token(&token("other"))).unwrap();
        assert!(machine.load().is_some());
        machine.forget(Forget::Token(&token("t"))).unwrap();
        assert!(machine.load().is_none());
        drop(machine);
        let mut person = locked(&store, r#","refresh_token":"r""#);
        person.forget(Forget::Token(&token("t"))).unwrap();
        let kept = person.load().unwrap();
        assert_eq!(kept.expires_at().as_unix_seconds(), 0);
        assert_eq!(kept.refresh_token(), Some(&Secret::new("r")));
        person.forget(Forget::Everything).unwrap();
        assert!(person.load().is_none());
    }
}

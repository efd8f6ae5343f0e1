//! What the client does when BigQuery refuses a token: once more, at once, with another. It is safe to repeat what was
//! refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use google_cloud_bigquery::query::retry_policy::RetryableErrors;
use google_cloud_gax::backoff_policy::BackoffPolicy;
use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::exponential_backoff::ExponentialBackoff;
use google_cloud_gax::retry_policy::{RetryPolicy, RetryPolicyExt as _};
use google_cloud_gax::retry_result::RetryResult;
use google_cloud_gax::retry_state::RetryState;
use google_cloud_gax::throttle_result::ThrottleResult;

use crate::credentials::Warehouse;

/// As many attempts as Google's client makes by itself.
const ATTEMPTS: u32 = 6;
/// A request and its repetitions may take so long; Google's client would wait for ever.
const PATIENCE: Duration = Duration::from_secs(600);
/// Of so many requests that were refused it is known which token they were sent with.
const REMEMBERED: usize = 256;

/// So often a request is tried again after a 401: with a token that came meanwhile, and with one that is asked for.
const LONGEST_ROW: u8 = 2;

/// The retry and back-off policies of one client: those of Google's crates, and the answer to a 401. Google's throttle may
/// hold a repetition back for some seconds where many requests are refused at once.
#[derive(Clone, Debug)]
pub(crate) struct Renewal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    warehouse: Warehouse,
    otherwise: Arc<dyn RetryPolicy>,
    backoff: ExponentialBackoff,
    /// Requests that were refused, by when they began: a policy is told nothing else of them.
    refused: Mutex<BTreeMap<Instant, Refused>>,
}

/// A request that was refused.
#[derive(Clone, Copy, Debug)]
struct Refused {
    /// The token that was the last when it was.
    token: u64,
    times: u8,
    /// The next attempt does not wait.
    at_once: bool,
}

impl Renewal {
    pub(crate) fn new(warehouse: Warehouse) -> Self {
        let otherwise = RetryableErrors
            .with_attempt_limit(ATTEMPTS)
            .with_time_limit(PATIENCE);
        Self(Arc::new(Inner {
            warehouse,
            otherwise: Arc::new(otherwise),
            backoff: ExponentialBackoff::default(),
            refused: Mutex::default(),
        }))
    }

    /// Says whether a request that was refused is worth another attempt.
    ///
    /// A policy does not learn which token was refused. One that was there before the request began was; one that came
    /// later may have come with the renewal of another request, so it is tried first, and refused the second time.
    fn is_worth_another(&self, begun: Instant) -> bool {
        let Some((token, since)) = self.0.warehouse.last() else {
            return false;
        };
        let mut refused = self.refused();
        let before = refused.get(&begun).copied();
        let times = before.map_or(1, |before| before.times + 1);
        if before.is_some_and(|before| before.token != token) || times > LONGEST_ROW {
            // Another token was refused, too; or CARTO has no other.
            refused.remove(&begun);
            return false;
        }
        if before.is_some() || since <= begun {
            self.0.warehouse.refuse(token);
        }
        while refused.len() >= REMEMBERED {
            refused.pop_first();
        }
        let at_once = true;
        refused.insert(
            begun,
            Refused {
                token,
                times,
                at_once,
            },
        );
        true
    }

    fn refused(&self) -> MutexGuard<'_, BTreeMap<Instant, Refused>> {
        self.0.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RetryPolicy for Renewal {
    fn on_error(&self, state: &RetryState, error: Error) -> RetryResult {
        if !is_refused_token(&error) {
            return self.0.otherwise.on_error(state, error);
        }
        // The count bounds what has been forgotten, too.
        match state.attempt_count < ATTEMPTS && self.is_worth_another(state.start) {
            true => RetryResult::Continue(error),
            false => RetryResult::Permanent(error),
        }
    }

    fn on_throttle(&self, state: &RetryState, error: Error) -> ThrottleResult {
        self.0.otherwise.on_throttle(state, error)
    }

    fn remaining_time(&self, state: &RetryState) -> Option<Duration> {
        self.0.otherwise.remaining_time(state)
    }
}

impl BackoffPolicy for Renewal {
    /// The client asks this right after [`RetryPolicy::on_error`].
    fn on_failure(&self, state: &RetryState) -> Duration {
        let at_once = self
            .refused()
            .get_mut(&state.start)
            .is_some_and(|refused| std::mem::take(&mut refused.at_once));
        match at_once {
            true => Duration::ZERO,
            false => self.0.backoff.on_failure(state),
        }
    }
}

/// A gateway's answer has no status of Google's, only that of HTTP.
fn is_refused_token(error: &Error) -> bool {
    error.http_status_code() == Some(401)
        || error
            .status()
            .is_some_and(|status| status.code == Code::Unauthenticated)
}

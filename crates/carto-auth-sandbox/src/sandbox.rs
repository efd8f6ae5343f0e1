//! Starting, steering and stopping the sandbox.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::answer::answer;
use crate::bigquery::Jobs;
use crate::connection::{Connections, Cutter};
use crate::endpoint::Endpoint;
use crate::fault::Fault;
use crate::jwt::Signer;
use crate::login::Logins;
use crate::person::Credentials;
use crate::request::RecordedRequest;
use crate::tenant::Tenant;
use crate::tokens::Tokens;
use crate::warehouse::Warehouse;

/// A running sandbox, on a thread of its own. It stops when it is dropped, whatever its clients are doing.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) shared: Shared,
    client_id: String,
    client_secret: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The options of a sandbox.
#[must_use = "a builder does nothing until `start`"]
#[derive(Clone, Debug)]
pub struct Builder {
    port: u16,
    client_id: String,
    client_secret: String,
    pub(crate) token_lifetime: Duration,
    person: Credentials,
    code_lifetime: Duration,
    pub(crate) warehouse: Warehouse,
}

impl Sandbox {
    /// Starts a sandbox on a free port of 127.0.0.1, with one machine client, one person and tokens of 24 hours.
    ///
    /// # Errors
    /// When no port can be bound or no thread started.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Prepares a sandbox with other options.
    pub fn builder() -> Builder {
        Builder {
            port: 0,
            client_id: "sandbox-client".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            token_lifetime: Duration::from_secs(86_400),
            person: Credentials {
                email: "ana@acme.test".to_owned(),
                password: "sandbox-password".to_owned(),
            },
            code_lifetime: Duration::from_secs(60),
            warehouse: Warehouse::default(),
        }
    }

    /// The base of everything, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.shared.url()
    }

    /// The base of the login service (`CARTO_AUTH_URL`).
    #[must_use]
    pub fn auth_url(&self) -> String {
        self.url()
    }

    /// The base of the accounts service (`CARTO_ACCOUNTS_URL`).
    #[must_use]
    pub fn accounts_url(&self) -> String {
        self.url()
    }

    /// The base of the app's pages (`CARTO_APP_URL`).
    #[must_use]
    pub fn app_url(&self) -> String {
        self.url()
    }

    /// The base of the APIs (`api_base_url`).
    #[must_use]
    pub fn api_base_url(&self) -> String {
        self.url()
    }

    /// The machine's client id, `sandbox-client` unless the builder says otherwise.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The machine's client secret, `sandbox-secret` unless the builder says otherwise.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// The content of a CARTO credentials file for the machine.
    #[must_use]
    pub fn credentials_json(&self) -> String {
        self.credentials_json_of(&self.client_id, &self.client_secret)
    }

    fn credentials_json_of(&self, client_id: &str, client_secret: &str) -> String {
        let url = self.api_base_url();
        serde_json::json!({"api_base_url": url, "client_id": client_id, "client_secret": client_secret})
            .to_string()
    }

    /// Adds another machine, and gives the content of its credentials file.
    #[must_use]
    pub fn add_client(&self, client_id: &str, client_secret: &str) -> String {
        self.shared
            .state()
            .clients
            .insert(client_id.to_owned(), client_secret.to_owned());
        self.credentials_json_of(client_id, client_secret)
    }

    /// The variables that point `carto-auth` at this sandbox, and Google's BigQuery clients for Python
    /// and Node.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CARTO_AUTH_URL", self.auth_url()),
            ("CARTO_ACCOUNTS_URL", self.accounts_url()),
            ("CARTO_APP_URL", self.app_url()),
            ("CARTO_API_BASE_URL", self.api_base_url()),
            ("CARTO_CLIENT_ID", self.client_id.clone()),
            ("CARTO_CLIENT_SECRET", self.client_secret.clone()),
            ("BIGQUERY_EMULATOR_HOST", self.bigquery_url()),
        ]
    }

    /// Lets the next request to an endpoint fail; faults queue up, one for each request.
    pub fn fail_next(&self, endpoint: Endpoint, fault: Fault) {
        self.shared
            .state()
            .next
            .entry(endpoint)
            .or_default()
            .push_back(fault);
    }

    /// Lets every request to an endpoint fail, after the queued faults.
    pub fn fail_always(&self, endpoint: Endpoint, fault: Fault) {
        self.shared.state().always.insert(endpoint, fault);
    }

    /// Forgets all faults.
    pub fn heal(&self) {
        let mut state = self.shared.state();
        state.next.clear();
        state.always.clear();
    }

    /// Every request so far, those that failed included, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.state().requests.clone()
    }

    /// How many requests an endpoint has had, those that failed included.
    #[must_use]
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.shared
            .state()
            .requests
            .iter()
            .filter(|request| request.endpoint == endpoint)
            .count()
    }

    /// Serves until the process ends, on its own thread; this one waits.
    pub fn run_forever(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Builder {
    /// Binds this port of 127.0.0.1 instead of a free one, which 0 asks for, too.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the machine's credentials, `sandbox-client` and `sandbox-secret` from the start.
    pub fn client(mut self, client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        (self.client_id, self.client_secret) = (client_id.into(), client_secret.into());
        self
    }

    /// Sets the person's email and password, `ana@acme.test` and `sandbox-password` from the start.
    pub fn person(mut self, email: impl Into<String>, password: impl Into<String>) -> Self {
        (self.person.email, self.person.password) = (email.into(), password.into());
        self
    }

    /// Sets the life of authorization codes, 60 seconds from the start; with zero, every code has expired.
    pub fn code_lifetime(mut self, lifetime: Duration) -> Self {
        self.code_lifetime = lifetime;
        self
    }

    /// Starts the sandbox.
    ///
    /// # Errors
    /// When the port cannot be bound or no thread started.
    pub fn start(self) -> io::Result<Sandbox> {
        // A runtime is started on a thread of its own: the caller may be inside another.
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let address = listener.local_addr()?;
        let state = State {
            clients: HashMap::from([(self.client_id.clone(), self.client_secret.clone())]),
            tokens: Tokens::new(self.token_lifetime),
            next: HashMap::new(),
            always: HashMap::new(),
            requests: Vec::new(),
            logins: Logins::new(&format!("http://{address}"), self.person, self.code_lifetime),
            tenant: Tenant::default(),
            warehouse: self.warehouse,
            jobs: Jobs::default(),
        };
        let shared = Shared(Arc::new(Carto {
            address,
            signer: Signer::new(),
            state: Mutex::new(state),
        }));
        let (stop, stopped) = oneshot::channel();
        let app = Router::new()
            .fallback(any(answer))
            .with_state(shared.clone())
            .into_make_service_with_connect_info::<Cutter>();
        let thread = thread::Builder::new()
            .name("carto-auth-sandbox".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    if let Ok(listener) = TcpListener::from_std(listener) {
                        tokio::spawn(async { axum::serve(Connections(listener), app).await });
                    }
                    // Ends when the sandbox is dropped; the runtime then drops every connection with it.
                    let _ = stopped.await;
                });
            })?;
        Ok(Sandbox {
            shared,
            client_id: self.client_id,
            client_secret: self.client_secret,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the requests and the sandbox's owner share.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Carto>);

struct Carto {
    address: SocketAddr,
    signer: Signer,
    state: Mutex<State>,
}

pub(crate) struct State {
    clients: HashMap<String, String>,
    pub(crate) tokens: Tokens,
    next: HashMap<Endpoint, VecDeque<Fault>>,
    always: HashMap<Endpoint, Fault>,
    requests: Vec<RecordedRequest>,
    pub(crate) logins: Logins,
    pub(crate) tenant: Tenant,
    pub(crate) warehouse: Warehouse,
    pub(crate) jobs: Jobs,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a request, and says whether it is to fail.
    pub(crate) fn record(&self, request: RecordedRequest) -> Option<Fault> {
        let mut state = self.state();
        let endpoint = request.endpoint;
        state.requests.push(request);
        let queued = state.next.get_mut(&endpoint).and_then(VecDeque::pop_front);
        queued.or_else(|| state.always.get(&endpoint).cloned())
    }

    pub(crate) fn host(&self) -> String {
        self.0.address.to_string()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.host())
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{}/", self.url())
    }

    pub(crate) fn signer(&self) -> &Signer {
        &self.0.signer
    }

    pub(crate) fn secret_of(&self, client_id: &str) -> Option<String> {
        self.state().clients.get(client_id).cloned()
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Shared").field(&self.0.address).finish()
    }
}

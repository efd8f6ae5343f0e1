//! Every public type and error, formatted with secrets inside: none of them shows.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::time::Duration;

use carto_auth_core::{
    AccessToken, AddressProblem, ApiBaseUrl, Authorized, Callback, CartoDwCredentials, CartoDwMemory,
    CartoDwRequest, Claims, CredentialsError, CredentialsProblem, Discovery, Endpoints, Entropy, Error,
    Failed, Freshness, Generation, Heard, Identity, Ignored, Incoming, Jitter, Login, LoginRequest,
    LoopbackRequest, M2mCredentials, NotAnOrganizationId, OneLine, OrganizationId, OrganizationLookup, Page,
    Probe, Redirect, ReplyProblem, Secret, Sent, Session, Step, TenantConfigProblem, Timestamp, TlsProblem,
    TokenCheck, TokenGrant, TokenRecord, TokenRequest, TransportError, TransportErrorKind, UnderLock,
};
use carto_auth_native::{
    BrowserLogin, BrowserProgram, Cancelled, FileStore, Flight, FolderProblem, Forget, Hold, LockProblem,
    LoginInteraction, LoginOptions, LoginPrompt, MemoryStore, Next, NextCartoDw, NoStore, Obstacle,
    PendingLogin, PendingState, PortState, Profile, Role, SharedSession, StoreError, Terminal, Urgency, Way,
};
use carto_auth_reqwest::{SendError, Transport};
use carto_auth_tests::free_port;
use carto_auth_ureq::{CartoAuth, Via};
use ureq::{Agent, Proxy};

const CANARY: &str = "cAnArY0123456789";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

/// What has been formatted, by the name of its type.
#[derive(Default)]
struct Shown {
    names: BTreeSet<&'static str>,
    text: String,
}

impl Shown {
    fn debug(&mut self, name: &'static str, value: &impl Debug) {
        self.names.insert(name);
        self.text.push_str(&format!("{name}: {value:?}\n{value:#?}\n"));
    }

    fn both(&mut self, name: &'static str, value: &(impl Debug + Display)) {
        self.debug(name, value);
        self.text.push_str(&format!("{name}: {value}\n"));
    }

    fn error(&mut self, error: &Error) {
        self.both("Error", error);
        self.debug("ErrorKind", &error.kind());
        self.debug("Remedy", &error.remedy());
        self.text.push_str(&error.hint());
        if let Some(refusal) = error.oauth() {
            self.both("Refusal", refusal);
        }
        match error {
            Error::Reply(reply) => {
                self.both("ReplyError", &**reply);
                self.both("ReplyProblem", reply.problem());
                match reply.problem() {
                    ReplyProblem::NotJson(problem) => self.both("JsonProblem", problem),
                    ReplyProblem::Missing { keys, .. } => self.both("KeyNames", keys),
                    _ => {}
                }
            }
            Error::Denied(denial) => self.both("Denial", &**denial),
            _ => {}
        }
    }
}

fn token() -> AccessToken {
    AccessToken::new(Secret::new(CANARY), Some(NOW + Duration::from_secs(3600))).unwrap()
}

fn base() -> ApiBaseUrl {
    "https://a.example".parse().unwrap()
}

fn warehouse() -> CartoDwCredentials {
    let step = CartoDwRequest::start(&base(), &token(), Jitter::new(7), NOW).unwrap();
    let Step::Send(_, next) = step else { panic!() };
    let body = format!(r#"{{"projectId":"carto-dw-ac-1","token":"{CANARY}"}}"#);
    match next.resume(Ok(http::Response::new(body.into_bytes())), NOW) {
        Ok(Step::Done(credentials)) => credentials,
        other => panic!("{other:?}"),
    }
}

fn machine() -> M2mCredentials {
    M2mCredentials::new("https://a.example", "id", CANARY).unwrap()
}

fn login() -> Login {
    LoginRequest::new(Endpoints::carto(), Redirect::Loopback).start(Entropy::new([7; 64]))
}

/// The state and the verifier of that login, which are 256 bits each of the same byte.
const STATE: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

fn authorized() -> Authorized {
    match login().pasted(CANARY) {
        Callback::Accepted(authorized) => authorized,
        other => panic!("{other:?}"),
    }
}

/// Replies that send back what was sent, or hold a secret where none belongs.
fn replies(sent: &str) -> Vec<http::Response<Vec<u8>>> {
    let bodies = [
        format!(r#"{{"error":"invalid_grant","error_description":"you sent {sent}"}}"#),
        format!(r#"{{"error":["{sent}"],"hint":"{sent}"}}"#),
        format!(r#"{{"access_token":"{CANARY}","token_type":"mac"}}"#),
        format!(r#"{{"access_token":["{CANARY}"]}}"#),
        format!(r#"{{"id_token":"{CANARY}","auth0orgId":"{CANARY}","tenant_domain":"{CANARY}/"}}"#),
        format!(r#"{{"projectId":"{CANARY}","token":"{CANARY}"}}"#),
        format!(r#"{{"projectId":"carto-dw-ac-1","token":"{CANARY}"}}"#),
        format!("<html>{CANARY}</html>"),
        format!(r#"["{CANARY}"]"#),
        format!(r#"{{"access_token":"{CANARY}"#),
    ];
    let statuses = [200, 302, 400, 401, 403, 429, 500];
    let reply = |status: u16, body: &String| {
        let builder = http::Response::builder()
            .status(status)
            .header("x-request-id", sent);
        builder.body(body.clone().into_bytes()).unwrap()
    };
    statuses
        .iter()
        .flat_map(|status| bodies.iter().map(|body| reply(*status, body)))
        .collect()
}

fn errors_of<F: carto_auth_core::Flow>(shown: &mut Shown, sent: &str, start: impl Fn() -> Step<F>) {
    for reply in replies(sent) {
        let step = start();
        shown.debug("Step", &step);
        let Step::Send(out, next) = step else {
            panic!("expected a request")
        };
        shown.debug("Outgoing", &out);
        shown.debug("Body", out.request.body());
        shown.debug("AwaitResponse", &next);
        match next.resume(Ok(reply), NOW) {
            Ok(Step::Sleep(wait, timer)) => {
                shown.debug("AwaitTimer", &timer);
                shown.debug("Step", &Step::Sleep(wait, timer));
            }
            Ok(step) => shown.debug("Step", &step),
            Err(error) => shown.error(&error),
        }
    }
}

/// The flows of the core, which nobody can hold outside a `Step`, and what is no type of values.
const NOT_SHOWN: [&str; 18] = [
    // A kind and a number.
    "SystemReason",
    // A status and a number; a question without any secret.
    "Answered",
    "Probe",
    "CartoDwRequest",
    // Two paths; one that exists would be in the home of whoever runs this.
    "Claim",
    "Discovery",
    "OrganizationLookup",
    "TokenCheck",
    "TokenRequest",
    "Flow",
    "LocalOffset",
    "PENDING_LOGIN_LIFE",
    "TOKEN_FILE_LIMIT",
    "HOME_VARIABLE",
    "NO_BROWSER_VARIABLE",
    "LockedTokens",
    "LoginInteraction",
    "TokenStore",
];

fn core(shown: &mut Shown) {
    let carto = Endpoints::carto;
    errors_of(shown, CANARY, || {
        TokenRequest::client_credentials(&machine(), &carto(), Jitter::new(7), NOW)
    });
    errors_of(shown, CANARY, || {
        TokenRequest::refresh_token(&Secret::new(CANARY), &carto(), Jitter::new(7), NOW)
    });
    errors_of(shown, &format!("{CANARY} {STATE}"), || {
        authorized().exchange(Jitter::new(7), NOW)
    });
    errors_of(shown, CANARY, || {
        Discovery::start(&token(), carto(), Jitter::new(7), NOW)
    });
    errors_of(shown, CANARY, || {
        TokenCheck::start(&token(), &carto(), Jitter::new(7), NOW)
    });
    errors_of(shown, CANARY, || {
        CartoDwRequest::start(&base(), &token(), Jitter::new(7), NOW).unwrap()
    });
    errors_of(shown, "nothing", || {
        OrganizationLookup::start("acme", &carto(), Jitter::new(7), NOW).unwrap()
    });

    let grant = granted();
    shown.debug("TokenGrant", &grant);
    shown.debug("AccessToken", &token());
    shown.debug("Ready", &Session::given(base(), token()).ready().unwrap());
    shown.both("ApiBaseUrl", &base());
    shown.debug("CartoDwCredentials", &warehouse());
    let mut memory = CartoDwMemory::default();
    memory.keep(&warehouse());
    memory.reject(&warehouse());
    shown.debug("CartoDwMemory", &memory);
    memory = CartoDwMemory::default();
    memory.keep(&warehouse());
    shown.debug("CartoDwMemory", &memory);
    shown.debug("Claims", &Claims::of("e30.e30.c2ln").unwrap());
    shown.debug("Endpoints", &carto());
    shown.debug("Entropy", &Entropy::new([7; 64]));
    shown.debug("Freshness", &Freshness::default());
    shown.both("AddressProblem", &AddressProblem::UserInfo);
    shown.debug("Authorized", &authorized());
    shown.debug("Callback", &login().pasted(CANARY));
    shown.debug("Callback", &login().pasted("two words"));
    shown.both("Ignored", &Ignored::NoState);
    shown.debug("Login", &login());
    shown.debug("LoginRequest", &LoginRequest::new(carto(), Redirect::Loopback));
    shown.debug("Redirect", &Redirect::CodePage);
    let kept = login().export(NOW);
    shown.debug("Secret", &kept);
    let broken = kept.expose().replace('}', "");
    shown.both(
        "PendingLoginError",
        &Login::import(broken.as_bytes(), carto(), NOW).unwrap_err(),
    );
    let mut request = LoopbackRequest::new(carto().redirect_uri());
    let heard = request.receive(
        format!("GET /callback/?code={CANARY}&state={STATE} HTTP/1.1\r\nHost: localhost:10000\r\n\r\n")
            .as_bytes(),
    );
    assert!(matches!(heard, Heard::Callback(_)));
    shown.debug("Heard", &heard);
    shown.debug("LoopbackRequest", &request);
    shown.debug("Page", &Page::Success);
    shown.debug("M2mCredentials", &machine());
    for json in [
        format!(r#"{{"client_secret":"{CANARY}"}}"#),
        format!(r#"{{"client_secret":"{CANARY}"#),
        format!(r#"["{CANARY}"]"#),
        format!(
            r#"{{"api_base_url":"https://a.example","client_id":"i","client_secret":"{CANARY} {CANARY}"}}"#
        ),
    ] {
        let error: CredentialsError = M2mCredentials::from_json(json.as_bytes(), "f.json").unwrap_err();
        shown.both("CredentialsProblem", error.problem());
        shown.both("CredentialsError", &error);
    }
    shown.both("CredentialsProblem", &CredentialsProblem::NotFound);
    shown.both("OneLine", &OneLine("shown on purpose"));
    shown.both("NotAnOrganizationId", &NotAnOrganizationId);
    shown.debug("OrganizationId", &"org_a".parse::<OrganizationId>().unwrap());
    shown.debug("Jitter", &Jitter::new(7));
    shown.debug("Incoming", &Incoming::from(replies(CANARY).remove(0)));
    shown.debug("Sent", &Sent::Maybe);
    shown.both("TransportErrorKind", &TransportErrorKind::Tls);
    shown.debug("TlsProblem", &TlsProblem::Expired);
    shown.both(
        "TransportError",
        &TransportError::new(TransportErrorKind::Tls, Sent::No),
    );
    shown.both("TenantConfigProblem", &TenantConfigProblem::NoApiBaseUrl);
    shown.debug("Timestamp", &NOW);
    shown.debug("Identity", &Identity::person(&carto()));

    let mut session = Session::person(Identity::person(&carto()), carto(), Jitter::new(7));
    let (_, record) = session.publish_login(grant);
    shown.debug("Session", &session);
    let mut machine_session = Session::machine(machine(), carto(), Jitter::new(7));
    shown.debug("Session", &machine_session);
    shown.debug("Plan", &session.plan(Freshness::default(), NOW));
    shown.debug("UnderLock", &UnderLock::read(record.clone()));
    for read in [None, record.clone()] {
        let renewal = machine_session.renew(UnderLock::read(read), Freshness::default(), NOW);
        shown.debug("Renewal", &renewal.unwrap());
    }
    let record = record.unwrap();
    shown.debug("TokenRecord", &record);
    let written = record.encode(&|_| 0);
    let broken = written.expose().replace(':', ";");
    shown.both(
        "TokenFileError",
        &TokenRecord::decode(broken.as_bytes(), &|_| 0).unwrap_err(),
    );
    let denied = format!("/callback/?error=access_denied&state={STATE}");
    let Callback::Denied(error) = login().callback(&denied) else {
        panic!()
    };
    shown.error(&error);
}

fn granted() -> TokenGrant {
    let body = format!(
        r#"{{"access_token":"{CANARY}","refresh_token":"{CANARY}","token_type":"Bearer","expires_in":3600}}"#
    );
    let step = TokenRequest::client_credentials(&machine(), &Endpoints::carto(), Jitter::new(7), NOW);
    let Step::Send(_, next) = step else { panic!() };
    match next
        .resume(Ok(http::Response::new(body.into_bytes())), NOW)
        .unwrap()
    {
        Step::Done(grant) => grant,
        other => panic!("{other:?}"),
    }
}

struct Nobody;

impl LoginInteraction for Nobody {
    fn show(&self, prompt: &LoginPrompt<'_>) {
        let text = format!("{prompt:?} {prompt:#?}");
        assert!(!text.contains("state="), "{text}");
    }
    fn can_paste(&self) -> bool {
        false
    }
    fn read_pasted(&self, _: &Cancelled) -> Option<String> {
        None
    }
    fn refused(&self, _: Ignored) {}
}

fn front_ends(shown: &mut Shown) {
    let carto = Endpoints::carto();
    let store = MemoryStore::default();
    let session = SharedSession::person(Identity::person(&carto), carto.clone(), Box::new(store.clone()));
    let _ = session.log_in(granted());
    shown.debug("SharedSession", &session);
    shown.debug("MemoryStore", &store);
    shown.debug("NoStore", &NoStore);
    shown.debug("Hold", &Hold::Unlocked);
    shown.debug("FileStore", &FileStore::at("/tmp/x.json"));
    shown.debug("Forget", &Forget::Token(&token()));
    shown.both(
        "StoreError",
        &StoreError::new("cannot write f", std::io::ErrorKind::NotFound.into()),
    );
    let machine_session = Arc::new(SharedSession::machine(
        machine(),
        carto.clone(),
        Box::new(NoStore),
    ));
    let next = machine_session.renew(Freshness::default(), Urgency::Now).unwrap();
    shown.debug("Next", &next);
    if let Next::Ask(asking, _) = next {
        shown.debug("Asking", &asking);
    }
    let flight = Flight::default();
    shown.debug("Flight", &flight);
    let role = flight.join(Generation::default());
    shown.debug("Role", &role);
    if let Role::Lead(leader) = role {
        shown.debug("Leader", &leader);
        let follower = leader.follower();
        shown.debug("Follower", &follower);
        let _ = leader.land(Ok(token()));
        shown.debug("Landed", &follower.wait(Duration::ZERO));
        shown.debug("Flight", &flight);
    }
    let given = Arc::new(SharedSession::given(base(), token()));
    let next = given.carto_dw(&token(), Freshness::default());
    shown.debug("NextCartoDw", &next);
    if let NextCartoDw::Ask(asking) = next {
        shown.debug("AskingCartoDw", &asking);
        shown.debug("NextCartoDw", &given.carto_dw(&token(), Freshness::default()));
        let _ = asking.finish(Ok(warehouse()));
    }
    shown.debug("SharedSession", &given);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token_m2m.json");
    std::fs::write(&file, format!(r#"{{"access_token":"{CANARY}"}}"#)).unwrap();
    let found = FileStore::at(&file).inspect(&Identity::machine(&machine(), &carto));
    shown.debug("Inspection", &found);
    shown.debug("FolderProblem", &FolderProblem::Full);
    shown.debug("InspectedFile", &found.files);
    shown.debug("FileContents", &found.files[0].holds);
    shown.both("LockProblem", &LockProblem::NotRegular);
    shown.debug("PortState", &PortState::Free);
    shown.debug("PendingState", &PendingState::Waits);
    shown.debug("BrowserProgram", &BrowserProgram::Missing);
    shown.debug("Profile", &Profile::default());
    shown.debug("Urgency", &Urgency::Early);
    shown.debug("Failed", &Failed::Forget);
    shown.both("NotAProfile", &"../x".parse::<Profile>().unwrap_err());
    shown.debug("PendingLogin", &PendingLogin::of(&Profile::default()).unwrap());
    shown.debug("Terminal", &Terminal);
    shown.debug("Way", &Way::Callback);
    shown.both("Obstacle", &Obstacle::PortTaken(1));
    shown.debug("Cancelled", &Cancelled::default());
    shown.debug("Generation", &Generation::default());
    let options = LoginOptions::default().way(Way::Callback).interaction(Nobody);
    shown.debug("LoginOptions", &options);
    let port = free_port();
    let here = carto
        .with_redirect_uri(&format!("http://localhost:{port}/callback/"))
        .unwrap();
    let request = LoginRequest::new(here.clone(), Redirect::Loopback);
    let login = BrowserLogin::start(request, &here, &options).unwrap();
    shown.debug("BrowserLogin", &login);
    shown.debug("Stopper", &login.stopper());
    shown.names.insert("LoginPrompt");

    let proxy = Proxy::new(&format!("http://me:{CANARY}@127.0.0.1:1")).unwrap();
    let agent: Agent = Agent::config_builder().proxy(Some(proxy)).build().into();
    let probe = Probe::start("https://a.example", NOW).unwrap();
    shown.debug("Via", &Via::of(&agent, &probe).unwrap());

    shown.debug("CartoAuth", &CartoAuth::m2m(machine()).without_cache().build());
    shown.debug("M2mBuilder", &CartoAuth::m2m(machine()));
    shown.debug("OauthBuilder", &CartoAuth::oauth());
    shown.debug(
        "CartoAuth",
        &CartoAuth::from_token("https://a.example", Secret::new(CANARY)).unwrap(),
    );
    shown.debug("Transport", &Transport::new());
    shown.both("SendError", &SendError::Token(Error::NotLoggedIn));
}

/// The names that a crate exports, as its `lib.rs` says.
fn exported(lib: &str) -> BTreeSet<&str> {
    let uses = lib
        .split("\npub use ")
        .skip(1)
        .map(|rest| rest.split(';').next().unwrap());
    uses.flat_map(|text| {
        let names = text
            .rsplit("::")
            .next()
            .unwrap()
            .trim_matches(['{', '}', ' ', '\n']);
        names.split(',').map(str::trim)
    })
    .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
    .collect()
}

#[test]
fn no_public_type_shows_a_secret_and_none_is_forgotten_here() {
    let mut shown = Shown::default();
    core(&mut shown);
    front_ends(&mut shown);
    for secret in [CANARY, STATE] {
        let line = shown.text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
    let libs = [
        include_str!("../../crates/carto-auth-core/src/lib.rs"),
        include_str!("../../crates/carto-auth-native/src/lib.rs"),
        include_str!("../../crates/carto-auth-ureq/src/lib.rs"),
        include_str!("../../crates/carto-auth-reqwest/src/lib.rs"),
    ];
    let all: BTreeSet<&str> = libs.iter().flat_map(|lib| exported(lib)).collect();
    assert!(all.len() > 80, "{}", all.len());
    let forgotten: Vec<_> = all
        .iter()
        .filter(|name| !shown.names.contains(*name) && !NOT_SHOWN.contains(*name))
        .collect();
    assert!(forgotten.is_empty(), "format these, too: {forgotten:?}");
}

/// What stands at an address of this process.
#[cfg(target_os = "linux")]
fn memory(address: usize, length: usize) -> Vec<u8> {
    use std::os::unix::fs::FileExt as _;
    let mut bytes = vec![0; length];
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    memory.read_exact_at(&mut bytes, address as u64).unwrap();
    bytes
}

#[cfg(target_os = "linux")]
#[test]
fn a_secret_and_a_reply_that_are_dropped_are_overwritten_to_the_end_of_their_buffers() {
    // So long that the allocator gives the memory back to nobody at once, and keeps its own notes at the beginning.
    let canary = CANARY.repeat(40);
    let with_room = || {
        let mut text = String::with_capacity(canary.len() + 100);
        text.push_str(&canary);
        text
    };
    let secret = Secret::new(with_room());
    let at = secret.expose().as_ptr() as usize;
    assert_eq!(memory(at, canary.len()), canary.as_bytes());
    drop(secret);
    let left = memory(at + 32, canary.len() - 32);
    assert!(!left.windows(8).any(|window| window == &CANARY.as_bytes()[..8]));
    let body = with_room().into_bytes();
    let at = body.as_ptr() as usize;
    let reply = Incoming::from(http::Response::new(body));
    assert_eq!(memory(at, canary.len()), canary.as_bytes());
    drop(reply);
    let left = memory(at + 32, canary.len() - 32);
    assert!(!left.windows(8).any(|window| window == &CANARY.as_bytes()[..8]));
}

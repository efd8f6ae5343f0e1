//! The token policy among many processes, on the real `Session` and flows, with a clock, a file, a lock and a CARTO that
//! are simulated: every seed is one interleaving of renewals, lost answers, crashes and busy servers.
//!
//! A seed that fails prints itself; `CARTO_AUTH_SEED=N` runs it alone.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use carto_auth_core::{
    AwaitResponse, AwaitTimer, Endpoints, Error, Failed, Freshness, Generation, Identity, Jitter,
    M2mCredentials, Plan, Renewal, Secret, Sent, Session, Step, Timestamp, TokenRecord, TokenRequest,
    TransportError, TransportErrorKind, UnderLock,
};
use http::Response;

/// How long a token lives, in seconds.
const LIFE: u64 = 600;
/// How long a process waits for the lock, in seconds.
const PATIENCE: u64 = 10;
const PROCESSES: usize = 4;
const STEPS: usize = 600;

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Who {
    Machine,
    Person,
}

/// What may go wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum World {
    Kind,
    Cruel,
}

/// CARTO: it knows when each token ends, and takes a second use of a refresh token for theft.
#[derive(Default)]
struct Server {
    requests: Vec<u64>,
    ends: Vec<(String, u64)>,
    refresh_token: String,
    spent: BTreeSet<String>,
    thefts: usize,
    issued: u64,
}

impl Server {
    fn grant(&mut self, now: u64, with_refresh_token: bool) -> String {
        self.issued += 1;
        let token = format!("token-{}", self.issued);
        self.ends.push((token.clone(), now + LIFE));
        let refresh = match with_refresh_token {
            true => {
                self.refresh_token = format!("refresh-{}", self.issued);
                format!(r#","refresh_token":"{}""#, self.refresh_token)
            }
            false => String::new(),
        };
        format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{LIFE}{refresh}}}"#)
    }

    fn answer(&mut self, body: &str, now: u64) -> (u16, String) {
        self.requests.push(now);
        let Some((_, refresh)) = body.split_once("refresh_token=refresh-") else {
            return (200, self.grant(now, false));
        };
        let refresh = format!("refresh-{refresh}");
        if refresh == self.refresh_token {
            self.spent.insert(refresh);
            return (200, self.grant(now, true));
        }
        self.thefts += usize::from(self.spent.contains(&refresh));
        (403, r#"{"error":"invalid_grant"}"#.to_owned())
    }

    fn is_good(&self, token: &str, now: u64) -> bool {
        self.ends.iter().any(|(known, end)| known == token && now < *end)
    }
}

/// What a process is doing about a renewal.
enum Doing {
    Nothing,
    WantsLock {
        since: u64,
    },
    Asks {
        locked: bool,
        read: Option<Secret>,
        generation: Generation,
        next: Next,
    },
}

enum Next {
    /// The request is on its way.
    Request(String, AwaitResponse<TokenRequest>),
    /// The answer is on its way back; `None` if it is lost.
    Reply(Option<(u16, String)>, AwaitResponse<TokenRequest>),
    Timer(u64, AwaitTimer<TokenRequest>),
}

struct Process {
    session: Session,
    doing: Doing,
}

struct Simulation {
    dice: Dice,
    who: Who,
    world: World,
    now: u64,
    server: Server,
    file: Option<TokenRecord>,
    /// Which process holds the lock.
    lock: Option<usize>,
    processes: Vec<Process>,
    served: usize,
    lost_answers: usize,
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(1_790_000_000) + Duration::from_secs(seconds)
}

impl Simulation {
    fn new(seed: u64, who: Who, world: World) -> Self {
        let mut simulation = Self {
            dice: Dice(seed),
            who,
            world,
            now: 0,
            server: Server::default(),
            file: None,
            lock: None,
            processes: Vec::new(),
            served: 0,
            lost_answers: 0,
        };
        for _ in 0..PROCESSES {
            let session = simulation.session();
            simulation.processes.push(Process {
                session,
                doing: Doing::Nothing,
            });
        }
        if who == Who::Person {
            simulation.log_in();
        }
        simulation
    }

    fn session(&mut self) -> Session {
        let jitter = Jitter::new(self.dice.roll(u64::MAX));
        match self.who {
            Who::Machine => {
                let machine = M2mCredentials::new("https://a.carto.com", "id", "secret").unwrap();
                Session::machine(machine, Endpoints::carto(), jitter)
            }
            Who::Person => Session::person(Identity::person(&Endpoints::carto()), Endpoints::carto(), jitter),
        }
    }

    /// The person logs in with the first process.
    fn log_in(&mut self) {
        let body = self.server.grant(self.now, true);
        let step = TokenRequest::refresh_token(
            &Secret::new("x"),
            &Endpoints::carto(),
            Jitter::new(1),
            at(self.now),
        );
        let Step::Send(_, next) = step else { unreachable!() };
        let Step::Done(grant) = next
            .resume(Ok(Response::new(body.into_bytes())), at(self.now))
            .unwrap()
        else {
            unreachable!()
        };
        self.file = self.processes[0].session.publish_login(grant).1;
    }

    /// Somebody in a process wants a token.
    fn ask(&mut self, index: usize) {
        let (now, file) = (self.now, self.file.clone());
        let process = &mut self.processes[index];
        let mut plan = process.session.plan(Freshness::default(), at(now));
        if matches!(plan, Plan::Refresh | Plan::LogIn(_)) {
            process.session.adopt(file);
            plan = process.session.plan(Freshness::default(), at(now));
        }
        let wants_renewal = match &plan {
            Plan::Use(token) | Plan::UseAndRefresh(token) => {
                let is_good = self.server.is_good(token.secret().expose(), now);
                assert!(is_good, "an expired token is handed out");
                self.served += 1;
                matches!(plan, Plan::UseAndRefresh(_))
            }
            Plan::Refresh => true,
            Plan::LogIn(error) => {
                let excuse = self.lost_answers > 0;
                assert!(excuse, "a login is asked for without need: {error}");
                false
            }
        };
        if wants_renewal && matches!(process.doing, Doing::Nothing) {
            process.doing = Doing::WantsLock { since: now };
        }
    }

    /// Takes a renewal one step further.
    fn advance(&mut self, index: usize) {
        let doing = std::mem::replace(&mut self.processes[index].doing, Doing::Nothing);
        self.processes[index].doing = match doing {
            Doing::Nothing => Doing::Nothing,
            Doing::WantsLock { since } if self.lock.is_some() && self.now < since + PATIENCE => {
                Doing::WantsLock { since }
            }
            Doing::WantsLock { .. } => self.renew(index),
            Doing::Asks {
                locked,
                read,
                generation,
                next,
            } => match self.carry_on(next) {
                Ok(Ok(next)) => Doing::Asks {
                    locked,
                    read,
                    generation,
                    next,
                },
                Ok(Err(grant)) => {
                    let record = self.processes[index].session.publish(grant, generation).1;
                    self.save(record);
                    self.unlock(index)
                }
                Err(error) => {
                    let failed = self.processes[index]
                        .session
                        .failed(&error, generation, at(self.now));
                    match failed {
                        Failed::Keep(record) => self.save(Some(*record)),
                        Failed::Forget => self.file = None,
                        Failed::Noted => {}
                    }
                    self.unlock(index)
                }
            },
        };
    }

    fn renew(&mut self, index: usize) -> Doing {
        let locked = self.lock.is_none();
        if locked {
            self.lock = Some(index);
        }
        let read = self.file.as_ref().map(|record| record.access_token().clone());
        let record = UnderLock::read(self.file.clone());
        let session = &mut self.processes[index].session;
        match session.renew(record, Freshness::default(), at(self.now)) {
            Ok(Renewal::Ask(_, generation)) if !locked && session.spends_refresh_token() => {
                session.failed(&Error::Busy, generation, at(self.now));
                Doing::Nothing
            }
            Ok(Renewal::Ask(step, generation)) => {
                let next = Self::next_of(step, self.now).unwrap_or_else(|_| unreachable!());
                Doing::Asks {
                    locked,
                    read,
                    generation,
                    next,
                }
            }
            Ok(Renewal::Found(_)) | Err(_) => self.unlock(index),
        }
    }

    fn next_of(step: Step<TokenRequest>, now: u64) -> Result<Next, carto_auth_core::TokenGrant> {
        match step {
            Step::Done(grant) => Err(grant),
            Step::Sleep(wait, timer) => Ok(Next::Timer(now + wait.as_secs() + 1, timer)),
            Step::Send(out, next) => {
                let body = String::from_utf8(out.request.into_body().into_bytes()).unwrap();
                Ok(Next::Request(body, next))
            }
        }
    }

    fn carry_on(&mut self, next: Next) -> Result<Result<Next, carto_auth_core::TokenGrant>, Error> {
        let step = match next {
            Next::Request(body, next) => {
                let reply = match (self.world, self.dice.roll(20)) {
                    (World::Cruel, 0) => Some((503, String::new())),
                    (World::Cruel, 1) => Some((429, String::new())),
                    // The answer is lost on its way back.
                    (World::Cruel, 2) => {
                        self.lost_answers += 1;
                        let _ = self.server.answer(&body, self.now);
                        None
                    }
                    _ => Some(self.server.answer(&body, self.now)),
                };
                return Ok(Ok(Next::Reply(reply, next)));
            }
            Next::Reply(reply, next) => {
                let lost = TransportError::new(TransportErrorKind::Timeout, Sent::Maybe);
                let reply = reply.map(|(status, body)| {
                    Response::builder()
                        .status(status)
                        .body(body.into_bytes())
                        .unwrap()
                });
                next.resume(reply.ok_or(lost), at(self.now))?
            }
            Next::Timer(when, timer) if self.now < when => return Ok(Ok(Next::Timer(when, timer))),
            Next::Timer(_, timer) => timer.resume(at(self.now))?,
        };
        Ok(Self::next_of(step, self.now))
    }

    fn save(&mut self, record: Option<TokenRecord>) {
        if let Some(record) = record {
            self.file = Some(record);
        }
    }

    fn unlock(&mut self, index: usize) -> Doing {
        if self.lock == Some(index) {
            self.lock = None;
        }
        Doing::Nothing
    }

    /// A process dies, and another one starts in its place.
    fn crash(&mut self, index: usize) {
        if let Doing::Asks {
            next: Next::Reply(Some((200, _)), _),
            ..
        } = &self.processes[index].doing
        {
            self.lost_answers += 1;
        }
        let doing = self.unlock(index);
        let session = self.session();
        self.processes[index] = Process { session, doing };
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            let index = usize::try_from(self.dice.roll(PROCESSES as u64)).unwrap();
            match self.dice.roll(100) {
                0..45 => self.ask(index),
                45..90 => self.advance(index),
                // In a kind world nobody is so slow that others lose patience with the lock.
                90..99 if self.world == World::Kind && self.is_somebody_busy() => {}
                90..98 => self.now += self.dice.roll(30),
                98 => self.now += LIFE,
                _ if self.world == World::Cruel => self.crash(index),
                _ => {}
            }
        }
        let world = self.world;
        self.everybody_ends();
        assert!(
            self.server.thefts == 0 || self.lost_answers > 0,
            "a refresh token is spent twice"
        );
        if world == World::Kind {
            self.one_request_for_each_life();
        }
    }

    fn is_somebody_busy(&self) -> bool {
        self.processes
            .iter()
            .any(|process| !matches!(process.doing, Doing::Nothing))
    }

    /// When nothing goes wrong any more, nobody waits for ever.
    fn everybody_ends(&mut self) {
        self.world = World::Kind;
        for _ in 0..200 {
            self.now += 1;
            for index in 0..PROCESSES {
                self.advance(index);
            }
        }
        assert!(self.lock.is_none(), "the lock is held for ever");
        assert!(
            self.processes
                .iter()
                .all(|process| matches!(process.doing, Doing::Nothing))
        );
    }

    /// Between two requests lies at least the part of a token's life in which it is not due.
    fn one_request_for_each_life(&self) {
        let not_due = LIFE - LIFE / 5;
        for pair in self.server.requests.windows(2) {
            assert!(
                pair[1] - pair[0] >= not_due,
                "two requests in one life: {:?}",
                self.server.requests
            );
        }
    }
}

/// Runs seeds, and says which one fails.
fn run_seeds(who: Who, world: World) -> (u64, usize) {
    let alone: Option<u64> = std::env::var("CARTO_AUTH_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seeds = alone.map_or(0..2000, |seed| seed..seed + 1);
    let (mut count, mut served) = (0, 0);
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| {
            let mut simulation = Simulation::new(seed, who, world);
            simulation.run();
            simulation.served
        });
        match outcome {
            Ok(tokens) => served += tokens,
            Err(_) => panic!("CARTO_AUTH_SEED={seed} fails: {who:?} in a {world:?} world"),
        }
        count += 1;
    }
    (count, served)
}

#[test]
fn no_interleaving_breaks_the_policy() {
    let start = Instant::now();
    let mut figures = String::new();
    for (who, world) in [
        (Who::Machine, World::Kind),
        (Who::Machine, World::Cruel),
        (Who::Person, World::Kind),
        (Who::Person, World::Cruel),
    ] {
        let (seeds, served) = run_seeds(who, world);
        assert!(served > 0);
        figures.push_str(&format!(
            "{who:?} in a {world:?} world: {seeds} seeds, {served} tokens handed out\n"
        ));
    }
    figures.push_str(&format!("{:?} in all\n", start.elapsed()));
    std::fs::write(
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("simulation.txt"),
        figures,
    )
    .unwrap();
}

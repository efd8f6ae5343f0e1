//! The token policy among many processes of many tasks, on the real `Session` and flows, with a clock, a file, a lock and
//! a CARTO that are simulated: every seed is one interleaving of renewals, dropped futures, lost answers, crashes,
//! processes that are stopped, busy servers and clocks that are set.
//!
//! A seed that fails prints itself; `CARTO_AUTH_SEED=N` runs it alone.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use carto_auth_core::{
    AccessToken, AwaitResponse, AwaitTimer, Endpoints, Error, Failed, Freshness, Generation, Identity,
    Jitter, M2mCredentials, Plan, Renewal, Secret, Sent, Session, Step, Timestamp, TokenGrant, TokenRecord,
    TokenRequest, TransportError, TransportErrorKind, UnderLock,
};
use carto_auth_tests::keep_figures;
use http::Response;

/// How long a token lives, in seconds.
const LIFE: u64 = 600;
/// How long a process waits for the lock, in seconds.
const PATIENCE: u64 = 10;
const PROCESSES: usize = 4;
/// In each process.
const TASKS: usize = 3;
const STEPS: usize = 600;
/// How far the clock can be set, in seconds, to either side of the true time.
const FARTHEST: u64 = 4000;

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
    /// Nothing.
    Kind,
    /// The machine's clock is set.
    Unsteady,
    /// Answers are lost, CARTO is busy, processes die or are stopped.
    Cruel,
}

/// A policy that is broken on purpose: the simulation must find it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Broken {
    Nothing,
    /// What was read before the lock is taken for what is read under it.
    ReadsBeforeTheLock,
    /// A refresh token is spent although another process holds the lock.
    SpendsWithoutTheLock,
    /// The token that comes back is not kept where others find it.
    KeepsNothing,
    /// A renewal that ends lets the waiting tasks wait.
    WakesNobody,
    /// A failed renewal removes whatever the file holds.
    ForgetsWhatOthersKept,
}

/// CARTO: it knows when each token ends, and takes a second use of a refresh token for theft.
#[derive(Default)]
struct Server {
    requests: Vec<u64>,
    /// Each token with its end, and how far the clock had been set back in all when it was granted.
    ends: Vec<(String, u64, u64)>,
    set_back: u64,
    refresh_token: String,
    spent: BTreeSet<String>,
    thefts: usize,
    issued: u64,
}

impl Server {
    fn grant(&mut self, now: u64, set_back: u64, with_refresh_token: bool) -> String {
        self.issued += 1;
        let token = format!("token-{}", self.issued);
        self.ends.push((token.clone(), now + LIFE, set_back));
        let refresh = match with_refresh_token {
            true => {
                self.refresh_token = format!("refresh-{}", self.issued);
                format!(r#","refresh_token":"{}""#, self.refresh_token)
            }
            false => String::new(),
        };
        format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{LIFE}{refresh}}}"#)
    }

    fn answer(&mut self, Sending { body, set_back }: &Sending, now: u64) -> (u16, String) {
        self.requests.push(now);
        let Some((_, refresh)) = body.split_once("refresh_token=refresh-") else {
            return (200, self.grant(now, *set_back, false));
        };
        let refresh = format!("refresh-{refresh}");
        if refresh == self.refresh_token {
            self.spent.insert(refresh);
            return (200, self.grant(now, *set_back, true));
        }
        self.thefts += usize::from(self.spent.contains(&refresh));
        (403, r#"{"error":"invalid_grant"}"#.to_owned())
    }

    /// Nobody can tell from a clock that was set back how long ago a token was granted.
    fn is_good(&self, token: &Secret, now: u64) -> bool {
        let mut known = self.ends.iter();
        known.any(|(known, end, back)| known == token.expose() && now < end + (self.set_back - back))
    }
}

/// What a process is doing about a renewal. Whoever leads it does not matter, for any task can go away.
enum Doing {
    Nothing,
    WantsLock {
        since: u64,
        seen: Option<TokenRecord>,
    },
    Asks {
        locked: bool,
        read: Option<Secret>,
        generation: Generation,
        next: Next,
    },
}

/// A request, and how far the clock had been set back when it was sent: from then its token's life is counted.
struct Sending {
    body: String,
    set_back: u64,
}

enum Next {
    /// The request is on its way.
    Request(Sending, AwaitResponse<TokenRequest>),
    /// The answer is on its way back; `None` if it is lost.
    Reply(Option<(u16, String)>, AwaitResponse<TokenRequest>),
    Timer(u64, AwaitTimer<TokenRequest>),
}

struct Process {
    session: Session,
    doing: Doing,
    /// How many tasks wait for the renewal.
    waiting: usize,
    stopped_until: u64,
}

struct Simulation {
    dice: Dice,
    who: Who,
    world: World,
    broken: Broken,
    /// The true time, in seconds, and how far the machine's clock is ahead of it.
    now: u64,
    ahead: u64,
    server: Server,
    file: Option<TokenRecord>,
    /// Which process holds the lock.
    lock: Option<usize>,
    processes: Vec<Process>,
    served: usize,
    /// An answer was lost, and a refresh token with it.
    is_excused: bool,
}

impl Simulation {
    fn new(seed: u64, who: Who, world: World, broken: Broken) -> Self {
        let mut simulation = Self {
            dice: Dice(seed),
            who,
            world,
            broken,
            now: 0,
            ahead: FARTHEST,
            server: Server::default(),
            file: None,
            lock: None,
            processes: Vec::new(),
            served: 0,
            is_excused: false,
        };
        for _ in 0..PROCESSES {
            let process = simulation.process();
            simulation.processes.push(process);
        }
        if who == Who::Person {
            simulation.log_in(0);
        }
        simulation
    }

    /// What the machine's clock says.
    fn clock(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_790_000_000) + Duration::from_secs(self.now + self.ahead)
    }

    fn process(&mut self) -> Process {
        Process {
            session: self.session(),
            doing: Doing::Nothing,
            waiting: 0,
            stopped_until: 0,
        }
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

    /// The person logs in with a process. Nobody is in the middle of a renewal.
    fn log_in(&mut self, index: usize) {
        let body = self.server.grant(self.now, self.server.set_back, true);
        let some = Secret::new("x");
        let step = TokenRequest::refresh_token(&some, &Endpoints::carto(), Jitter::new(1), self.clock());
        let Step::Send(_, next) = step else { unreachable!() };
        let reply = Ok(Response::new(body.into_bytes()));
        let Ok(Step::Done(grant)) = next.resume(reply, self.clock()) else {
            unreachable!()
        };
        let (clock, before) = (self.clock(), self.file.take());
        let session = &mut self.processes[index].session;
        session.adopt(before, clock);
        self.file = session.publish_login(grant).1;
        self.is_excused = false;
    }

    /// A task of a process wants a token.
    fn ask(&mut self, index: usize) {
        let (clock, file) = (self.clock(), self.file.clone());
        let process = &mut self.processes[index];
        if process.waiting == TASKS {
            return;
        }
        let mut plan = process.session.plan(Freshness::default(), clock);
        if matches!(plan, Plan::Refresh | Plan::LogIn(_)) {
            process.session.adopt(file.clone(), clock);
            plan = process.session.plan(Freshness::default(), clock);
        }
        match plan {
            Plan::Use(token) => return self.serve(&token),
            Plan::UseAndRefresh(token) => self.serve(&token),
            Plan::Refresh => self.processes[index].waiting += 1,
            Plan::LogIn(error) => {
                assert!(self.is_excused, "a login is asked for without need: {error}");
                if !self.is_somebody_busy() {
                    self.log_in(index);
                }
                return;
            }
        }
        self.lead(index, file);
    }

    fn serve(&mut self, token: &AccessToken) {
        assert!(
            self.server.is_good(token.secret(), self.now),
            "an expired token is handed out"
        );
        self.served += 1;
    }

    /// Leads a renewal, unless one is under way.
    fn lead(&mut self, index: usize, seen: Option<TokenRecord>) {
        let (since, process) = (self.now, &mut self.processes[index]);
        if let Doing::Nothing = process.doing {
            process.doing = Doing::WantsLock { since, seen };
        }
    }

    /// Takes a renewal one step further.
    fn advance(&mut self, index: usize) {
        if self.now < self.processes[index].stopped_until {
            return;
        }
        let doing = std::mem::replace(&mut self.processes[index].doing, Doing::Nothing);
        let doing = match doing {
            Doing::Nothing => return,
            Doing::WantsLock { since, seen } if self.lock.is_some() && self.now < since + PATIENCE => {
                Doing::WantsLock { since, seen }
            }
            Doing::WantsLock { seen, .. } => self.renew(index, seen),
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
                Ok(Err(grant)) => self.finish(index, read.as_ref(), generation, Ok(grant)),
                Err(error) => self.finish(index, read.as_ref(), generation, Err(error)),
            },
        };
        self.processes[index].doing = doing;
        if let Doing::Nothing = self.processes[index].doing
            && self.broken != Broken::WakesNobody
        {
            self.wake(index);
        }
    }

    /// Those who waited for a renewal look again.
    fn wake(&mut self, index: usize) {
        for _ in 0..std::mem::take(&mut self.processes[index].waiting) {
            self.ask(index);
        }
    }

    fn renew(&mut self, index: usize, seen: Option<TokenRecord>) -> Doing {
        let locked = self.lock.is_none();
        if locked {
            self.lock = Some(index);
        }
        let record = match self.broken {
            Broken::ReadsBeforeTheLock => seen,
            _ => self.file.clone(),
        };
        let read = record.as_ref().map(|record| record.access_token().clone());
        let (clock, session) = (self.clock(), &mut self.processes[index].session);
        let must_lock = self.broken != Broken::SpendsWithoutTheLock && session.spends_refresh_token();
        match session.renew(UnderLock::read(record), Freshness::default(), clock) {
            Ok(Renewal::Ask(_, generation)) if !locked && must_lock => {
                session.failed(&Error::Busy, generation, clock);
                Doing::Nothing
            }
            Ok(Renewal::Ask(step, generation)) => {
                let next = self.next_of(step).unwrap_or_else(|_| unreachable!());
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

    /// As `Asking::finish` of native.
    fn finish(
        &mut self,
        index: usize,
        read: Option<&Secret>,
        generation: Generation,
        outcome: Result<TokenGrant, Error>,
    ) -> Doing {
        let (clock, found) = (self.clock(), self.file.clone());
        let is_as_before = read == found.as_ref().map(TokenRecord::access_token);
        let session = &mut self.processes[index].session;
        match outcome {
            Ok(_) if !is_as_before && self.who == Who::Person => session.adopt(found, clock),
            Ok(grant) => {
                let record = session.publish(grant, generation).1;
                if self.broken != Broken::KeepsNothing {
                    self.save(record);
                }
            }
            Err(error) => match session.failed(&error, generation, clock) {
                Failed::Keep(record) if is_as_before => self.save(Some(*record)),
                Failed::Forget if is_as_before => self.forget(),
                _ if self.broken == Broken::ForgetsWhatOthersKept => self.forget(),
                _ => {}
            },
        }
        self.unlock(index)
    }

    fn next_of(&self, step: Step<TokenRequest>) -> Result<Next, TokenGrant> {
        match step {
            Step::Done(grant) => Err(grant),
            Step::Sleep(wait, timer) => Ok(Next::Timer(self.now + wait.as_secs() + 1, timer)),
            Step::Send(out, next) => {
                let body = String::from_utf8(out.request.into_body().into_bytes()).unwrap();
                let set_back = self.server.set_back;
                Ok(Next::Request(Sending { body, set_back }, next))
            }
        }
    }

    fn carry_on(&mut self, next: Next) -> Result<Result<Next, TokenGrant>, Error> {
        let step = match next {
            Next::Request(sending, next) => {
                let reply = match (self.world, self.dice.roll(20)) {
                    (World::Cruel, 0) => Some((503, String::new())),
                    (World::Cruel, 1) => Some((429, "retry-after: 20".to_owned())),
                    // The answer is lost on its way back.
                    (World::Cruel, 2) => {
                        self.is_excused = true;
                        let _ = self.server.answer(&sending, self.now);
                        None
                    }
                    _ => Some(self.server.answer(&sending, self.now)),
                };
                return Ok(Ok(Next::Reply(reply, next)));
            }
            Next::Reply(reply, next) => {
                let lost = TransportError::new(TransportErrorKind::Timeout, Sent::Maybe);
                let reply = reply.map(|(status, body)| {
                    let reply = Response::builder().status(status);
                    let reply = match body.split_once("retry-after: ") {
                        Some((_, seconds)) => reply.header("retry-after", seconds),
                        None => reply,
                    };
                    reply.body(body.clone().into_bytes()).unwrap()
                });
                next.resume(reply.ok_or(lost), self.clock())?
            }
            Next::Timer(when, timer) if self.now < when => return Ok(Ok(Next::Timer(when, timer))),
            Next::Timer(_, timer) => timer.resume(self.clock())?,
        };
        Ok(self.next_of(step))
    }

    fn save(&mut self, record: Option<TokenRecord>) {
        let Some(record) = record else { return };
        assert!(
            !self.file_is_good() || self.server.is_good(record.access_token(), self.now),
            "a good token gives way to one that is not"
        );
        self.file = Some(record);
    }

    fn forget(&mut self) {
        assert!(!self.file_is_good(), "a good token is lost");
        self.file = None;
    }

    /// As far as anybody can know: life is counted from when the request was sent, and nobody uses the last 10 s.
    fn file_is_good(&self) -> bool {
        let end = self.clock() + Duration::from_secs(10);
        let is_good = |file: &TokenRecord| {
            file.expires_at() > end && self.server.is_good(file.access_token(), self.now)
        };
        self.file.as_ref().is_some_and(is_good)
    }

    fn unlock(&mut self, index: usize) -> Doing {
        if self.lock == Some(index) {
            self.lock = None;
        }
        Doing::Nothing
    }

    /// A renewal is given up: its process dies and another one starts in its place, or only its future is dropped.
    fn give_up(&mut self, index: usize, dies: bool) {
        if let Doing::Asks {
            next: Next::Reply(Some((200, _)), _),
            ..
        } = &self.processes[index].doing
        {
            self.is_excused = true;
        }
        self.processes[index].doing = self.unlock(index);
        match dies {
            true => self.processes[index] = self.process(),
            false => self.wake(index),
        }
    }

    /// Something happens that no program expects.
    fn disturb(&mut self, index: usize) {
        match (self.world, self.dice.roll(3)) {
            (World::Kind, _) => self.processes[index].waiting = 0,
            (World::Unsteady, _) => {
                let ahead = self.dice.roll(2 * FARTHEST);
                self.server.set_back += self.ahead.saturating_sub(ahead);
                self.ahead = ahead;
            }
            (World::Cruel, 0) => self.processes[index].stopped_until = self.now + self.dice.roll(60),
            (World::Cruel, sides) => self.give_up(index, sides == 1),
        }
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            let index = usize::try_from(self.dice.roll(PROCESSES as u64)).unwrap();
            match self.dice.roll(100) {
                0..45 if self.now >= self.processes[index].stopped_until => self.ask(index),
                45..90 => self.advance(index),
                // Where processes are as fast as they should be, nobody loses patience with the lock.
                90..98 if self.world != World::Cruel && self.is_somebody_busy() => {}
                90..97 => self.now += self.dice.roll(30),
                97 => self.now += LIFE,
                98 => self.disturb(index),
                _ => {}
            }
        }
        let world = self.world;
        self.everybody_ends();
        assert!(
            self.server.thefts == 0 || world == World::Cruel,
            "a refresh token is spent twice"
        );
        if world == World::Kind {
            self.one_request_for_each_life();
        }
    }

    fn is_somebody_busy(&self) -> bool {
        let is_busy = |process: &Process| !matches!(process.doing, Doing::Nothing);
        self.processes.iter().any(is_busy)
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
        assert!(!self.is_somebody_busy(), "a renewal never ends");
        let is_waiting = |process: &Process| process.waiting > 0;
        assert!(!self.processes.iter().any(is_waiting), "a task waits for ever");
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

fn runs(seed: u64, who: Who, world: World, broken: Broken) -> Option<usize> {
    let outcome = std::panic::catch_unwind(|| {
        let mut simulation = Simulation::new(seed, who, world, broken);
        simulation.run();
        simulation.served
    });
    outcome.ok()
}

#[test]
fn no_interleaving_breaks_the_policy() {
    let alone: Option<u64> = std::env::var("CARTO_AUTH_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let start = Instant::now();
    let (mut worlds, mut tokens_handed_out) = (0, 0);
    for who in [Who::Machine, Who::Person] {
        for world in [World::Kind, World::Unsteady, World::Cruel] {
            let seeds = alone.map_or(0..2000, |seed| seed..seed + 1);
            let count = seeds.end - seeds.start;
            let mut served = 0;
            for seed in seeds {
                let tokens = runs(seed, who, world, Broken::Nothing);
                served += tokens.unwrap_or_else(|| {
                    panic!("CARTO_AUTH_SEED={seed} fails: {who:?} in a world that is {world:?}")
                });
            }
            assert!(served > 0);
            worlds += count;
            tokens_handed_out += served;
        }
    }
    let value = format!("{worlds} ({tokens_handed_out} tokens, in {:?})", start.elapsed());
    let name = "simulated worlds of 4 processes, none of which hands out a dead token or loses a good one";
    keep_figures("simulation", &[(name, &value)]).unwrap();
}

#[test]
fn a_policy_that_is_broken_on_purpose_is_found() {
    let mut seeds = Vec::new();
    for (broken, who, world) in [
        (Broken::ReadsBeforeTheLock, Who::Machine, World::Kind),
        (Broken::ReadsBeforeTheLock, Who::Person, World::Kind),
        (Broken::SpendsWithoutTheLock, Who::Person, World::Cruel),
        (Broken::KeepsNothing, Who::Machine, World::Kind),
        (Broken::WakesNobody, Who::Machine, World::Kind),
        (Broken::ForgetsWhatOthersKept, Who::Machine, World::Cruel),
    ] {
        let found = (0..500).find(|seed| runs(*seed, who, world, broken).is_none());
        let seed = found.unwrap_or_else(|| panic!("{broken:?} is not found"));
        seeds.push(format!("{broken:?} at seed {seed}"));
    }
    let name = "policies broken on purpose that the simulation finds";
    keep_figures("simulation_broken", &[(name, &seeds.join(", "))]).unwrap();
}

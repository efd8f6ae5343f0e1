//! The matrix: zones, both sides of a change of the clocks, remaining life, JWT and opaque tokens, and who wrote the file
//! and who read it. Every cell is a file, and every verdict the answer of a real program: the token in it, or a new one.

use std::fs;
use std::path::PathBuf;

use carto_auth_sandbox::{Sandbox, TokenFormat};
use carto_auth_tests::{Clock, Dialogue};

use crate::peers::{Place, machine};
use crate::verdicts::Verdicts;
use crate::zones::{self, Change, Zone};

/// The true remaining life of a token when it is looked at, in minutes.
const LIVES: [i64; 20] = [
    -360, -300, -240, -180, -120, -90, -61, -45, -30, -15, -1, 10, 30, 59, 61, 90, 150, 240, 480, 780,
];
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// Tokens are issued so long before they are looked at.
const AGE: i64 = 12 * HOUR;

#[test]
fn utc() {
    matrix(&zones::UTC);
}

#[test]
fn madrid() {
    matrix(&zones::MADRID);
}

#[test]
fn new_york() {
    matrix(&zones::NEW_YORK);
}

#[test]
fn los_angeles() {
    matrix(&zones::LOS_ANGELES);
}

#[test]
fn kolkata() {
    matrix(&zones::KOLKATA);
}

#[test]
fn auckland() {
    matrix(&zones::AUCKLAND);
}

#[test]
fn lord_howe() {
    matrix(&zones::LORD_HOWE);
}

fn matrix(zone: &Zone) {
    let mut world = World::new(zone.name);
    let mut verdicts = Verdicts::default();
    for change in zone.changes {
        assert_eq!(world.offset(change.at - 1), change.offsets.0, "{}", zone.name);
        assert_eq!(world.offset(change.at), change.offsets.1, "{}", zone.name);
        // Before and after the clocks change, and where Python's clock jumps: within what it skips, and beyond.
        for moment in [
            change.at - 40 * MINUTE,
            change.at + 40 * MINUTE,
            change.jump() + 20 * MINUTE,
            change.jump() + 75 * MINUTE,
        ] {
            world.look_at(moment, change, &mut verdicts);
        }
    }
    verdicts.keep_and_assert(zone.name);
    assert_eq!(
        verdicts.cells(),
        2 * 4 * LIVES.len() * (10 + 11 + 1),
        "{}",
        zone.name
    );
}

/// In memory where the machine has such a folder: every file is synced.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

struct World {
    carto: Sandbox,
    folder: tempfile::TempDir,
    clock: Clock,
    python: Dialogue,
    ours: Dialogue,
    cells: u32,
}

/// One cell: the token that Python obtained and the one that we obtained, each in a folder of its own.
struct Cell {
    life: i64,
    format: TokenFormat,
    by_python: File,
    by_us: File,
    /// Python's, that we looked at and Python rewrote.
    through_us: File,
    /// Ours, that Python rewrote.
    through_python: File,
    pythons_token: String,
    our_token: String,
    /// What we had when we looked at Python's.
    our_token_through_us: String,
}

/// A cache in a folder of its own.
struct File(PathBuf);

impl File {
    /// The same in another folder: with the file of our own, or only what Python shares with us.
    fn copy(&self, suffix: &str, is_wanted: impl Fn(&str) -> bool) -> Self {
        let name = self.0.file_name().unwrap().to_str().unwrap();
        let other = self.0.with_file_name(format!("{name}-{suffix}"));
        fs::create_dir(&other).unwrap();
        for entry in fs::read_dir(&self.0).unwrap() {
            let entry = entry.unwrap();
            if is_wanted(entry.file_name().to_str().unwrap()) {
                fs::copy(entry.path(), other.join(entry.file_name())).unwrap();
            }
        }
        Self(other)
    }

    fn whole(&self, suffix: &str) -> Self {
        self.copy(suffix, |_| true)
    }

    fn shared_alone(&self, suffix: &str) -> Self {
        self.copy(suffix, |name| name == "token.json")
    }

    fn path(&self) -> PathBuf {
        self.0.join("token.json")
    }
}

impl World {
    fn new(zone: &str) -> Self {
        let (carto, folder) = (Sandbox::start().unwrap(), folder());
        fs::write(folder.path().join("ci.json"), carto.credentials_json()).unwrap();
        let clock = Clock::new(folder.path()).unwrap();
        let place = Place {
            sandbox: carto.url(),
            home: folder.path(),
            zone,
            clock: &clock,
        };
        let (python, ours) = (place.python(), place.ours());
        Self {
            carto,
            folder,
            clock,
            python,
            ours,
            cells: 0,
        }
    }

    /// What the C library, and so Python, takes for the offset.
    fn offset(&mut self, at: i64) -> i64 {
        self.python
            .ask(&["offset", &at.to_string()])
            .unwrap()
            .parse()
            .unwrap()
    }

    fn set_clock(&self, at: i64) {
        self.carto.set_clock_ahead(self.clock.set(at).unwrap());
    }

    fn ask_python(&mut self, file: &File) -> String {
        let credentials = self.folder.path().join("ci.json");
        machine(&mut self.python, &credentials, Some(&file.path())).0
    }

    fn ask_us(&mut self, file: &File) -> String {
        let credentials = self.folder.path().join("ci.json");
        machine(&mut self.ours, &credentials, Some(&file.path())).0
    }

    /// Lets the next token end `life` minutes after the moment, when it is `before` it now.
    fn next_token(&self, cell: (i64, TokenFormat), before: i64) {
        let (life, format) = cell;
        let seconds = u64::try_from(before + life * MINUTE).unwrap();
        self.carto
            .set_token_lifetime(std::time::Duration::from_secs(seconds));
        self.carto.set_token_format(format);
    }

    fn look_at(&mut self, moment: i64, change: Change, verdicts: &mut Verdicts) {
        self.set_clock(moment - AGE);
        let kinds = [TokenFormat::Jwt, TokenFormat::Opaque];
        let all = LIVES.iter().flat_map(|life| kinds.map(|format| (*life, format)));
        let mut cells: Vec<Cell> = all.map(|cell| self.obtain(cell)).collect();
        let endless: Vec<(i64, File, String)> = LIVES.iter().map(|life| self.obtain_endless(*life)).collect();
        self.set_clock(moment - AGE + HOUR);
        for cell in &mut cells {
            self.next_token((cell.life, cell.format), AGE - HOUR);
            assert_eq!(self.ask_python(&cell.through_python), cell.our_token);
            cell.our_token_through_us = self.ask_us(&cell.through_us);
        }
        self.set_clock(moment - AGE + 2 * HOUR);
        for cell in &cells {
            assert_eq!(
                self.ask_python(&cell.through_us),
                cell.pythons_token,
                "not evicted"
            );
            assert_eq!(self.ask_us(&cell.through_python), cell.our_token);
        }
        self.set_clock(moment);
        for cell in &cells {
            self.judge(cell, moment, change, verdicts);
        }
        // East of Greenwich it is given up early, for it could have been written where that is UTC.
        let (before, after) = change.offsets;
        let early = before.max(after).max(0) + (before - after).abs();
        for (life, file, token) in endless {
            let by_us = self.ask_us(&file) == token;
            verdicts.expect(
                &format!("{life} min, at {moment}"),
                "Python wrote a JWT without an end, we read: never a dead token, and not given up before it must",
                by_us == (life > 0) || (!by_us && life * MINUTE <= early),
            );
        }
    }

    /// Lets Python obtain a token whose end is in its file alone.
    fn obtain_endless(&mut self, life: i64) -> (i64, File, String) {
        self.cells += 1;
        let file = File(self.folder.path().join(format!("{}-endless", self.cells)));
        fs::create_dir(&file.0).unwrap();
        self.next_token((life, TokenFormat::JwtWithoutEnd), AGE);
        let token = self.ask_python(&file);
        (life, file, token)
    }

    fn obtain(&mut self, cell: (i64, TokenFormat)) -> Cell {
        self.cells += 1;
        let name = |what: &str| File(self.folder.path().join(format!("{}-{what}", self.cells)));
        let (by_python, by_us) = (name("python"), name("us"));
        fs::create_dir(&by_python.0).unwrap();
        self.next_token(cell, AGE);
        let (pythons_token, our_token) = (self.ask_python(&by_python), self.ask_us(&by_us));
        Cell {
            life: cell.0,
            format: cell.1,
            through_us: by_python.whole("through-us"),
            through_python: by_us.whole("through-python"),
            by_python,
            by_us,
            pythons_token,
            our_token,
            our_token_through_us: String::new(),
        }
    }

    /// Ours is right when it hands out the token while it lives and no longer, and only one that it knows to be its own:
    /// an opaque one that Python wrote does not say whose it is. Python is right when it hands out no dead token, and
    /// does not ask for another earlier than it would for one that it has written itself.
    fn judge(&mut self, cell: &Cell, moment: i64, change: Change, verdicts: &mut Verdicts) {
        let (lives, is_jwt) = (cell.life > 0, cell.format == TokenFormat::Jwt);
        let what = format!("{} min, {:?}, at {moment}", cell.life, cell.format);
        let shared = cell.by_python.shared_alone("read");
        let by_python_itself = self.ask_python(&cell.by_python) == cell.pythons_token;
        let by_us = self.ask_us(&shared) == cell.pythons_token;
        verdicts.note(
            "Python wrote, Python read: its own affair",
            by_python_itself == lives,
        );
        verdicts.expect(&what, "Python wrote, we read", by_us == (lives && is_jwt));
        if !is_jwt {
            // We have got a token of our own meanwhile.
            verdicts.expect(
                &what,
                "Python wrote an opaque token, we came by, Python read: not evicted",
                (self.ask_python(&shared) == cell.pythons_token) == by_python_itself,
            );
        }

        let (shared, copy) = (cell.by_us.shared_alone("shared"), cell.by_us.whole("copy"));
        verdicts.expect(
            &what,
            "we wrote, we read",
            (self.ask_us(&cell.by_us) == cell.our_token) == lives,
        );
        verdicts.expect(
            &what,
            "we wrote, we read without the file of our own",
            (self.ask_us(&shared) == cell.our_token) == lives,
        );
        let by_python = self.ask_python(&copy) == cell.our_token;
        verdicts.expect(
            &what,
            "we wrote, Python read: never a dead token",
            lives || !by_python,
        );
        let is_early = lives && by_python_itself && !by_python;
        match change.skips(moment + cell.life * MINUTE) {
            true => verdicts.note(
                "we wrote, Python read: no earlier login, end in a skipped hour",
                !is_early,
            ),
            false => verdicts.expect(
                &what,
                "we wrote, Python read: no earlier login than with its own",
                !is_early,
            ),
        }

        let (shared, copy) = (
            cell.through_python.shared_alone("shared"),
            cell.through_python.whole("copy"),
        );
        verdicts.expect(
            &what,
            "we wrote, Python rewrote, we read",
            (self.ask_us(&cell.through_python) == cell.our_token) == lives,
        );
        verdicts.expect(
            &what,
            "we wrote, Python rewrote, we read without the file of our own",
            (self.ask_us(&shared) == cell.our_token) == (lives && is_jwt),
        );
        let again = self.ask_python(&copy) == cell.our_token;
        verdicts.expect(
            &what,
            "we wrote, Python rewrote, Python read: as before",
            again == by_python,
        );

        let copy = cell.through_us.whole("copy");
        assert_eq!(cell.our_token_through_us == cell.pythons_token, is_jwt, "{what}");
        verdicts.expect(
            &what,
            "Python wrote, we read, Python rewrote, both read",
            (self.ask_us(&cell.through_us) == cell.our_token_through_us) == lives
                && (self.ask_python(&copy) == cell.pythons_token) == by_python_itself,
        );
    }
}

//! The blocking front end with its stores: who gets which token, and what the files hold.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use carto_auth_sandbox::{Endpoint, Fault, Sandbox, TokenFormat};
use carto_auth_tests::write_long_ago;
use carto_auth_ureq::{CartoAuth, Endpoints, ErrorKind, FileStore, M2mBuilder, M2mCredentials, MemoryStore};
use tempfile::TempDir;

struct World {
    carto: Sandbox,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        Self {
            carto: Sandbox::start().unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A machine at the shared place, as another process would make it.
    fn machine(&self, client_id: &str) -> M2mBuilder {
        let file = self.carto.add_client(client_id, "secret");
        let machine = M2mCredentials::from_json(file.as_bytes(), "file").unwrap();
        let endpoints = Endpoints::carto().with_auth_url(&self.carto.auth_url()).unwrap();
        CartoAuth::m2m(machine)
            .endpoints(endpoints)
            .cache_file(self.shared())
    }

    fn token(&self, client_id: &str) -> String {
        self.machine(client_id)
            .connect()
            .unwrap()
            .access_token()
            .unwrap()
            .secret()
            .expose()
            .to_owned()
    }

    fn shared(&self) -> PathBuf {
        self.folder.path().join("sub/token.json")
    }

    fn own(&self, client_id: &str) -> PathBuf {
        let auth = self.machine(client_id).build();
        FileStore::at(self.shared()).own_file(auth.identity().unwrap())
    }

    fn asked(&self) -> usize {
        self.carto.count(Endpoint::Token)
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder.path().join("sub"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_second_process_takes_the_token_from_the_cache() {
    let world = World::new();
    let first = world.token("a");
    assert_eq!(world.token("a"), first);
    assert_eq!(world.asked(), 1);
    assert_eq!(
        (
            mode(&world.shared()),
            mode(&world.own("a")),
            mode(world.shared().parent().unwrap())
        ),
        (0o600, 0o600, 0o700)
    );
    assert_eq!(
        world.files().len(),
        3,
        "two token files and a lock: {:?}",
        world.files()
    );
}

#[test]
fn two_clients_in_turn_neither_evict_each_other_nor_get_each_others_token() {
    let world = World::new();
    let (a, b) = (world.token("a"), world.token("b"));
    assert_ne!(a, b);
    for _ in 0..3 {
        assert_eq!((world.token("a"), world.token("b")), (a.clone(), b.clone()));
    }
    assert_eq!(world.asked(), 2);
    let shared = fs::read_to_string(world.shared()).unwrap();
    assert!(
        shared.contains(&a),
        "the one who was there first keeps the shared file"
    );
}

#[test]
fn two_regions_of_one_client_do_not_share_a_token() {
    let world = World::new();
    let there = world.token("a");
    let machine = M2mCredentials::new("https://elsewhere.example", "a", "secret").unwrap();
    let endpoints = Endpoints::carto().with_auth_url(&world.carto.auth_url()).unwrap();
    let auth = CartoAuth::m2m(machine)
        .endpoints(endpoints)
        .cache_file(world.shared())
        .connect()
        .unwrap();
    assert_eq!(auth.api_base_url().unwrap().as_str(), "https://elsewhere.example");
    assert_ne!(auth.access_token().unwrap().secret().expose(), there);
}

#[test]
fn a_corrupt_empty_or_foreign_file_is_a_miss_and_is_replaced() {
    for bytes in [
        &b""[..],
        b"{",
        b"\xff\xfe",
        b"null",
        b"{\"api_base_url\":null}",
        &[0; 5000],
    ] {
        let world = World::new();
        let good = world.token("a");
        write_long_ago(world.shared(), bytes).unwrap();
        fs::write(world.own("a"), bytes).unwrap();
        let next = world.token("a");
        assert_ne!(next, good);
        assert_eq!(world.token("a"), next);
        assert_eq!(world.asked(), 2, "{bytes:?}");
        assert!(
            fs::read_to_string(world.shared()).unwrap().contains(&next),
            "{bytes:?}"
        );
    }
}

#[test]
fn an_expired_token_in_the_cache_is_renewed() {
    let world = World::new();
    let old = world.token("a");
    for path in [world.shared(), world.own("a")] {
        let text = fs::read_to_string(&path).unwrap();
        let (start, rest) = text.split_once("\"expires_at\":").unwrap();
        let (_, end) = rest.split_once(',').unwrap();
        fs::write(&path, format!("{start}\"expires_at\":1000000000,{end}")).unwrap();
    }
    let new = world.token("a");
    assert_ne!(new, old);
    assert_eq!(world.token("a"), new);
    assert_eq!(world.asked(), 2);
}

#[test]
fn a_cached_token_counts_until_its_end_and_not_without_one() {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let ends = [None, Some(0), Some(1), Some(now - 10), Some(now + 3600)];
    for (end, is_good) in ends.into_iter().zip([false, false, false, false, true]) {
        let world = World::new();
        world.token("a");
        let text = fs::read_to_string(world.own("a")).unwrap();
        let mut kept: serde_json::Value = serde_json::from_str(&text).unwrap();
        kept["access_token"] = "cached".into();
        for key in ["expiration", "expires_at"] {
            kept[key] = end.into();
        }
        kept.as_object_mut().unwrap().remove("obtained_at");
        for path in [world.shared(), world.own("a")] {
            fs::write(path, kept.to_string()).unwrap();
        }
        assert_eq!(world.token("a") == "cached", is_good, "{end:?}");
        assert_eq!(world.asked(), if is_good { 1 } else { 2 }, "{end:?}");
    }
}

#[test]
fn a_file_that_others_may_write_is_a_miss() {
    let world = World::new();
    let planted = world.token("a");
    for path in [world.shared(), world.own("a")] {
        fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap();
    }
    assert_ne!(world.token("a"), planted);
    assert_eq!(mode(&world.own("a")), 0o600);
}

#[test]
fn a_symbolic_link_at_the_path_is_replaced() {
    let world = World::new();
    let precious = world.folder.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    fs::create_dir(world.folder.path().join("sub")).unwrap();
    symlink(&precious, world.shared()).unwrap();
    symlink(&precious, world.own("a")).unwrap();
    world.token("a");
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    assert!(fs::symlink_metadata(world.own("a")).unwrap().is_file());
}

#[test]
fn a_place_that_cannot_be_used_costs_no_token() {
    let world = World::new();
    let at = |path: &str| {
        world
            .machine("a")
            .cache_file(path)
            .connect()
            .unwrap()
            .access_token()
            .unwrap()
    };
    for place in ["/proc/none/token.json", "/dev/null/token.json"] {
        assert!(!at(place).secret().expose().is_empty(), "{place}");
    }
    // A folder in the place of each file.
    fs::create_dir_all(world.shared().join("x")).unwrap();
    fs::create_dir_all(world.own("a").join("x")).unwrap();
    fs::create_dir_all(world.own("a").with_extension("lock")).unwrap();
    assert!(!world.token("a").is_empty());
}

#[test]
fn without_a_cache_no_file_is_touched() {
    let world = World::new();
    world.machine("a").without_cache().connect().unwrap();
    assert_eq!(fs::read_dir(world.folder.path()).unwrap().count(), 0);
}

#[test]
fn temporary_files_of_a_killed_process_are_removed_by_the_next_one() {
    let world = World::new();
    world.token("a");
    let left = world.own("a").with_file_name(format!(
        ".{}XYZ.tmp",
        world.own("a").file_stem().unwrap().to_str().unwrap().to_owned() + "."
    ));
    fs::write(&left, "half").unwrap();
    world.machine("a").build().new_token().unwrap();
    assert_eq!(world.files().len(), 3, "{:?}", world.files());
}

#[test]
fn a_rejected_token_is_gone_here_and_in_the_cache() {
    let world = World::new();
    let auth = world.machine("a").connect().unwrap();
    let bad = auth.access_token().unwrap();
    assert!(auth.reject(&bad));
    assert!(
        !auth.reject(&bad),
        "the second time it is no longer the current one"
    );
    assert!(!world.own("a").exists() && !world.shared().exists());
    let good = auth.access_token().unwrap();
    assert_ne!(good.secret(), bad.secret());
    assert!(!auth.reject(&bad), "a late 401 does not discard the new one");
    assert_eq!(auth.access_token().unwrap().secret(), good.secret());
    assert_eq!(world.token("a"), good.secret().expose());
}

#[test]
fn logging_out_removes_ones_own_files_and_nobody_elses() {
    let world = World::new();
    let a = world.token("a");
    world.token("b");
    let removed = world.machine("b").build().log_out().unwrap();
    assert_eq!(removed, [world.own("b")]);
    assert!(fs::read_to_string(world.shared()).unwrap().contains(&a));
    assert_eq!(
        world.machine("a").build().log_out().unwrap(),
        [world.own("a"), world.shared()]
    );
}

#[test]
fn a_failed_early_renewal_hands_out_the_token_that_is_still_good() {
    let world = World::new();
    world.carto.set_token_lifetime(Duration::from_secs(86_400));
    let store = MemoryStore::default();
    let old = world
        .machine("a")
        .store(store.clone())
        .connect()
        .unwrap()
        .access_token()
        .unwrap();
    world.carto.fail_always(Endpoint::Token, Fault::status(500));
    let again = world.machine("a").store(store).build();
    assert_eq!(again.access_token().unwrap().secret(), old.secret());
    assert_eq!(again.new_token().unwrap_err().kind(), ErrorKind::BadResponse);
    assert_eq!(
        again.access_token().unwrap().secret(),
        old.secret(),
        "the failure cost nothing"
    );
}

#[test]
fn a_hundred_threads_ask_once() {
    let world = World::new();
    world
        .carto
        .fail_always(Endpoint::Token, Fault::delay(Duration::from_millis(50)));
    let auth = world.machine("a").without_cache().build();
    let tokens: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..100)
            .map(|_| scope.spawn(|| auth.access_token().unwrap()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(world.asked(), 1);
    assert!(tokens.iter().all(|token| token.secret() == tokens[0].secret()));
}

#[test]
fn a_given_token_is_used_until_it_ends_and_never_renewed() {
    let auth = CartoAuth::from_token("https://api.example/", "opaque").unwrap();
    assert_eq!(auth.api_base_url().unwrap().as_str(), "https://api.example");
    assert_eq!(
        auth.access_token().unwrap().authorization_header(),
        "Bearer opaque"
    );
    let past = SystemTime::now() - Duration::from_secs(1);
    let ended = CartoAuth::from_token_until("https://api.example", "opaque", past).unwrap();
    assert_eq!(
        ended.access_token().unwrap_err().kind(),
        ErrorKind::SessionExpired
    );
    assert_eq!(
        CartoAuth::from_token("http://api.example", "t")
            .unwrap_err()
            .kind(),
        ErrorKind::BadApiBaseUrl
    );
    assert_eq!(
        CartoAuth::from_token("https://api.example", "a b")
            .unwrap_err()
            .kind(),
        ErrorKind::CredentialsInvalid
    );
}

#[test]
fn logging_out_removes_a_token_that_a_killed_process_left_half_written() {
    let world = World::new();
    let own = world.own("a");
    let left = own.with_file_name(format!(".{}.XYZ.tmp", own.file_stem().unwrap().to_str().unwrap()));
    fs::create_dir_all(left.parent().unwrap()).unwrap();
    for token_files in [false, true] {
        if token_files {
            world.token("a");
        }
        fs::write(&left, "half").unwrap();
        world.machine("a").build().log_out().unwrap();
        let lock = own.with_extension("lock");
        assert_eq!(world.files(), [lock.file_name().unwrap().to_str().unwrap()]);
    }
}

#[test]
fn our_opaque_token_is_ours_in_pythons_file_too_though_python_has_dropped_our_keys() {
    let world = World::new();
    world.carto.set_token_format(TokenFormat::Opaque);
    let first = world.token("a");
    // As Python leaves it at every start.
    let dropped = |token: &str| {
        let text = fs::read_to_string(world.shared()).unwrap();
        let end = text.find(",\"version\"").unwrap();
        fs::write(world.shared(), format!("{}}}", &text[..end])).unwrap();
        assert!(text.contains(token));
    };
    dropped(&first);
    let auth = world.machine("a").build();
    let second = auth.new_token().unwrap();
    assert_ne!(second.secret().expose(), first);
    dropped(second.secret().expose());
    auth.log_out().unwrap();
    assert_eq!(world.files().len(), 1, "the lock: {:?}", world.files());
}

#[test]
fn of_two_tokens_the_later_is_the_one_that_the_server_issued_later() {
    let world = World::new();
    world.carto.set_token_lifetime(Duration::from_secs(500));
    let old = world.token("a");
    let own = fs::read(world.own("a")).unwrap();
    // By its own clock the sandbox issues the next one an hour later; it is put where only Python would.
    world.carto.set_clock_ahead(3600);
    let new = world.machine("a").build().new_token().unwrap();
    assert_ne!(new.secret().expose(), old);
    let text = String::from_utf8(own)
        .unwrap()
        .replace("\"obtained_at\":1", "\"obtained_at\":2");
    fs::write(world.own("a"), text).unwrap();
    let taken = world.machine("a").build().access_token().unwrap();
    assert_eq!(taken.secret(), new.secret());
}

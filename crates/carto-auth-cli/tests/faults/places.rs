//! Places where nothing can be kept: full and read-only disks, no home, strangers' files, odd umasks. Mounts are made in
//! a namespace of their own, which ends with its process; other users are numbers that nobody has.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use carto_auth_tests::{Outcome, bare, behind, run_within};

use crate::scene::{Scene, Stage, files, is_own, token_in};
use crate::tally;
use crate::world::{delivered, error_of};

const LIMIT: Duration = Duration::from_secs(20);

/// A user that this machine does not know, so that it has no home either.
const NOBODY: u32 = 61_234;

fn run(command: &mut Command) -> Outcome {
    tally::count(tally::PLACES, 1);
    let outcome = run_within(command, LIMIT).unwrap();
    outcome.unwrap_or_else(|| panic!("it hangs: {command:?}"))
}

/// How a namespace is had here in which one may mount, or why there is none.
fn namespace() -> Result<&'static [&'static str], &'static str> {
    static FOUND: OnceLock<Result<&[&str], String>> = OnceLock::new();
    let look = || {
        let mut why = String::new();
        let ways: [&[&str]; 2] = [&["unshare", "-m"], &["unshare", "-r", "-m"]];
        for way in ways {
            let folder = tempfile::tempdir().unwrap();
            let mut command = Command::new(way[0]);
            command
                .args(&way[1..])
                .args(["mount", "-t", "tmpfs", "tmpfs"])
                .arg(folder.path());
            match run_within(&mut command, LIMIT) {
                Ok(Some(outcome)) if outcome.code == Some(0) => return Ok(way),
                failed => why = format!("nothing can be mounted: {failed:?}"),
            }
        }
        Err(why)
    };
    FOUND.get_or_init(look).as_ref().copied().map_err(String::as_str)
}

/// Runs the stage's command in a namespace after `before` and ahead of `after`, which are lines of a shell in the home.
fn mounted(stage: &Stage, before: &str, after: &str) -> Option<Outcome> {
    let way = namespace()
        .inspect_err(|why| tally::skip("a mounted token folder", why))
        .ok()?;
    let script = format!("set -e\n{before}\nset +e\n\"$@\"\ncode=$?\nset -e\n{after}\nexit $code");
    let front = [way, &["sh", "-c", &script, "sh"]].concat();
    Some(run(&mut behind(&front, &stage.command())))
}

/// How the command is run by another user, or why it cannot be.
fn as_nobody() -> Result<Vec<String>, String> {
    let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
    let front = ["setpriv".to_owned(), user, group, "--clear-groups".to_owned()];
    let mut command = bare(env!("CARGO_BIN_EXE_carto-auth"));
    command.arg("--version").current_dir("/");
    let mut command = behind(&front.each_ref().map(String::as_str), &command);
    let known = Command::new("getent")
        .args(["passwd", &NOBODY.to_string()])
        .output();
    match (run_within(&mut command, LIMIT), known) {
        (_, Ok(known)) if known.status.success() => Err(format!("user {NOBODY} exists")),
        (Ok(Some(outcome)), Ok(_)) if outcome.code == Some(0) => Ok(front.into()),
        (failed, known) => Err(format!("no other user may be had: {failed:?} {known:?}")),
    }
}

/// Runs a command as a user of whom nobody knows.
fn by_nobody(command: &Command) -> Option<Outcome> {
    let front = as_nobody()
        .inspect_err(|why| tally::skip("another user", why))
        .ok()?;
    let front: Vec<_> = front.iter().map(String::as_str).collect();
    Some(run(&mut behind(&front, command)))
}

/// Gives a folder and all that is in it to the user of whom nobody knows.
fn give_away(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path).into_iter().flatten() {
        give_away(&entry?.path())?;
    }
    chown(path, Some(NOBODY), Some(NOBODY))
}

/// A tmpfs of so many bytes at the token folder, with what the folder held.
fn disk(options: &str) -> String {
    format!(
        "mkdir -p .carto-auth\ncp -a .carto-auth old\nmount -t tmpfs -o mode=700,{options} tmpfs .carto-auth\n\
         cp -a old/. .carto-auth"
    )
}

/// What the disk held is kept, and the command is run once more with room.
const WITH_ROOM: &str = "cp -a .carto-auth after\nmount -o remount,size=1m,nr_inodes=99 .carto-auth\n\
    \"$@\" >again 2>warnings\ncp -a .carto-auth healed";

#[test]
fn on_a_full_disk_the_token_is_delivered_and_the_old_files_stay_whole() {
    // A file takes a page of 4 KiB; two are there.
    let stage = Scene::Ended.set();
    let Some(outcome) = mounted(&stage, &disk("size=8k"), WITH_ROOM) else {
        return;
    };
    delivered(
        &outcome,
        &[
            "cannot write",
            "o space left on device",
            "the token is not cached",
        ],
    );
    let read = |name: &str| fs::read(stage.world.path(name)).unwrap();
    for (name, bytes) in &stage.before {
        assert_eq!(&read(&format!("after/{name}")), bytes, "{name}");
        let healed = token_in(&read(&format!("healed/{name}")));
        assert_eq!(healed.as_bytes(), read("again").trim_ascii_end(), "{name}");
    }
    assert_eq!(read("warnings"), b"");
    for folder in ["after", "healed"] {
        assert_eq!(
            fs::read_dir(stage.world.path(folder)).unwrap().count(),
            3,
            "{folder}"
        );
    }
}

#[test]
fn on_a_full_disk_a_refresh_token_is_not_spent_for_nothing() {
    let stage = Scene::Person.set();
    let asked = stage.world.asked();
    let Some(outcome) = mounted(&stage, &disk("size=8k"), WITH_ROOM) else {
        return;
    };
    let (code, error, hint) = error_of(&outcome);
    assert!(
        error.starts_with("cannot write ") && error.contains("o space left on device"),
        "{error}"
    );
    assert_eq!(
        (code, hint),
        (1, "make room there, or keep tokens elsewhere (CARTO_AUTH_HOME)")
    );
    let read = |name: &str| fs::read(stage.world.path(name)).unwrap();
    for (name, bytes) in &stage.before {
        assert_eq!(&read(&format!("after/{name}")), bytes, "{name}");
    }
    // The command is run once more with room: the login is good yet.
    assert_eq!((read("warnings"), stage.world.asked()), (Vec::new(), asked + 1));
    let again = String::from_utf8(read("again")).unwrap();
    let own = stage.before.keys().find(|name| is_own(name)).unwrap();
    assert_eq!(token_in(&read(&format!("healed/{own}"))), again.trim_end());
}

#[test]
fn doctor_sees_that_a_disk_is_full() {
    let stage = Scene::Person.set();
    let report = "\"$1\" doctor --json >doctor 2>/dev/null || echo $? >code";
    let Some(_) = mounted(&stage, &disk("size=8k"), report) else {
        return;
    };
    let read = |name: &str| fs::read_to_string(stage.world.path(name)).unwrap();
    assert_eq!(read("code"), "1\n");
    assert!(
        read("doctor").contains(r#""message":"the disk is full""#),
        "{}",
        read("doctor")
    );
}

#[test]
fn on_a_disk_with_room_for_one_successor_a_refresh_token_is_renewed() {
    let stage = Scene::Person.set();
    let asked = stage.world.asked();
    // The two files as they are, and the place that is made beforehand: only what is written into that fits.
    let Some(outcome) = mounted(&stage, &disk("size=16k"), WITH_ROOM) else {
        return;
    };
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let read = |name: &str| fs::read(stage.world.path(name)).unwrap();
    let own = stage.before.keys().find(|name| is_own(name)).unwrap();
    assert_eq!(
        token_in(&read(&format!("after/{own}"))),
        outcome.stdout.trim_end()
    );
    assert_eq!(stage.world.asked(), asked + 1);
}

#[test]
fn in_a_read_only_folder_a_refresh_token_is_not_spent() {
    let stage = Scene::Person.set();
    let asked = stage.world.asked();
    let read_only = "mount --bind .carto-auth .carto-auth\nmount -o remount,bind,ro .carto-auth";
    let Some(outcome) = mounted(&stage, read_only, "") else {
        return;
    };
    let (code, error, _) = error_of(&outcome);
    assert!(
        code == 1 && error.ends_with("ead-only filesystem or storage medium"),
        "{error}"
    );
    assert_eq!(
        (files(&stage.world), stage.world.asked()),
        (stage.before.clone(), asked)
    );
}

#[test]
fn on_a_disk_with_room_for_one_file_the_identitys_own_is_kept() {
    let stage = Scene::Fresh.set();
    let Some(outcome) = mounted(&stage, &disk("size=4k"), WITH_ROOM) else {
        return;
    };
    delivered(&outcome, &["the Python package does not see the token"]);
    let read = |name: &str| fs::read(stage.world.path(name)).unwrap();
    assert_eq!(read("again"), outcome.stdout.as_bytes());
    assert_eq!((read("warnings"), stage.world.asked()), (Vec::new(), 1));
}

#[test]
fn on_a_disk_without_room_for_a_name_the_token_is_delivered() {
    let stage = Scene::Fresh.set();
    let Some(outcome) = mounted(&stage, &disk("size=64k,nr_inodes=1"), WITH_ROOM) else {
        return;
    };
    delivered(&outcome, &["cannot lock", "cannot write"]);
    assert_eq!(fs::read_dir(stage.world.path("after")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(stage.world.path("healed")).unwrap().count(), 3);
}

#[test]
fn in_a_read_only_folder_the_token_is_delivered_and_a_good_one_found() {
    let read_only = "mount --bind \"$HOME/$D\" \"$HOME/$D\"\nmount -o remount,bind,ro \"$HOME/$D\"";
    let words: [(_, _, &[&str]); 3] = [
        (Scene::Ended, ".carto-auth", &["cannot write", "ead-only file"]),
        (Scene::Fresh, "", &["cannot make the folder", "ead-only file"]),
        (Scene::Good, ".carto-auth", &[]),
    ];
    for (scene, folder, words) in words {
        let stage = scene.set();
        let before = format!("D={folder}\n{read_only}\ncd \"$HOME\"");
        let Some(outcome) = mounted(&stage, &before, "") else {
            return;
        };
        delivered(&outcome, words);
        assert_eq!(files(&stage.world), stage.before, "{scene:?}");
        if scene == Scene::Good {
            assert_eq!(Some(outcome.stdout.trim_end()), stage.token.as_deref());
        }
    }
}

#[test]
fn in_a_folder_that_may_not_be_written_the_token_is_delivered_and_a_good_one_found() {
    for (scene, words) in [(Scene::Ended, &["cannot write"][..]), (Scene::Good, &[])] {
        let stage = scene.set();
        fs::set_permissions(stage.folder(), Permissions::from_mode(0o500)).unwrap();
        if let Err(error) = give_away(&stage.world.path("")) {
            return tally::skip("a folder that may not be written", &error.to_string());
        }
        let Some(outcome) = by_nobody(&stage.command()) else {
            return;
        };
        delivered(&outcome, words);
        assert_eq!(
            (files(&stage.world), stage.mode("")),
            (stage.before.clone(), 0o500)
        );
    }
}

#[test]
fn without_a_home_the_token_is_delivered() {
    let stage = Scene::Fresh.set();
    let credentials = stage.world.path("ci.json");
    if let Err(error) = give_away(&stage.world.path("")) {
        return tally::skip("no home", &error.to_string());
    }
    // Only for a user without a home of its own: that of a known one would be found and written to.
    let Ok(front) = as_nobody().inspect_err(|why| tally::skip("no home", why)) else {
        return;
    };
    let front: Vec<_> = front.iter().map(String::as_str).collect();
    for value in [None, Some(""), Some("/nonexistent"), Some("relative")] {
        let mut command = stage.world.command(&["token", "--credentials"]);
        command.arg(&credentials).current_dir("/");
        let mut command = behind(&front, &command);
        match value {
            Some(value) => command.env("HOME", value),
            None => command.env_remove("HOME"),
        };
        let outcome = run(&mut command);
        let words = match value {
            None | Some("") => "there is no home folder to keep the token in; set CARTO_AUTH_HOME",
            Some(_) => "cannot make the folder",
        };
        delivered(&outcome, &[words]);
    }
    assert!(!Path::new("/nonexistent").exists() && !Path::new("/relative").exists());
}

#[test]
fn strangers_files_are_not_used_and_stay_as_they_are() {
    let stage = Scene::Good.set();
    for path in stage.world.token_files() {
        if let Err(error) = chown(&path, Some(NOBODY), Some(NOBODY)) {
            return tally::skip("strangers' files", &error.to_string());
        }
    }
    let outcome = run(&mut stage.command());
    delivered(&outcome, &["is not used: it belongs to another user"]);
    assert_ne!(Some(outcome.stdout.trim_end()), stage.token.as_deref());
    // The own file was replaced by one of ours; the shared one may be somebody's.
    assert_eq!(stage.kept().as_deref(), Some(outcome.stdout.trim_end()));
    let shared = stage.folder().join("token_m2m.json");
    assert_eq!(fs::metadata(&shared).unwrap().uid(), NOBODY);
    assert_eq!(fs::read(&shared).unwrap(), stage.before["token_m2m.json"]);
}

#[test]
fn a_link_to_a_strangers_file_is_replaced_and_its_target_left_alone() {
    let stage = Scene::Good.set();
    let target = stage.world.path("target");
    for path in stage.world.token_files() {
        fs::rename(&path, &target).unwrap();
        symlink(&target, &path).unwrap();
    }
    fs::set_permissions(&target, Permissions::from_mode(0o644)).unwrap();
    if let Err(error) = chown(&target, Some(NOBODY), Some(NOBODY)) {
        return tally::skip("a link to a stranger's file", &error.to_string());
    }
    let before = fs::read(&target).unwrap();
    let outcome = run(&mut stage.command());
    delivered(&outcome, &["is not used: it belongs to another user"]);
    assert_eq!(stage.kept().as_deref(), Some(outcome.stdout.trim_end()));
    let metadata = fs::metadata(&target).unwrap();
    assert_eq!(
        (fs::read(&target).unwrap(), metadata.mode() & 0o777),
        (before, 0o644)
    );
    assert_eq!(metadata.uid(), NOBODY);
}

#[test]
fn a_strangers_folder_costs_no_token_and_keeps_its_mode() {
    for (mode, words) in [
        (0o755, &["cannot lock", "cannot write"][..]),
        (0o777, &["another user"]),
    ] {
        let stage = Scene::Good.set();
        let (home, folder) = (stage.world.path(""), stage.folder());
        fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        fs::set_permissions(&home, Permissions::from_mode(0o755)).unwrap();
        for path in stage
            .world
            .token_files()
            .into_iter()
            .chain([stage.world.path("ci.json")])
        {
            fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
        }
        let Some(outcome) = by_nobody(&stage.command()) else {
            return;
        };
        delivered(
            &outcome,
            &[words, &["is not used: it belongs to another user"]].concat(),
        );
        assert_eq!(stage.mode(""), mode);
        assert_ne!(Some(outcome.stdout.trim_end()), stage.token.as_deref());
        assert_eq!(
            fs::read(folder.join("token_m2m.json")).unwrap(),
            stage.before["token_m2m.json"]
        );
    }
}

#[test]
fn an_odd_umask_costs_no_token_and_opens_nothing() {
    for umask in ["000", "022", "077", "277", "577", "777"] {
        let stage = Scene::Fresh.set();
        let script = format!("umask {umask}; exec \"$@\"");
        let mut front: Vec<String> = vec!["sh".into(), "-c".into(), script, "sh".into()];
        if give_away(&stage.world.path("")).is_ok()
            && let Ok(nobody) = as_nobody()
        {
            // root may write everywhere, whatever the mode.
            front.splice(0..0, nobody);
        }
        let front: Vec<_> = front.iter().map(String::as_str).collect();
        let outcomes: Vec<_> = (0..2)
            .map(|_| run(&mut behind(&front, &stage.command())))
            .collect();
        for outcome in &outcomes {
            let is_odd = !outcome.stderr.is_empty();
            delivered(outcome, if is_odd { &["warning: "] } else { &[] });
            assert!(!is_odd || umask.as_bytes()[0] != b'0', "{umask}: {outcome:?}");
        }
        if umask.starts_with('0') {
            assert_eq!(outcomes[0].stdout, outcomes[1].stdout, "{umask}");
        }
        assert_eq!(stage.mode("") & !0o700, 0, "{umask}");
        for name in stage.names() {
            assert_eq!(stage.mode(&name) & !0o600, 0, "{umask}: {name}");
        }
        assert!(stage.temporary_files().is_empty(), "{umask}");
    }
}

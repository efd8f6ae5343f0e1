//! Token files that cannot be used: the token is delivered all the same, exit code 0.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use carto_auth_sandbox::TokenFormat;
use carto_auth_tests::{bare, run, write_long_ago};

use crate::world::{World, delivered, error_of};

#[test]
fn a_corrupt_cache_is_a_warning_once_and_is_replaced() {
    let world = World::new();
    let old = world.token();
    for path in world.token_files() {
        fs::write(path, "{\"access_token\":\"canary\"}").unwrap();
    }
    let outcome = world.machine(&["token"]);
    delivered(&outcome, &["is not used: it has no \"api_base_url\""]);
    assert_eq!(
        outcome.stderr.lines().count(),
        2,
        "one for each file: {}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains("canary"));
    assert_ne!(outcome.stdout.trim_end(), old);
    assert_eq!(world.token(), outcome.stdout.trim_end());
}

#[test]
fn a_file_in_the_place_of_the_folder_is_named_as_that() {
    let world = World::new();
    fs::write(world.path("afile"), "").unwrap();
    let with = |arguments: &[&str]| {
        run(
            world
                .command(arguments)
                .env("CARTO_AUTH_HOME", world.path("afile")),
            "",
        )
        .unwrap()
    };
    delivered(
        &with(&["token", "--credentials", "ci.json"]),
        &["afile: a file is in the place of the folder; the token is not cached"],
    );
    fs::rename(world.path("afile"), world.path("aside")).unwrap();
    symlink("gone", world.path("afile")).unwrap();
    delivered(
        &with(&["token", "--credentials", "ci.json"]),
        &["afile: a link that leads nowhere is in its way; the token is not cached"],
    );
    fs::rename(world.path("aside"), world.path("afile")).unwrap();
    let login = with(&["login"]);
    let (code, error, hint) = error_of(&login);
    assert!(error.ends_with("afile: it is no folder"), "{error}");
    assert_eq!((code, hint), (1, "name another folder in CARTO_AUTH_HOME"));
    let doctor = with(&["doctor"]);
    assert!(doctor.stdout.contains("afile: it is no folder\n"), "{doctor:?}");
}

#[test]
fn a_truncated_cache_is_a_miss() {
    let world = World::new();
    world.token();
    for path in world.token_files() {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, &text[..text.len() / 2]).unwrap();
    }
    delivered(&world.machine(&["token"]), &["is not used: it is cut off"]);
}

#[test]
fn what_is_wrong_with_pythons_file_is_told_only_where_our_own_is_no_good() {
    let world = World::new();
    world.carto.set_token_format(TokenFormat::Opaque);
    // Not so long that the shared file would not be looked at.
    world.carto.set_token_lifetime(Duration::from_secs(500));
    let token = world.token();
    let [own, shared] = &world.token_files()[..] else {
        panic!("two files")
    };
    fs::write(shared, "{").unwrap();
    assert_eq!(world.token(), token, "and not a word");

    let text = fs::read_to_string(own).unwrap();
    let (start, end) = text.split_once("\"expires_at\":").unwrap();
    let ended = format!("{start}\"expires_at\":1{}", &end[end.find(',').unwrap()..]);
    fs::write(own, ended).unwrap();
    let outcome = world.machine(&["token"]);
    assert!(
        outcome.stderr.ends_with("is not used: it is cut off\n"),
        "{outcome:?}"
    );
    assert!(outcome.code == Some(0) && outcome.stdout.trim_end() != token);
}

#[test]
fn a_file_that_python_is_writing_is_left_to_it_and_an_abandoned_one_is_replaced() {
    let world = World::new();
    world.token();
    let [own, shared] = &world.token_files()[..] else {
        panic!("two files")
    };
    let half = "{\"api_base_url\": \"https://gcp";
    let new_token = || {
        fs::remove_file(own).unwrap();
        let outcome = world.machine(&["token"]);
        delivered(&outcome, &["is not used: it is cut off"]);
        outcome.stdout.trim_end().to_owned()
    };
    fs::write(shared, half).unwrap();
    new_token();
    assert_eq!(fs::read_to_string(shared).unwrap(), half);
    write_long_ago(shared, half).unwrap();
    let token = new_token();
    assert!(fs::read_to_string(shared).unwrap().contains(&token));
}

#[test]
fn a_cache_that_others_may_write_is_a_warning() {
    let world = World::new();
    let old = world.token();
    for path in world.token_files() {
        fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap();
    }
    let outcome = world.machine(&["token"]);
    delivered(&outcome, &["is not used: others may write to it"]);
    assert_ne!(outcome.stdout.trim_end(), old);
    let [own, shared] = &world.token_files()[..] else {
        panic!("two files")
    };
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(own), 0o600);
    assert_eq!(
        mode(shared),
        0o666,
        "it may be a live file of Python's under a loose umask"
    );
}

#[test]
fn a_cache_of_another_client_is_silently_left_alone() {
    let world = World::new();
    let ours = world.token();
    fs::write(
        world.path("other.json"),
        world.carto.add_client("other", "secret"),
    )
    .unwrap();
    let other = world.run(&["token", "--credentials", "other.json"]);
    assert_eq!((other.code, other.stderr.as_str()), (Some(0), ""));
    assert_ne!(other.stdout.trim_end(), ours);
    assert_eq!(world.token(), ours);
    assert_eq!(world.asked(), 2);
}

#[test]
fn a_home_that_cannot_be_used_is_a_warning() {
    let world = World::new();
    for home in ["/proc/none", "/dev/null"] {
        let mut command = world.command(&["token", "--credentials", "ci.json"]);
        let outcome = run(command.env("HOME", home), "").unwrap();
        delivered(&outcome, &["cannot make the folder"]);
    }
}

#[test]
fn quiet_silences_warnings_and_not_errors() {
    let world = World::new();
    world.token();
    for path in world.token_files() {
        fs::write(path, "{}").unwrap();
    }
    assert_eq!(world.machine(&["token", "-q"]).stderr, "");
    assert!(world.run(&["token", "-q"]).stderr.starts_with("error: "));
}

#[test]
fn a_limit_of_file_sizes_costs_no_token_and_leaves_nothing_half_written() {
    let world = World::new();
    let limited = world.command(&["token", "--credentials", "ci.json"]);
    let program = limited.get_program().to_owned();
    let arguments: Vec<_> = limited.get_args().map(ToOwned::to_owned).collect();
    let limits = "ulimit -f 0; exec \"$@\"";
    let mut shell = bare("/bin/sh");
    shell.args(["-c", limits, "sh"]).arg(program).args(arguments);
    shell.current_dir(world.path(""));
    shell.env("LLVM_PROFILE_FILE", "/dev/null");
    shell.envs(
        limited
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    delivered(
        &run(&mut shell, "").unwrap(),
        &["file too large; the token is not cached"],
    );
    let left = fs::read_dir(world.path(".carto-auth")).unwrap();
    let left: Vec<_> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(left.iter().all(|name| name.ends_with(".lock")), "{left:?}");
}

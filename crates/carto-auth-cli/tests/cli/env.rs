//! `carto-auth env`: what it prints for shells, and how it becomes another program.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use carto_auth_sandbox::{Endpoint, Fault};
use carto_auth_tests::{Outcome, Scripted, http, run};

use crate::world::{World, error_of};

impl World {
    /// `env` with the machine's credentials file.
    fn env(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&[&["env", "--credentials", "ci.json"], arguments].concat());
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command
    }

    fn run_env(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.env(arguments), "").unwrap()
    }
}

#[test]
fn alone_it_prints_assignments_in_the_format_of_the_shell() {
    let world = World::new();
    let (token, base) = (world.token(), world.carto.api_base_url());
    let printed = |format: &[&str]| {
        let outcome = world.run_env(format);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
        outcome.stdout
    };
    let sh = format!("export CARTO_ACCESS_TOKEN='{token}'\nexport CARTO_API_BASE_URL='{base}'\n");
    assert_eq!(printed(&[]), sh);
    assert_eq!(printed(&["--format", "sh"]), sh);
    assert_eq!(
        printed(&["--format", "fish"]),
        format!("set -gx CARTO_ACCESS_TOKEN '{token}'\nset -gx CARTO_API_BASE_URL '{base}'\n")
    );
    assert_eq!(
        printed(&["--format", "powershell"]),
        format!("$Env:CARTO_ACCESS_TOKEN = '{token}'\n$Env:CARTO_API_BASE_URL = '{base}'\n")
    );
    assert_eq!(
        printed(&["--format", "dotenv"]),
        format!("CARTO_ACCESS_TOKEN={token}\nCARTO_API_BASE_URL={base}\n"),
        "without quotes, which docker would take for a part of the value"
    );
    assert_eq!(
        printed(&["--json"]),
        format!("{{\"CARTO_ACCESS_TOKEN\":\"{token}\",\"CARTO_API_BASE_URL\":\"{base}\"}}\n")
    );
    assert_eq!(world.asked(), 1);
}

#[test]
fn it_serves_the_login_of_a_person_too() {
    let world = World::new();
    world.log_in(&[]);
    let token = world.run(&["token"]).stdout;
    let outcome = world.run(&["env", "--format", "dotenv"]);
    let base = world.carto.api_base_url();
    assert_eq!(
        outcome.stdout,
        format!("CARTO_ACCESS_TOKEN={token}CARTO_API_BASE_URL={base}\n")
    );
}

/// All that a token can hold: every visible character of ASCII.
fn nasty_token() -> String {
    (b'!'..=b'~').map(char::from).collect()
}

#[test]
fn real_shells_take_a_token_of_every_visible_character_as_it_is() {
    let token = nasty_token();
    let body = serde_json::json!({"access_token": token, "token_type": "Bearer", "expires_in": 86400});
    let server = Scripted::http(vec![http(200, &[], &body.to_string())]).unwrap();
    let world = World::new();
    let carto_auth = concat!(env!("CARGO_BIN_EXE_carto-auth"), " env --credentials ci.json");
    let eval = format!("vars=$({carto_auth}) && eval \"$vars\"; printf %s \"$CARTO_ACCESS_TOKEN\"");
    let source = format!("{carto_auth} --format fish | source; printf %s \"$CARTO_ACCESS_TOKEN\"");
    let shell = |arguments: &[&str]| {
        let mut command = Command::new(arguments[0]);
        command.args(&arguments[1..]).current_dir(world.path(""));
        command.env("HOME", world.path(""));
        run(command.env("CARTO_AUTH_URL", server.url()), "").unwrap()
    };
    for arguments in [
        ["sh", "-c", &eval],
        ["bash", "-c", &eval],
        ["zsh", "-fc", &eval],
        ["fish", "-c", &source],
    ] {
        let outcome = shell(&arguments);
        assert_eq!(
            (outcome.stdout, outcome.stderr),
            (token.clone(), String::new()),
            "{}",
            arguments[0]
        );
    }

    let exec = format!("{carto_auth} -- sh -c 'printf %s \"$CARTO_ACCESS_TOKEN\"'");
    assert_eq!(shell(&["sh", "-c", &exec]).stdout, token);
    let dotenv = shell(&["sh", "-c", &format!("{carto_auth} --format dotenv")]);
    assert_eq!(
        error_of(&dotenv),
        (
            2,
            "CARTO_ACCESS_TOKEN holds characters that not every reader of this format takes as they are",
            "choose another --format, or give a command: `carto-auth env -- CMD`"
        )
    );
}

#[test]
fn a_command_has_the_variables_beside_all_others() {
    let world = World::new();
    let token = world.token();
    let script = "echo \"$CARTO_ACCESS_TOKEN $CARTO_API_BASE_URL $CARTO_CLIENT_SECRET $1\"";
    let mut command = world.env(&["--", "sh", "-c", script, "sh", "--json"]);
    let outcome = run(
        command
            .env("CARTO_CLIENT_SECRET", "kept")
            .env("CARTO_ACCESS_TOKEN", "stale")
            .env("CARTO_API_BASE_URL", "stale"),
        "",
    )
    .unwrap();
    assert_eq!(
        outcome,
        Outcome {
            code: Some(0),
            stdout: format!("{token} {} kept --json\n", world.carto.api_base_url()),
            stderr: String::new()
        }
    );
}

#[test]
fn the_end_of_a_command_is_the_end_of_it_all() {
    let world = World::new();
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 128 + 9)] {
        let program = env!("CARGO_BIN_EXE_carto-auth");
        let seen_by_a_shell = format!("{program} env --credentials ci.json -- sh -c '{script}'; exit $?");
        let mut shell = Command::new("sh");
        shell.args(["-c", &seen_by_a_shell]).current_dir(world.path(""));
        shell.env("HOME", world.path(""));
        shell.env("CARTO_AUTH_URL", world.carto.auth_url());
        assert_eq!(run(&mut shell, "").unwrap().code, Some(code), "{script}");
    }
}

#[test]
fn a_command_reads_standard_input_to_its_last_byte() {
    let world = World::new();
    let outcome = run(&mut world.env(&["--", "cat"]), "hello\nworld").unwrap();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "hello\nworld"));
    let mut piped = world.command(&["env", "--credentials", "-", "--", "cat"]);
    let outcome = run(&mut piped, &world.carto.credentials_json()).unwrap();
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (Some(0), ""),
        "it was read for the credentials"
    );
}

#[test]
fn a_command_is_the_same_process_so_that_signals_reach_it() {
    let world = World::new();
    let mut child = world
        .env(&["--", "sh", "-c", "echo $$; exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line.trim_end(), child.id().to_string());
    let kill = Command::new("kill").args(["-TERM", line.trim_end()]).status();
    assert!(kill.unwrap().success());
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

/// The signals that a program finds ignored when it starts; the real-time ones are the C library's.
#[cfg(target_os = "linux")]
fn ignored_signals(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    u64::from_str_radix(line.unwrap().trim(), 16).unwrap() & 0x7fff_ffff
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_inherits_no_descriptor_and_no_ignored_signal_of_ours() {
    const SIGPIPE: u64 = 1 << (13 - 1);
    let world = World::new();
    let direct = |program: &str, argument: &str| run(Command::new(program).arg(argument), "").unwrap().stdout;
    let status = world.run_env(&["--", "cat", "/proc/self/status"]).stdout;
    let without_us = ignored_signals(&direct("cat", "/proc/self/status"));
    assert_eq!(ignored_signals(&status), without_us);
    assert_eq!(without_us & SIGPIPE, 0, "a pipeline ends when its reader does");

    world.machine(&["logout"]);
    let descriptors = world.run_env(&["--", "ls", "/proc/self/fd"]).stdout;
    assert_eq!(world.asked(), 2, "there were a lock and sockets");
    assert_eq!(descriptors, direct("ls", "/proc/self/fd"));
}

#[test]
fn a_command_may_be_carto_auth_itself() {
    let world = World::new();
    let program = env!("CARGO_BIN_EXE_carto-auth");
    let outcome = world.run_env(&["--", program, "token", "--credentials", "ci.json", "--refresh"]);
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (Some(0), ""),
        "no lock is held"
    );
    assert_eq!(world.asked(), 2);
    assert_eq!(outcome.stdout.trim_end(), world.token());
    let other = world.run_env(&["--", program, "token"]);
    assert_eq!(error_of(&other).0, 4, "CARTO_API_BASE_URL alone is no identity");
}

#[test]
fn a_renewal_that_is_due_comes_before_the_command() {
    let world = World::new();
    let old = world.token();
    for path in world.token_files() {
        let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for time in ["expires_at", "obtained_at"] {
            if let Some(seconds) = record[time].as_i64() {
                record[time] = (seconds - 86_400 + 60).into();
            }
        }
        fs::write(&path, record.to_string()).unwrap();
    }
    world
        .carto
        .fail_next(Endpoint::Token, Fault::delay(Duration::from_millis(200)));
    let outcome = world.run_env(&["--", "sh", "-c", "echo \"$CARTO_ACCESS_TOKEN\""]);
    assert_eq!((outcome.code, world.asked()), (Some(0), 2), "{outcome:?}");
    assert_ne!(outcome.stdout.trim_end(), old);
    assert_eq!(
        world.token(),
        outcome.stdout.trim_end(),
        "what CARTO granted is kept"
    );
}

#[test]
fn a_command_that_is_not_there_is_127_and_one_that_cannot_be_run_126() {
    let world = World::new();
    let outcome = world.run_env(&["--", "no-such-program", "argument"]);
    assert_eq!(
        error_of(&outcome),
        (
            127,
            "cannot run no-such-program: it is not there",
            "check its name and PATH; the interpreter that a script names after #! must be there, too"
        )
    );
    assert_eq!(
        error_of(&world.run_env(&["--", ""])).0,
        2,
        "a variable that has come out empty"
    );
    for path in ["/", "./ci.json"] {
        let outcome = world.run_env(&["--", path]);
        assert_eq!(
            error_of(&outcome),
            (
                126,
                &*format!("cannot run {path}: Permission denied (os error 13)"),
                "see whether it is a program that you may run; `chmod +x` makes one of a script"
            )
        );
    }
}

#[test]
fn without_a_token_nothing_is_printed_and_nothing_run() {
    let world = World::new();
    let marker = world.path("ran");
    let touch = ["--", "touch", marker.to_str().unwrap()];
    for more in [&[][..], &["--format", "dotenv"], &touch] {
        let outcome = world.run(&[&["env"], more].concat());
        assert_eq!(error_of(&outcome), (4, "not logged in", "run `carto-auth login`"));
    }
    let json = world.run(&["env", "--json"]);
    assert_eq!((json.code, json.stdout.as_str()), (Some(4), ""));
    assert!(
        json.stderr.starts_with(r#"{"error":{"code":"not_logged_in""#),
        "{json:?}"
    );

    world.carto.fail_always(Endpoint::Token, Fault::status(401));
    assert_eq!(error_of(&world.run_env(&touch)).0, 3);
    world.carto.heal();
    world.carto.fail_always(Endpoint::Token, Fault::status(500));
    assert_eq!(error_of(&world.run_env(&touch)).0, 5);
    assert!(!marker.exists());
}

#[test]
fn calls_that_make_no_sense_are_refused_before_anything_is_asked() {
    let world = World::new();
    for arguments in [
        &["env", "--format", "nu"][..],
        &["env", "--format"],
        &["env", "ls"],
        &["env", "--format", "sh", "--", "ls"],
        &["env", "--json", "--", "ls"],
        &["--json", "env", "--", "ls"],
        &["--json", "env", "--format", "sh"],
        &["env", "--"],
    ] {
        let outcome = world.run(arguments);
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
    }
    let emptied = world.run_env(&["--"]);
    assert_eq!(
        error_of(&emptied),
        (
            2,
            "there is no command after --",
            "name one, or leave -- out to print the variables"
        )
    );
    let theirs = world.run(&["env", "--formt", "sh", "--", "ls", "--json"]);
    assert!(
        theirs.stderr.starts_with("error: unexpected argument '--formt'"),
        "{theirs:?}"
    );
    assert_eq!(world.asked(), 0);
}

#[test]
fn a_reader_that_has_gone_is_no_failure_and_a_full_disk_is() {
    let world = World::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let closed = world.env(&[]).stdout(writer).output().unwrap();
    assert_eq!((closed.status.code(), closed.stderr.len()), (Some(0), 0));
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(
        world.env(&[]).stdout(full).output().unwrap().status.code(),
        Some(1)
    );
}

#[test]
fn secrets_are_in_the_environment_of_the_command_and_nowhere_else() {
    let world = World::new();
    let script = "tr '\\0' ' ' </proc/self/cmdline; tr '\\0' ' ' </proc/$$/cmdline; cat >/dev/null";
    let outcome = run(
        &mut world.env(&["-vv", "--", "sh", "-c", script, "sh", "argument"]),
        "",
    )
    .unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        outcome.stderr.contains("debug: POST http://127.0.0.1"),
        "{outcome:?}"
    );
    assert!(outcome.stdout.contains("argument"), "{outcome:?}");
    let token = world.token();
    assert_eq!(world.asked(), 1, "it is that token");
    for secret in [&*token, world.carto.client_secret()] {
        assert!(!outcome.stderr.contains(secret), "{outcome:?}");
        assert!(!outcome.stdout.contains(secret), "{outcome:?}");
    }
}

//! `carto-auth doctor`: it finds what is wrong, and leaves everything as it is.

use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process;
use std::time::{Duration, Instant};

use carto_auth_sandbox::{Endpoint, Fault};
use carto_auth_tests::{Certificates, Outcome, Reply, Scripted, Terminal, Tunnel, free_port, http, run};
use serde_json::Value;

use crate::world::{World, error_of};

/// A report, read by a program.
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) checks: Vec<Value>,
}

impl Report {
    fn of(outcome: &Outcome) -> Self {
        assert_eq!(outcome.stderr, "", "{outcome:?}");
        let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let code = outcome.code.unwrap();
        assert_eq!(answer["ok"], code == 0);
        let checks = answer["checks"].as_array().unwrap().clone();
        Self { code, checks }
    }

    /// State, message and hint of the checks with this name.
    pub(crate) fn all(&self, name: &str) -> Vec<(&str, &str, &str)> {
        let with_name = self.checks.iter().filter(|check| check["name"] == name);
        with_name.map(parts).collect()
    }

    pub(crate) fn one(&self, name: &str) -> (&str, &str, &str) {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name}: {:?}", self.checks);
        all[0]
    }

    pub(crate) fn host(&self, name: &str) -> (&str, &str, &str) {
        let is_it = |check: &&Value| check["name"] == "host" && check["about"] == name;
        parts(self.checks.iter().find(is_it).unwrap())
    }
}

fn parts(check: &Value) -> (&str, &str, &str) {
    let part = |key| check[key].as_str().unwrap_or_default();
    (part("state"), part("message"), part("hint"))
}

impl World {
    pub(crate) fn doctor(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Report {
        let mut command = self.command(&[&["doctor", "--json"], arguments].concat());
        Report::of(&run(command.envs(variables.iter().copied()), "").unwrap())
    }

    pub(crate) fn host(&self) -> String {
        self.carto.url().replace("http://", "")
    }

    /// Everything in the home folder, with times and modes.
    pub(crate) fn traces(&self) -> Vec<String> {
        let (mut folders, mut found) = (vec![self.path("")], Vec::new());
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                let data = fs::symlink_metadata(&path).unwrap();
                let (mode, written) = (data.mode(), (data.mtime(), data.mtime_nsec(), data.ctime_nsec()));
                found.push(format!("{} {mode:o} {written:?} {}", path.display(), data.ino()));
                if data.is_dir() {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// With what differs from run to run replaced.
    fn snapshot(&self, name: &str, outcome: &Outcome) {
        let mut filters = insta::Settings::clone_current();
        filters.add_filter(r"token_oauth\.[0-9a-f]{16}\.json", "token_oauth.KEY.json");
        filters.add_filter(r"2\d{3}-\d\d-\d\d \d\d:\d\d UTC", "TIME");
        filters.add_filter(&self.host(), "SANDBOX");
        filters.add_filter(&self.port.to_string(), "PORT");
        filters.add_filter(env!("CARGO_PKG_VERSION"), "VERSION");
        filters.bind(|| insta::assert_snapshot!(name, self.shown(outcome)));
    }
}

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

const NO_BROWSER: (&str, &str) = ("CARTO_AUTH_NO_BROWSER", "1");

#[test]
fn where_all_is_well_it_says_so_line_by_line_and_touches_nothing() {
    let world = World::new();
    world.log_in(&[]);
    let asked = world.carto.requests().len();
    let before = world.traces();
    let text = run(world.command(&["doctor"]).envs([NO_BROWSER]), "").unwrap();
    world.snapshot("doctor", &text);
    let json = run(world.command(&["doctor", "--json"]).envs([NO_BROWSER]), "").unwrap();
    world.snapshot("doctor_json", &json);
    assert_eq!(world.traces(), before);

    let requests = world.carto.requests();
    let requests: Vec<_> = requests[asked..].iter().collect();
    assert_eq!(requests.len(), 2, "each host is asked once");
    for request in requests {
        assert_eq!(
            (request.endpoint, request.path.as_str()),
            (Endpoint::Unknown, "/oauth/token")
        );
    }
}

#[test]
fn what_it_asks_carries_no_credentials() {
    let server = Scripted::http(vec![http(404, &[], "")]).unwrap();
    let world = World::new();
    world.log_in(&[]);
    let variables = world.carto.environment();
    let mut command = world.command(&["doctor"]);
    command.envs(variables).env("CARTO_AUTH_URL", server.url());
    let outcome = run(&mut command, "").unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let [request] = &server.requests()[..] else {
        panic!("{:?}", server.requests())
    };
    let mut lines: Vec<&str> = request.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    assert!(lines.contains(&"content-length: 0"), "{request}");
    let names: Vec<_> = lines.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "GET /oauth/token HTTP/1.1",
            "accept",
            "content-length",
            "host",
            "user-agent"
        ]
    );
}

#[test]
fn who_is_not_logged_in_is_told_what_to_do() {
    let world = World::new();
    let report = world.doctor(&["--profile", "work"], &[]);
    assert_eq!(report.code, 1);
    let expected = (
        "problem",
        "not logged in",
        "run `carto-auth login --profile work`",
    );
    assert_eq!(report.one("session"), expected);
    assert_eq!(
        report.one("cache"),
        ("ok", "it is made when there is a token to keep", "")
    );
    assert!(!world.path(".carto-auth").exists());
}

#[test]
fn a_session_that_has_ended_is_a_problem() {
    let world = World::new();
    world.log_in(&[]);
    let [own, shared] = &world.token_files()[..] else {
        panic!("two files")
    };
    let mut record: Value = serde_json::from_slice(&fs::read(own).unwrap()).unwrap();
    record["expires_at"] = (record["expires_at"].as_i64().unwrap() - 86_400 - 3 * 3600).into();
    fs::write(own, record.to_string()).unwrap();
    fs::remove_file(shared).unwrap();
    let report = world.doctor(&[], &[]);
    assert_eq!(report.code, 1);
    let message = "your CARTO session expired 3h ago (ana@acme.test)";
    assert_eq!(
        report.one("session"),
        ("problem", message, "run `carto-auth login`")
    );
    assert_eq!(report.all("cache").len(), 2);
    assert!(report.all("cache").iter().all(|check| check.0 == "ok"));
}

#[test]
fn a_file_that_others_may_read_is_worth_knowing_and_one_that_they_may_write_costs_the_session() {
    let world = World::new();
    world.log_in(&[]);
    let files = world.token_files();
    set_mode(&files[0], 0o644);
    set_mode(world.path(".carto-auth"), 0o777);
    let before = world.traces();
    let report = world.doctor(&[], &[]);
    assert_eq!((report.code, report.one("session").0), (0, "ok"));
    let hint = "make its mode 0600; a command that reads it does so, too, unless it is a link";
    let expected = [
        (
            "warning",
            "others may put files there (mode 0777)",
            "make its mode 0700",
        ),
        ("warning", "others may read it (mode 0644)", hint),
        ("ok", "mode 0600", ""),
    ];
    assert_eq!(report.all("cache"), expected);

    for file in &files {
        set_mode(file, 0o666);
    }
    let report = world.doctor(&[], &[]);
    assert_eq!((report.code, report.one("session").0), (1, "problem"));
    let message = "is not used: others may write to it (chmod go-w makes it usable)";
    let hint = "remove it, or mend it; `carto-auth login` writes it anew";
    assert_eq!(report.all("cache")[1..], [("problem", message, hint); 2]);
    set_mode(&files[0], 0o644);
    set_mode(&files[1], 0o600);
    let strip = |traces: Vec<String>| -> Vec<String> {
        let without_times = |line: String| line.split(" (").next().unwrap().to_owned();
        traces.into_iter().map(without_times).collect()
    };
    assert_eq!(
        strip(world.traces()),
        strip(before),
        "no mode was set but by this test"
    );
}

#[test]
fn rubbish_in_the_shared_file_is_worth_knowing_where_the_own_one_is_good() {
    let world = World::new();
    world.token();
    fs::write(world.path(".carto-auth/token_m2m.json"), "[]").unwrap();
    let report = world.doctor(&["--credentials", "ci.json"], &[]);
    assert_eq!(report.code, 0);
    let (state, message, _) = report.all("cache")[2];
    assert_eq!(
        (state, message),
        ("warning", "is not used: it holds an array, not a JSON object")
    );
}

#[test]
fn whoever_holds_the_port_is_named() {
    let world = World::new();
    world.log_in(&[]);
    for (address, taken, free) in [("127.0.0.1", "127.0.0.1", "[::1]"), ("::1", "[::1]", "127.0.0.1")] {
        let _holder = TcpListener::bind((address, world.port)).unwrap();
        let report = world.doctor(&[], &[]);
        let (state, message, hint) = report.one("port");
        assert_eq!((report.code, state), (0, "warning"), "a login goes on without it");
        if cfg!(target_os = "linux") {
            let id = process::id();
            assert!(
                message.starts_with(&format!("taken on {taken} by cli-")),
                "{message}"
            );
            assert!(
                message.ends_with(&format!(" (process {id}), free on {free}")),
                "{message}"
            );
            assert_eq!(hint, "until it is free, a login takes a pasted code");
        }
    }
    let free = world.doctor(&[], &[]);
    assert_eq!(free.one("port"), ("ok", "free on 127.0.0.1 and [::1]", ""));
}

#[test]
fn a_clock_that_is_ten_minutes_off_is_told_with_what_it_breaks() {
    let world = World::new();
    world.log_in(&[]);
    for (ahead, words, breaks) in [
        (600, "behind", "tokens are used after they have ended"),
        (-600, "ahead of", "good tokens and logins count as ended"),
    ] {
        world.carto.set_clock_ahead(ahead);
        let report = world.doctor(&[], &[]);
        let (state, message, hint) = report.one("clock");
        assert_eq!((report.code, state), (0, "warning"));
        let expected = ["9m 59s", "10m 0s", "10m 1s"].map(|off| format!("{off} {words} {}'s", world.host()));
        assert!(expected.iter().any(|text| text == message), "{message}");
        assert!(hint.contains(breaks), "{hint}");
    }
    world.carto.set_clock_ahead(-90_000);
    let report = world.doctor(&[], &[]);
    let (state, message, hint) = report.one("clock");
    assert_eq!((report.code, state), (1, "problem"), "no token is of use");
    assert!(message.starts_with("1d 1h ahead of "), "{message}");
    assert!(hint.contains("every token counts as ended"), "{hint}");
    world.carto.set_clock_ahead(90);
    assert_eq!(world.doctor(&[], &[]).one("clock").0, "ok");
}

#[test]
fn a_proxy_that_refuses_or_is_not_there_is_blamed_without_its_password() {
    let world = World::new();
    let report = |port: u16, name: &str| {
        let address = format!("http://me:canary@127.0.0.1:{port}");
        let variables = [
            ("CARTO_AUTH_URL", "https://auth.example"),
            (name, address.as_str()),
        ];
        let outcome = run(world.command(&["doctor", "--json", "-v"]).envs(variables), "").unwrap();
        assert!(!format!("{outcome:?}").contains("canary"));
        world.doctor(&["--credentials", "ci.json"], &variables)
    };
    let proxy = Scripted::http(vec![http(407, &[], "")]).unwrap();
    let refused = report(proxy.port(), "HTTPS_PROXY");
    let message = format!(
        "the proxy http://127.0.0.1:{} (HTTPS_PROXY) refused: HTTP 407 (tokens)",
        proxy.port()
    );
    let hint = "the proxy wants a user name and a password that it knows: http://USER:PASSWORD@… in the variable that names it";
    assert_eq!(refused.code, 1);
    assert_eq!(refused.host("auth.example"), ("problem", message.as_str(), hint));
    assert!(
        proxy
            .requests()
            .iter()
            .all(|request| request.starts_with("CONNECT auth.example:443 "))
    );

    let port = free_port();
    let message = format!("the proxy http://127.0.0.1:{port} (all_proxy) refuses connections (tokens)");
    let gone = report(port.number(), "all_proxy");
    assert_eq!(gone.host("auth.example").1, message);
    let (state, message, _) = gone.host(&world.host());
    assert_eq!(
        (state, message),
        ("ok", "answers directly (APIs)"),
        "loopback has no proxy"
    );
}

#[test]
fn a_company_ca_and_a_proxy_are_told_in_words() {
    let certificates = Certificates::generate().unwrap();
    let server = Scripted::https(vec![http(404, &[], "")], certificates.server).unwrap();
    let proxy = Tunnel::to(server.port()).unwrap();
    let world = World::new();
    let address = format!("http://127.0.0.1:{}", proxy.port());
    let pem = world.path("ca.pem");
    fs::write(&pem, certificates.ca_pem).unwrap();
    let mut variables = vec![
        ("CARTO_AUTH_URL", "https://auth.example"),
        ("HTTPS_PROXY", address.as_str()),
    ];

    let distrusted = world.doctor(&["--credentials", "ci.json"], &variables);
    let (state, message, hint) = distrusted.host("auth.example");
    assert_eq!((distrusted.code, state), (1, "problem"));
    assert!(
        message.starts_with("TLS: nobody who is trusted vouches for its certificate ("),
        "{message}"
    );
    assert!(
        message.ends_with(&format!(", through the proxy {address} (HTTPS_PROXY) (tokens)")),
        "{message}"
    );
    assert!(
        hint.starts_with("if a company proxy signs this connection"),
        "{hint}"
    );
    assert!(server.requests().is_empty(), "no byte of a request has left");

    variables.push(("SSL_CERT_FILE", pem.to_str().unwrap()));
    let trusted = world.doctor(&["--credentials", "ci.json"], &variables);
    let message = format!("answers through the proxy {address} (HTTPS_PROXY) (tokens)");
    assert_eq!(
        (trusted.code, trusted.host("auth.example")),
        (0, ("ok", message.as_str(), ""))
    );
    let message = "its certificate is trusted, and not the system's";
    assert_eq!(trusted.one("certificates"), ("ok", message, ""));
    assert!(
        proxy
            .heads()
            .iter()
            .all(|head| !head.to_ascii_lowercase().contains("authorization"))
    );
}

#[test]
fn a_certificate_variable_that_names_a_folder_is_what_a_token_and_a_login_fail_with() {
    let certificates = Certificates::generate().unwrap();
    let server = Scripted::https(vec![http(404, &[], "")], certificates.server).unwrap();
    let world = World::new();
    let mut token = world.command(&["token", "--credentials", "ci.json", "--no-cache"]);
    token
        .env("CARTO_AUTH_URL", format!("https://localhost:{}", server.port()))
        .env("SSL_CERT_FILE", ".");
    let error = "nobody is trusted: SSL_CERT_FILE .: it is a folder, and SSL_CERT_DIR names those";
    let hint = "name PEM certificates there, or unset the variable; `carto-auth doctor` tests each step";
    assert_eq!(error_of(&run(&mut token, "").unwrap()), (3, error, hint));

    let mut login = world.command(&["login", "--browser", "--org", "acme"]);
    login
        .env(
            "CARTO_ACCOUNTS_URL",
            format!("https://localhost:{}", server.port()),
        )
        .env("BROWSER", "true")
        .env("SSL_CERT_FILE", ".");
    assert_eq!(error_of(&run(&mut login, "").unwrap()), (3, error, hint));
}

#[test]
fn hosts_that_are_dead_lost_or_out_of_order_are_told_apart() {
    let world = World::new();
    world.log_in(&[]);
    let port = free_port();
    let dead = format!("http://127.0.0.1:{port}");
    let variables = [
        ("CARTO_AUTH_URL", dead.as_str()),
        ("CARTO_ACCOUNTS_URL", "https://accounts.invalid"),
    ];
    let report = world.doctor(&[], &variables);
    assert_eq!(report.code, 1);
    assert_eq!(report.host(&dead[7..]).1, "refuses connections (tokens, login)");
    let (state, message, hint) = report.host("accounts.invalid");
    assert_eq!(
        (state, message),
        ("problem", "the name does not resolve (account)")
    );
    assert_eq!(
        hint,
        "check its spelling, the connection and this machine's DNS; where only a proxy leads out, name it in HTTPS_PROXY"
    );
    assert_eq!(report.one("clock").0, "skipped");

    world.carto.fail_always(Endpoint::Unknown, Fault::status(503));
    let report = world.doctor(&[], &[]);
    let (state, message, _) = report.one("host");
    assert_eq!((report.code, state), (0, "warning"));
    let message = message.split(" (").next().unwrap();
    assert_eq!(message, "answers directly, but is out of order: HTTP 503");
}

#[test]
fn hosts_that_say_nothing_are_waited_for_side_by_side_and_not_for_long() {
    let silent = || Scripted::http(vec![Reply::Stall(Vec::new())]).unwrap();
    let (auth, accounts) = (silent(), silent());
    let world = World::new();
    let start = Instant::now();
    let variables = [
        ("CARTO_AUTH_URL", auth.url()),
        ("CARTO_ACCOUNTS_URL", accounts.url()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let report = world.doctor(&[], &variables);
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    assert_eq!(report.code, 1);
    let messages: Vec<_> = report.all("host").iter().map(|check| check.1).collect();
    let expected = [
        "does not answer in time (tokens, login)",
        "does not answer in time (account)",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn ctrl_c_ends_it_while_it_waits() {
    let silent = Scripted::http(vec![Reply::Stall(Vec::new())]).unwrap();
    let world = World::new();
    let start = Instant::now();
    let mut command = world.command(&["doctor"]);
    let terminal = Terminal::start(command.env("CARTO_AUTH_URL", silent.url())).unwrap();
    while silent.requests().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(30), "it has not asked");
        std::thread::yield_now();
    }
    let start = Instant::now();
    terminal.interrupt().unwrap();
    let outcome = terminal.finish().unwrap();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (None, ""));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn self_hosted_carto_is_asked_where_its_variables_say() {
    let server = || Scripted::http(vec![http(200, &[], "")]).unwrap();
    let (auth, accounts) = (server(), server());
    let world = World::new();
    let auth_url = format!("{}/auth-api", auth.url());
    let accounts_url = format!("{}/accounts-api", accounts.url());
    let port = free_port();
    let redirect_uri = format!("http://127.0.0.1:{port}/back");
    let variables = [
        ("CARTO_AUTH_URL", auth_url.as_str()),
        ("CARTO_ACCOUNTS_URL", accounts_url.as_str()),
        ("CARTO_AUTH_REDIRECT_URI", redirect_uri.as_str()),
        ("CARTO_AUTH_CLIENT_ID", "acme"),
        ("CARTO_ALLOWED_DOMAINS", "acme.example"),
    ];
    let report = world.doctor(&[], &variables);
    let message = "changed by CARTO_AUTH_URL, CARTO_ACCOUNTS_URL, CARTO_APP_URL, CARTO_AUTH_REDIRECT_URI, \
                   CARTO_AUTH_CLIENT_ID, CARTO_ALLOWED_DOMAINS";
    assert_eq!(report.one("settings"), ("ok", message, ""));
    let states: Vec<_> = report.all("host").iter().map(|check| check.0).collect();
    assert_eq!(states, ["ok", "ok"]);
    assert!(auth.requests()[0].starts_with("GET /auth-api/oauth/token HTTP/1.1\r\n"));
    assert!(accounts.requests()[0].starts_with("GET /accounts-api HTTP/1.1\r\n"));
    let port = report
        .checks
        .iter()
        .find(|check| check["name"] == "port")
        .unwrap();
    assert!(redirect_uri.contains(port["about"].as_str().unwrap()));

    let report = world.doctor(&[], &[("CARTO_AUTH_URL", "http://auth.acme.example")]);
    let (state, message, hint) = report.one("settings");
    assert_eq!((report.code, state), (1, "problem"));
    assert!(
        message.starts_with("CARTO_AUTH_URL must start with https://"),
        "{message}"
    );
    assert!(hint.starts_with("give the whole address"), "{hint}");
}

#[test]
fn a_secret_that_others_may_read_is_worth_knowing() {
    let world = World::new();
    fs::set_permissions(world.path("ci.json"), Permissions::from_mode(0o640)).unwrap();
    let report = world.doctor(&["--credentials", "ci.json"], &[]);
    let (state, _, hint) = report.one("session");
    let expected = "others may read the file with its secret (mode 0640): make its mode 0600";
    assert_eq!((report.code, state, hint), (0, "warning", expected));
}

#[test]
fn a_machine_needs_no_account_no_port_and_no_browser() {
    let world = World::new();
    let report = world.doctor(
        &["--credentials", "ci.json"],
        &[("CARTO_ACCOUNTS_URL", "https://accounts.invalid")],
    );
    assert_eq!(report.code, 0);
    let message = "machine sandbox-client; the next command asks for a token";
    assert_eq!(report.one("session"), ("ok", message, ""));
    assert_eq!(report.one("host").1, "answers directly (tokens, APIs)");
    for name in ["port", "browser"] {
        assert_eq!(report.one(name), ("skipped", "a machine needs none", ""));
    }
    assert_eq!(world.asked(), 0);

    let report = world.doctor(&["--credentials", "none.json"], &[]);
    let (state, message, _) = report.one("session");
    assert_eq!(
        (report.code, state, message),
        (1, "problem", "none.json does not exist")
    );
    assert_eq!(
        report.one("host").1,
        "answers directly (tokens)",
        "the rest is tried all the same"
    );
    let report = world.doctor(&["--credentials", "ci.json", "--no-cache"], &[]);
    assert_eq!(report.one("cache").0, "skipped");
}

#[test]
fn the_browser_that_would_be_opened_is_named_or_why_none_is() {
    let world = World::new();
    let script = world.program("browser", "touch opened");
    let report = world.doctor(&[], &[("BROWSER", &script), ("DISPLAY", ":0")]);
    let in_container = ["/.dockerenv", "/run/.containerenv"]
        .iter()
        .any(|path| Path::new(path).exists());
    let expected = match in_container {
        true => (
            "skipped",
            "none is opened: this is a container; a login takes a pasted code",
            "",
        ),
        false => ("ok", script.as_str(), ""),
    };
    assert_eq!(report.one("browser"), expected);
    assert!(!world.path("opened").exists());
    let message = "none is opened: CARTO_AUTH_NO_BROWSER is set; a login takes a pasted code";
    assert_eq!(
        world.doctor(&[], &[NO_BROWSER]).one("browser"),
        ("skipped", message, "")
    );
}

#[test]
fn a_reader_that_has_gone_does_not_change_the_exit_code_and_a_full_disk_is_told() {
    let world = World::new();
    for (arguments, code) in [(&["doctor", "--credentials", "ci.json"][..], 0), (&["doctor"], 1)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let closed = world.command(arguments).stdout(writer).output().unwrap();
        assert_eq!((closed.status.code(), closed.stderr.len()), (Some(code), 0));
    }
    let full = File::options().write(true).open("/dev/full").unwrap();
    let full = world
        .command(&["doctor", "--credentials", "ci.json"])
        .stdout(full)
        .output()
        .unwrap();
    let text = String::from_utf8(full.stderr).unwrap();
    assert_eq!(full.status.code(), Some(1));
    assert!(
        text.starts_with("error: cannot write to standard output"),
        "{text}"
    );
}

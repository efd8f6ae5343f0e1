//! `carto-auth doctor`, and `token` beside it, where proxies, certificates and variables are not what they should be.

use std::fs;
use std::os::unix::fs::symlink;

use carto_auth_tests::{Certificates, Flaw, Reply, Scripted, http, run};

use crate::world::{World, error_of};

const MACHINE: [&str; 2] = ["--credentials", "ci.json"];

#[test]
fn a_variable_that_names_no_proxy_is_a_problem_and_no_host_is_asked_around_it() {
    let world = World::new();
    let hint = "give one such as http://proxy.acme.com:3128, without a path (https, socks5 and socks5h are others), or unset the variable";
    for (name, value) in [
        ("HTTPS_PROXY", "ftp://me:canary@proxy"),
        ("https_proxy", "http://:8080"),
        ("ALL_PROXY", "http://me:canary@proxy:99999"),
        ("http_proxy", "me:canary@pro xy"),
    ] {
        let variables = [("CARTO_AUTH_URL", "https://auth.example"), (name, value)];
        let message = format!("{name} is not the address of a proxy");
        let report = world.doctor(&MACHINE, &variables);
        assert_eq!(report.code, 1);
        assert_eq!(report.all("settings")[1], ("problem", message.as_str(), hint));
        let not_asked = format!("is not asked: {message} (tokens)");
        assert_eq!(report.host("auth.example"), ("problem", not_asked.as_str(), ""));
        assert_eq!(report.host(&world.host()).0, "ok", "loopback has no proxy");

        let mut command = world.command(&["token", "--credentials", "ci.json", "-v"]);
        let outcome = run(command.envs(variables), "").unwrap();
        assert_eq!(error_of(&outcome), (3, message.as_str(), hint));
        assert!(!format!("{outcome:?} {:?}", report.checks).contains("canary"));
    }
    let report = world.doctor(&MACHINE, &[("HTTPS_PROXY", " "), ("ALL_PROXY", "")]);
    assert_eq!((report.code, report.all("settings").len()), (0, 1));
}

#[test]
fn a_login_says_which_variable_names_no_proxy() {
    let world = World::new();
    let variables = [
        ("CARTO_AUTH_URL", "https://auth.example"),
        ("CARTO_ACCOUNTS_URL", "https://accounts.example"),
        ("HTTPS_PROXY", "pac://proxy"),
        ("BROWSER", "true"),
    ];
    let mut command = world.command(&["login", "--browser", "--org", "acme"]);
    let outcome = run(command.envs(variables), "").unwrap();
    let (code, message, _) = error_of(&outcome);
    assert_eq!((code, message), (3, "HTTPS_PROXY is not the address of a proxy"));
}

#[test]
fn entries_of_no_proxy_that_stand_for_no_host_are_named() {
    let world = World::new();
    let list = "acme.com, https://me:canary@auth.acme.com,10.0.0.0/33,,.acme.test,acme.com:443";
    let variables = [("HTTPS_PROXY", "http://127.0.0.1:9"), ("no_proxy", list)];
    let report = world.doctor(&MACHINE, &variables);
    let (state, message, hint) = report.all("settings")[1];
    assert_eq!((report.code, state), (0, "warning"));
    assert_eq!(
        message,
        r#"no_proxy has entries that stand for no host: "auth.acme.com", "10.0.0.0/33", "acme.com:443""#
    );
    assert!(hint.ends_with("without scheme and port"), "{hint}");
    let report = world.doctor(&MACHINE, &variables[1..]);
    assert_eq!(
        report.all("settings").len(),
        1,
        "without a proxy it matters to nobody"
    );
}

#[test]
fn what_a_proxy_answers_is_told() {
    let world = World::new();
    for (status, begin) in [
        (403, "the proxy does not allow this host"),
        (407, "the proxy wants a user name"),
        (502, "the proxy does not reach the host"),
        (418, "check the proxy's address"),
    ] {
        let proxy = Scripted::http(vec![http(status, &[], "")]).unwrap();
        let address = format!("http://127.0.0.1:{}", proxy.port());
        let variables = [
            ("CARTO_AUTH_URL", "https://auth.example"),
            ("HTTPS_PROXY", &address),
        ];
        let report = world.doctor(&MACHINE, &variables);
        let (state, message, hint) = report.host("auth.example");
        let expected = format!("the proxy {address} (HTTPS_PROXY) refused: HTTP {status} (tokens)");
        assert_eq!((state, message), ("problem", expected.as_str()));
        assert!(hint.starts_with(begin), "{hint}");
    }
}

#[test]
fn what_is_wrong_with_tls_is_told_in_words_with_a_hint_each() {
    let world = World::new();
    let told = |port: u16, pem: &str| {
        let url = format!("https://localhost:{port}");
        fs::write(world.path("ca.pem"), pem).unwrap();
        let variables = [("CARTO_AUTH_URL", url.as_str()), ("SSL_CERT_FILE", "ca.pem")];
        let report = world.doctor(&MACHINE, &variables);
        let (state, message, hint) = report.host(&url[8..]);
        assert_eq!(state, "problem");
        (message.to_owned(), hint.to_owned())
    };
    for (flaw, words, begin) in [
        (
            Flaw::Expired,
            "its certificate has expired (",
            "check this machine's clock",
        ),
        (
            Flaw::NotYetValid,
            "its certificate is not valid yet (",
            "check this machine's clock",
        ),
        (
            Flaw::WrongName,
            "its certificate is for another host (",
            "check the address; a captive",
        ),
        (
            Flaw::UnknownCa,
            "nobody who is trusted vouches for its certificate (",
            "if a company proxy signs this connection, add its CA to SSL_CERT_FILE ca.pem, which stands for",
        ),
    ] {
        let certificates = Certificates::with_flaw(flaw).unwrap();
        let server = Scripted::https(vec![http(404, &[], "")], certificates.server).unwrap();
        let (message, hint) = told(server.port(), &certificates.ca_pem);
        assert!(
            message.starts_with(&format!("TLS: {words}")),
            "{flaw:?}: {message}"
        );
        assert!(hint.starts_with(begin), "{flaw:?}: {hint}");
    }
    let pem = Certificates::generate().unwrap().ca_pem;
    for reply in [
        http(400, &[], ""),
        Reply::Bytes(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
    ] {
        let server = Scripted::http(vec![reply]).unwrap();
        let (message, hint) = told(server.port(), &pem);
        assert!(
            message.starts_with("TLS: what answers there speaks none ("),
            "{message}"
        );
        assert!(hint.starts_with("check the address and its port"), "{hint}");
    }
}

#[test]
fn certificates_that_cannot_be_used_are_a_problem() {
    let world = World::new();
    let pem = Certificates::generate().unwrap().ca_pem;
    let junk = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    for folder in ["good", "empty", "junk"] {
        fs::create_dir(world.path(folder)).unwrap();
    }
    fs::write(world.path("good/ca.pem"), format!("{junk}{pem}")).unwrap();
    symlink("ca.pem", world.path("good/0123abcd.0")).unwrap();
    fs::write(world.path("junk/junk.pem"), junk).unwrap();
    let none = "it holds no PEM certificate that can be used";
    let missing = "it is not there";
    for (variable, path, message) in [
        ("SSL_CERT_FILE", "ci.json", none),
        ("SSL_CERT_FILE", "junk/junk.pem", none),
        ("SSL_CERT_FILE", "missing.pem", missing),
        (
            "SSL_CERT_FILE",
            "good",
            "it is a folder, and SSL_CERT_DIR names those",
        ),
        ("SSL_CERT_FILE", "", "it is blank, which names no file"),
        ("SSL_CERT_DIR", "empty", none),
        ("SSL_CERT_DIR", "junk", none),
        ("SSL_CERT_DIR", "missing", missing),
        (
            "SSL_CERT_DIR",
            "good/ca.pem",
            "it is no folder, and SSL_CERT_FILE names files",
        ),
    ] {
        let report = world.doctor(&MACHINE, &[(variable, path)]);
        let hint = "name PEM certificates there, or unset the variable";
        assert_eq!(report.one("certificates"), ("problem", message, hint), "{path}");
        assert_eq!(report.code, 1);
    }
    let message = "its certificate is trusted, and not the system's";
    for (variable, path) in [("SSL_CERT_FILE", "good/ca.pem"), ("SSL_CERT_DIR", "good")] {
        let report = world.doctor(&MACHINE, &[(variable, path)]);
        assert_eq!(
            (report.code, report.one("certificates")),
            (0, ("ok", message, ""))
        );
    }
    let both = [
        ("SSL_CERT_FILE", "good/ca.pem"),
        ("SSL_CERT_DIR", "empty:missing"),
    ];
    let report = world.doctor(&MACHINE, &both);
    let states: Vec<_> = report.all("certificates").iter().map(|check| check.0).collect();
    assert_eq!((report.code, states), (0, vec!["ok", "warning", "warning"]));
    let unset = world.doctor(&MACHINE, &[("SSL_CERT_DIR", "")]);
    assert_eq!(unset.one("certificates").1, "the system's are trusted");
}

#[test]
fn variables_that_hold_nothing_usable_are_problems_and_the_rest_is_tried() {
    let world = World::new();
    let variables = [("CARTO_PROFILE", "../etc"), ("CARTO_AUTH_MODE", "robot")];
    let report = world.doctor(&[], &variables);
    assert_eq!(report.code, 1);
    let settings: Vec<_> = report
        .all("settings")
        .iter()
        .map(|check| (check.0, check.1))
        .collect();
    assert_eq!(
        settings[1..],
        [
            ("problem", "CARTO_AUTH_MODE has no usable value"),
            ("problem", "CARTO_PROFILE has no usable value"),
        ]
    );
    assert_eq!(report.one("session").0, "skipped");
    assert_eq!(report.one("host").1, "answers directly (tokens, login, account)");
    assert_eq!(report.one("port").0, "ok");

    let report = world.doctor(
        &MACHINE,
        &[("CARTO_AUTH_URL", "http://auth.acme.example"), variables[0]],
    );
    let states: Vec<_> = report.all("settings").iter().map(|check| check.0).collect();
    assert_eq!(
        (report.code, states),
        (1, vec!["problem"]),
        "the profile is not the machine's"
    );
    assert_eq!(report.one("certificates").0, "ok");

    let refused = run(world.command(&["token"]).envs(variables), "").unwrap();
    assert_eq!(error_of(&refused).0, 2, "other commands stay as they are");

    let log = world.doctor(&MACHINE, &[("CARTO_AUTH_LOG", "loud")]);
    let expected = (
        "warning",
        "CARTO_AUTH_LOG is none of off, warn, info and debug",
        "set it to one of these, or unset it",
    );
    assert_eq!((log.code, log.all("settings")[1]), (0, expected));
}

#[test]
fn a_profile_that_is_none_does_not_end_what_a_machine_does() {
    let world = World::new();
    let variables = [("CARTO_CREDENTIALS_FILE", "ci.json"), ("CARTO_PROFILE", "a/b")];
    let run = |arguments: &[&str]| run(world.command(arguments).envs(variables), "").unwrap();
    assert_eq!(run(&["token"]).code, Some(0));
    let report = world.doctor(&[], &variables);
    assert_eq!((report.code, report.one("settings").0), (0, "ok"));
    for person in [&["login"][..], &["token", "--mode", "oauth"]] {
        let (code, error, _) = (2, "CARTO_PROFILE has no usable value", "");
        let outcome = run(person);
        assert_eq!((error_of(&outcome).0, error_of(&outcome).1), (code, error));
    }
}

#[test]
fn a_host_that_no_proxy_exempts_is_said_to_be_and_a_lookup_for_a_socks_proxy_is_told() {
    let world = World::new();
    let proxy = ("ALL_PROXY", "socks5://127.0.0.1:9");
    let report = world.doctor(&MACHINE, &[proxy, ("NO_PROXY", "*")]);
    assert_eq!(
        report.one("host").1,
        "answers directly (tokens, APIs)",
        "no proxy leads to loopback, whatever NO_PROXY says"
    );
    let elsewhere = ("CARTO_AUTH_URL", "https://auth.invalid");
    let report = world.doctor(&MACHINE, &[proxy, elsewhere, ("NO_PROXY", "*")]);
    let exempt = "check the connection; NO_PROXY names this host: where only a proxy leads there, take it out of that list";
    assert_eq!(
        report.host("auth.invalid"),
        ("problem", "the name does not resolve (tokens)", exempt)
    );
    let report = world.doctor(&MACHINE, &[proxy, ("CARTO_AUTH_URL", "https://auth.invalid")]);
    let (state, message, hint) = report.host("auth.invalid");
    assert_eq!(state, "problem");
    assert_eq!(
        message,
        "the name does not resolve here, or that of the proxy socks5://127.0.0.1:9 (ALL_PROXY) does not (tokens)"
    );
    assert!(
        hint.ends_with("with socks5h:// it is the proxy that resolves names"),
        "{hint}"
    );
}

#[test]
fn a_lock_that_cannot_be_had_is_told() {
    let world = World::new();
    world.token();
    let lock = fs::read_dir(world.path(".carto-auth")).unwrap();
    let mut lock = lock.map(|entry| entry.unwrap().path());
    let lock = lock
        .find(|path| path.extension().is_some_and(|end| end == "lock"))
        .unwrap();
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let before = world.traces();
    let report = world.doctor(&MACHINE, &[]);
    let expected = (
        "warning",
        "it cannot be locked: it is no regular file",
        "remove it; it is made anew",
    );
    assert!(report.all("cache").contains(&expected), "{:?}", report.checks);
    assert_eq!((report.code, world.traces()), (0, before));
}

#[test]
fn a_login_that_waits_for_its_code_is_named() {
    let world = World::new();
    assert_eq!(world.run(&["login", "--profile", "work"]).code, Some(4));
    let before = world.traces();
    let report = world.doctor(&["--profile", "work"], &[]);
    let login = "carto-auth login --profile work";
    let hint = format!("`{login} --code CODE` finishes it, and `{login}` begins anew");
    assert_eq!(
        report.one("login"),
        ("warning", "it waits for its code", hint.as_str())
    );
    assert_eq!(world.traces(), before);
    assert!(
        world.doctor(&[], &[]).all("login").is_empty(),
        "it is another profile's"
    );

    let file = world.path(".carto-auth/login_pending@work.json");
    fs::write(&file, "{}").unwrap();
    let report = world.doctor(&["--profile", "work"], &[]);
    let (state, message, _) = report.one("login");
    assert_eq!(state, "skipped");
    assert!(message.starts_with("it is no pending login"), "{message}");
}

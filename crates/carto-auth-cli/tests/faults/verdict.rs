//! What must be so after a fault, and after the next good run.

use carto_auth_tests::Outcome;

use crate::scene::{Scene, Stage, files, is_own, token_in};

/// A command that met a failing call.
pub(crate) fn after_error(stage: &Stage, outcome: &Outcome, asked: usize) {
    let is_whole = outcome.code.is_some() && !outcome.stderr.contains("panicked");
    assert!(is_whole, "{outcome:?}, {:?}", stage.names());
    assert!(stage.temporary_files().is_empty(), "{:?}", stage.names());
    assert!(stage.is_lock_free());
    let folder = stage.folder().to_str().unwrap().to_owned();
    if stage.scene == Scene::Logout {
        logout(stage, outcome, &folder);
    } else if stage.scene == Scene::Person && outcome.code != Some(0) {
        // A refresh token is spent under the lock alone, and never without a token in return.
        assert_eq!(stage.world.asked(), asked, "{outcome:?}");
        old_or(stage, None);
    } else {
        delivered(stage, outcome, &folder);
    }
}

fn delivered(stage: &Stage, outcome: &Outcome, folder: &str) {
    let token = outcome.stdout.trim_end();
    assert_eq!(
        (outcome.code, token.split('.').count()),
        (Some(0), 3),
        "{outcome:?}"
    );
    assert!(!outcome.stderr.contains(token));
    match (stage.scene, &stage.token) {
        (Scene::Good, Some(good)) => assert_eq!(token, good),
        (_, old) => assert_ne!(Some(token), old.as_deref(), "{outcome:?}"),
    }
    for line in outcome.stderr.lines() {
        assert!(
            line.starts_with("warning: ") && line.contains(folder),
            "{outcome:?}"
        );
    }
    old_or(stage, Some(token));
    if stage.kept().as_deref() != Some(token) {
        assert!(
            !outcome.stderr.is_empty(),
            "a token that is not kept is a warning"
        );
    }
}

/// Each file is byte for byte the old one or a whole new one, which only its owner can read.
fn old_or(stage: &Stage, token: Option<&str>) {
    for (name, bytes) in files(&stage.world) {
        if stage.before.get(&name) == Some(&bytes) {
            continue;
        }
        let found = token_in(&bytes);
        match token {
            Some(token) => assert_eq!(found, token, "{name}"),
            None => assert_ne!(Some(found), stage.token, "{name}"),
        }
        assert_eq!(stage.mode(&name), 0o600, "{name}");
    }
}

/// What stays is named, and the identity's own file stays with an error only.
fn logout(stage: &Stage, outcome: &Outcome, folder: &str) {
    let left: Vec<_> = files(&stage.world).into_keys().collect();
    if outcome.code == Some(0) {
        for name in &left {
            let path = format!("{folder}/{name}");
            assert!(
                outcome.stderr.contains(&path) && !is_own(name),
                "{name} stays: {outcome:?}"
            );
        }
    } else {
        let error = outcome.stderr.lines().find(|line| line.starts_with("error: "));
        assert!(error.is_some_and(|line| line.contains(folder)), "{outcome:?}");
        assert!(!left.is_empty(), "{outcome:?}");
    }
}

/// A command that was killed.
pub(crate) fn after_kill(stage: &Stage, outcome: &Outcome) {
    assert_eq!(outcome.code, None, "{outcome:?}");
    assert!(stage.is_lock_free(), "the lock dies with its holder");
    old_or(stage, None);
    for name in stage.temporary_files() {
        assert_eq!(stage.mode(&name), 0o600, "{name}");
    }
}

/// The next good run works at once, and one that writes leaves all in order.
pub(crate) fn in_order_again(stage: &Stage, asked: usize) {
    if stage.scene == Scene::Logout {
        let outcome = stage.again(&["logout"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(files(&stage.world).is_empty() && stage.temporary_files().is_empty());
    }
    let (kept, now) = (stage.kept(), stage.world.asked());
    let outcome = stage.again(&["token"]);
    let was_spent = stage.scene == Scene::Person && kept == stage.token && now > asked;
    if was_spent {
        // The refresh token went, and nothing could be written for it: only a new login helps.
        assert_eq!(outcome.code, Some(4), "{outcome:?}");
        return;
    }
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (Some(0), ""),
        "{outcome:?}"
    );
    let token = outcome.stdout.trim_end();
    let is_good = stage.scene == Scene::Good || kept != stage.token;
    if let (Some(kept), true) = (kept, is_good) {
        assert_eq!((token, stage.world.asked()), (kept.as_str(), now));
    }
    if stage.scene == Scene::Person {
        return;
    }
    let renewed = stage.again(&["token", "--refresh"]);
    assert_eq!(
        (renewed.code, renewed.stderr.as_str()),
        (Some(0), ""),
        "{renewed:?}"
    );
    let files = files(&stage.world);
    assert_eq!(files.len(), 2, "{:?}", stage.names());
    for (name, bytes) in &files {
        assert_eq!(
            (token_in(bytes).as_str(), stage.mode(name)),
            (renewed.stdout.trim_end(), 0o600)
        );
    }
    assert_eq!(
        (stage.names().len(), stage.mode("")),
        (3, 0o700),
        "{:?}",
        stage.names()
    );
}

//! Numbers 3 to 5: the files.

use std::fs::{self, File};
use std::io::Read as _;

use carto_auth_sandbox::{Endpoint, Fault, Person};
use carto_auth_tests::write_long_ago;
use serde_json::Value;

use crate::scene::{Scene, number_of};

#[test]
fn defect_03_a_token_file_is_never_seen_half_written() {
    let scene = Scene::new();
    let python = scene.python(
        "
        auth = CartoAuth.from_m2m('a.json', cache_filepath='token.json')
        auth._expiration = 1
        dump = json.dump
        def dump_slowly(*arguments):
            say('another process finds', os.path.getsize('token.json'), 'bytes')
            dump(*arguments)
        json.dump = dump_slowly
        auth.get_access_token()
        ",
    );
    assert_eq!(python, ["another process finds 0 bytes"]);

    let auth = scene.machine("a.json").connect().unwrap();
    let whole = |mut file: File| {
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let kept: Value = serde_json::from_str(&text).unwrap();
        kept["access_token"].as_str().unwrap().to_owned()
    };
    let open = || File::open(scene.path("token.json")).unwrap();
    let (before, old) = (open(), whole(open()));
    let new = auth.new_token().unwrap();
    assert!(
        whole(before) == old,
        "who has the old file open reads it to its end"
    );
    assert!(whole(open()) == new.secret().expose() && old != new.secret().expose());
}

#[test]
fn defect_03_a_corrupt_file_does_not_crash_every_start() {
    let scene = Scene::new();
    let python = scene.python(
        "
        for text in ['', '{\"api_base_url\":', '\u{feff}{}', 'no token']:
            open('token.json', 'w', encoding='utf-8').write(text)
            for start in range(2):
                say(failure(CartoAuth.from_m2m, 'a.json', cache_filepath='token.json').split(':')[0])
        ",
    );
    assert_eq!(python, ["JSONDecodeError"; 8]);

    for text in ["", "{\"api_base_url\":", "\u{feff}{}", "no token"] {
        let scene = Scene::new();
        write_long_ago(scene.path("token.json"), text).unwrap();
        for _ in 0..2 {
            assert_eq!(
                number_of(&scene.machine("a.json").connect().unwrap()),
                1,
                "{text:?}"
            );
        }
        let replaced: Value = serde_json::from_slice(&fs::read(scene.path("token.json")).unwrap()).unwrap();
        assert_eq!(replaced["api_base_url"], scene.world.carto.api_base_url());
    }
}

#[test]
fn defect_04_a_missing_parent_directory_does_not_lose_the_fetched_token() {
    let scene = Scene::new();
    let python = scene.python(
        "say(failure(CartoAuth.from_m2m, 'a.json', cache_filepath='not/there/token.json').split(':')[0])",
    );
    assert_eq!(python, ["FileNotFoundError"]);
    assert_eq!(
        scene.asked(Endpoint::Token),
        1,
        "a token was granted, and nobody has it"
    );

    let machine = || {
        let builder = scene
            .machine("a.json")
            .cache_file(scene.path("not/there/token.json"));
        builder.connect().unwrap()
    };
    assert_eq!((number_of(&machine()), number_of(&machine())), (2, 2));
    assert!(scene.path("not/there/token.json").is_file());
}

#[test]
fn defect_05_an_account_that_cannot_be_asked_costs_no_login_at_the_next_start() {
    let scene = Scene::new();
    let silent = Fault::status(503).with_body("application/json", r#"{"message":"Service Unavailable"}"#);
    scene.world.carto.fail_always(Endpoint::Accounts, silent);
    let python = scene.dialogue(
        "
        for start in range(2):
            auth = CartoAuth.from_oauth(cache_filepath='token.json')
            say(json.load(open('token.json'))['api_base_url'])
        ",
    );
    for _ in 0..2 {
        scene.browse(&python.rest_of("browser: "), Person::Accepts);
        assert_eq!(python.line(), "None");
    }
    drop(python);
    fs::remove_file(scene.path("token.json")).unwrap();
    assert_eq!(scene.asked(Endpoint::Authorize), 2, "two starts, two logins");

    let first = scene.oauth().build();
    let (outcome, _) = scene.log_in(&first, |screen| screen.log_in(&scene.world, Person::Accepts));
    assert_eq!(outcome.unwrap_err().http_status(), Some(503));
    let second = scene.oauth().build();
    assert_eq!(number_of(&second), number_of(&first), "the login is kept");
    scene.world.carto.heal();
    let third = scene.oauth().connect().unwrap();
    assert_eq!(
        third.api_base_url().unwrap().as_str(),
        scene.world.carto.api_base_url()
    );
    assert_eq!(scene.asked(Endpoint::Authorize), 3, "three starts, one login");
}

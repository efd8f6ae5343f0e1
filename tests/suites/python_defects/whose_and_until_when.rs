//! Numbers 1 and 2: until when a token is handed out, and to whom.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use carto_auth_sandbox::{Endpoint, Person};
use carto_auth_ureq::{CartoAuth, Error};

use crate::scene::{REGION_B, Scene, number_of};

#[test]
fn defect_01_a_token_with_less_than_a_second_left_is_not_handed_out() {
    let scene = Scene::new();
    let python = scene.python(
        "
        from datetime import datetime
        end = datetime.utcnow().timestamp() + 0.5
        say(CartoAuth('m2m', access_token='due', expiration=end, use_cache=False).get_access_token())
        ",
    );
    assert_eq!(python, ["due"]);

    let end = SystemTime::now() + Duration::from_millis(500);
    let given = CartoAuth::from_token_until("https://api.carto.com", "due", end).unwrap();
    let error = given.access_token().unwrap_err();
    assert!(matches!(error, Error::Expired { .. }), "{error}");

    scene.machine("a.json").connect().unwrap();
    let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 1;
    for entry in fs::read_dir(scene.path("")).unwrap() {
        let path = entry.unwrap().path();
        let is_token = path.file_name().unwrap().to_str().unwrap().starts_with("token.");
        if is_token && path.extension().unwrap() == "json" {
            let mut kept: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            (kept["access_token"], kept["expires_at"]) = ("due".into(), end.into());
            kept["obtained_at"] = (end - 86_400).into();
            fs::write(&path, kept.to_string()).unwrap();
        }
    }
    let token = scene.machine("a.json").build().access_token().unwrap();
    assert!(token.secret().expose() != "due");
    assert_eq!(scene.asked(Endpoint::Token), 2);
}

#[test]
fn defect_02_client_b_does_not_get_client_as_token_and_region() {
    let scene = Scene::new();
    let python = scene.python(
        "
        for client in 'ab':
            auth = CartoAuth.from_m2m(client + '.json', cache_filepath='token.json')
            say(number(auth.get_access_token()), auth.get_api_base_url())
        ",
    );
    let region_a = scene.world.carto.api_base_url();
    assert_eq!(python, [format!("1 {region_a}"), format!("1 {region_a}")]);

    let [a, b] = ["a.json", "b.json"].map(|file| scene.machine(file).connect().unwrap());
    assert_eq!((number_of(&a), number_of(&b)), (1, 2), "Python's token is A's");
    assert_eq!(a.api_base_url().unwrap().as_str(), region_a);
    assert_eq!(b.api_base_url().unwrap().as_str(), REGION_B);
    assert_eq!(scene.asked(Endpoint::Token), 2);
}

#[test]
fn defect_02_an_organization_does_not_get_the_login_of_another_one() {
    let scene = Scene::new();
    let acme = scene.oauth().organization("acme").build();
    let (token, _) = scene.log_in(&acme, |screen| screen.log_in(&scene.world, Person::Accepts));
    assert!(token.is_ok(), "{token:?}");

    let python = scene.python(
        "
        auth = CartoAuth.from_oauth(org='org_other', cache_filepath='token.json')
        say(claims(auth.get_access_token())['org_id'])
        ",
    );
    assert_eq!(python, ["org_sandboxacme"]);

    let other = scene.oauth().organization("org_other").build();
    let error = other.access_token().unwrap_err();
    assert!(matches!(error, Error::NotLoggedIn), "{error}");
    let again = scene.oauth().organization("acme").build();
    assert!(again.access_token().unwrap().secret() == token.unwrap().secret());
}

#[test]
fn defect_02_an_api_base_url_that_is_given_counts_when_a_token_is_cached() {
    let scene = Scene::new();
    let auth = scene.oauth().build();
    let (token, _) = scene.log_in(&auth, |screen| screen.log_in(&scene.world, Person::Accepts));
    assert!(token.is_ok(), "{token:?}");

    let region_a = scene.world.carto.api_base_url();
    let python = scene.python(&format!(
        "
        auth = CartoAuth.from_oauth(api_base_url='{REGION_B}', cache_filepath='token.json')
        say(auth.get_api_base_url())
        "
    ));
    assert_eq!(python, [region_a.as_str()]);

    let elsewhere = scene.oauth().api_base_url(REGION_B).unwrap().build();
    assert_eq!(elsewhere.api_base_url().unwrap().as_str(), REGION_B);
    let error = elsewhere.access_token().unwrap_err();
    assert!(matches!(error, Error::NotLoggedIn), "{error}");
    let same = scene.oauth().api_base_url(&region_a).unwrap().build();
    assert!(same.access_token().unwrap().secret() == token.unwrap().secret());
}

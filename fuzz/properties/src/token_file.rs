use carto_auth_core::{
    AccessToken, ApiBaseUrl, Claims, Endpoints, Identity, LocalOffset, Secret, Timestamp, TokenRecord,
};
use serde_json::{Map, Value};

use crate::script::expand;
use crate::secrets::{CANARY, is_one_safe_line, is_silent, machine, tells};

/// A time zone, and its offset where it has one.
type Zone = (LocalOffset<'static>, Option<i64>);

/// UTC, India, New York around the spring of 2026, and a zone that changes each second.
const ZONES: [Zone; 4] = [
    (&|_| 0, Some(0)),
    (&|_| 19_800, Some(19_800)),
    (
        &|at| {
            if seconds(at) < 1_772_953_200 {
                -18_000
            } else {
                -14_400
            }
        },
        None,
    ),
    (&|at| if seconds(at) % 2 == 0 { -57_360 } else { 54_822 }, None),
];

/// A token file: an error that quotes nothing, or a record that means the same when it is written and read again, to us and to
/// Python, and belongs to nobody but whom it names.
pub fn token_file(data: &[u8]) {
    let file = expand(data);
    for zone in ZONES {
        match TokenRecord::decode(&file, zone.0) {
            Ok(record) => means_the_same_when_written(&record, &file, zone),
            Err(error) => {
                is_one_safe_line(&error.to_string());
                is_silent(&format!("{error} {error:?}"), &[CANARY]);
                assert!(!is_certainly_good(&file), "a good token is lost: {error}");
            }
        }
    }
}

fn means_the_same_when_written(first: &TokenRecord, file: &[u8], (zone, fixed): Zone) {
    is_silent(&format!("{first:?}"), &hidden(first));
    let written = first.encode(zone);
    let second =
        TokenRecord::decode(written.expose().as_bytes(), zone).expect("what was written can be read");
    assert_eq!(second.access_token(), first.access_token());
    assert_eq!(second.api_base_url(), first.api_base_url());
    assert_eq!(second.refresh_token(), first.refresh_token());
    assert_eq!(
        second.obtained_at().map(seconds),
        first.obtained_at().map(seconds)
    );
    assert!(
        seconds(second.expires_at()) <= seconds(first.expires_at()),
        "it lives longer than it did"
    );
    assert_eq!(second.encode(zone), written, "it changes each time it is written");
    assert!(first.has_certainly_ended(Timestamp::from_unix_seconds(i64::MAX)));
    assert!(
        AccessToken::new(first.access_token().clone(), None).is_some(),
        "no header can carry it"
    );
    let claimed = Claims::of(first.access_token().expose()).and_then(|claims| claims.expires_at);
    assert!(
        claimed.is_none_or(|end| first.expires_at() <= end),
        "it lives longer than it says"
    );
    assert!(first.without_refresh_token().refresh_token().is_none());
    assert_eq!(first.ended().refresh_token(), first.refresh_token());

    let (keys, kept) = (object(file), object(written.expose().as_bytes()));
    assert!(
        keys.keys().all(|name| kept.contains_key(name) || is_ours(name)),
        "a key of a later version is lost"
    );
    assert_eq!(kept["access_token"], keys["access_token"]);
    assert!(
        kept["expiration"].is_i64() && kept["access_token"].is_string(),
        "what Python reads"
    );
    if let Some(offset) = fixed {
        let python = seconds(first.expires_at()).saturating_sub(offset);
        assert_eq!(
            kept["expiration"].as_i64(),
            Some(python),
            "what Python would have written"
        );
    }
    belongs_to_whom_it_names(first, &keys);
}

/// A stored token is handed to nobody but the client that it was issued to.
fn belongs_to_whom_it_names(record: &TokenRecord, keys: &Map<String, Value>) {
    let carto = Endpoints::carto();
    let party = Claims::of(record.access_token().expose()).and_then(|claims| claims.authorized_party);
    for identity in [
        Identity::person(&carto),
        Identity::machine(&machine(), &carto),
        Identity::person(&carto).in_organization("org_ours"),
    ] {
        if !identity.owns(record) {
            continue;
        }
        let client = identity.client_id();
        assert!(
            party.as_deref().is_none_or(|party| party == client),
            "issued to {party:?}"
        );
        assert!(
            party.is_some() || keys["client_id"] == client,
            "issued to nobody we know"
        );
        assert!(
            identity
                .api_base_url()
                .is_none_or(|base| record.api_base_url() == Some(base)),
            "for another region"
        );
        let organization = identity.organization().map(|name| Value::from(name.to_owned()));
        let claims = Claims::of(record.access_token().expose()).unwrap_or_default();
        let is_theirs = |name: &Value| {
            keys.get("organization") == Some(name) || claims.organization_id.as_deref() == name.as_str()
        };
        assert!(
            organization.as_ref().is_none_or(is_theirs),
            "another organization"
        );
    }
}

/// Python's three keys, plainly.
fn is_certainly_good(file: &[u8]) -> bool {
    let keys = object(file);
    let text = |name: &str| keys.get(name).and_then(Value::as_str).unwrap_or_default();
    let token = Secret::new(text("access_token"));
    keys.len() == 3
        && keys.get("expiration").is_some_and(Value::is_i64)
        && text("api_base_url") == "https://gcp-us-east1.api.carto.com"
        && AccessToken::new(token, None).is_some()
}

fn object(bytes: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).unwrap_or_default()
}

fn is_ours(name: &str) -> bool {
    [
        "version",
        "expires_at",
        "obtained_at",
        "client_id",
        "token_url",
        "audience",
        "organization",
        "refresh_token",
        "api_base_url",
    ]
    .contains(&name)
}

fn seconds(time: Timestamp) -> i64 {
    time.as_unix_seconds()
}

/// What `Debug` must not show, unless it stands in the address or the owner, too: the tokens, and what a later version keeps.
fn hidden(record: &TokenRecord) -> Vec<&str> {
    let shown = format!("{record:?}");
    let (start, end) = (shown.find("owner: "), shown.rfind("unknown: "));
    let open = shown
        .get(start.unwrap_or(0)..end.unwrap_or(0))
        .unwrap_or_default();
    let address = record.api_base_url().map_or("", ApiBaseUrl::as_str);
    let tokens = [Some(record.access_token()), record.refresh_token()];
    let tokens = tokens.into_iter().flatten().map(Secret::expose);
    tokens
        .chain([CANARY])
        .filter(|token| !tells(open, token) && !tells(address, token))
        .collect()
}

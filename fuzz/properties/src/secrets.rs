//! The secrets of the properties, and how they are looked for where they must not be.

use std::sync::LazyLock;

use carto_auth_core::{
    Callback, Endpoints, Entropy, Error, Login, LoginRequest, M2mCredentials, OrganizationId, Redirect,
    Timestamp,
};
use url::form_urlencoded;

/// The time at which everything begins.
pub(crate) const T0: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

pub(crate) const CLIENT_SECRET: &str = "cs_canary+Bq7vX2mZ/9kLw3Td8Rj5Hs1Yf6Pg4Nc0Ea==Uo7Ix2Qb5Vz8Mt3Kr6";
pub(crate) const REFRESH_TOKEN: &str = "rt_canary.W4eRt7Yu1Io9Pa3Sd6Fg0Hj5Kl8Zx2Cv%Bn4Mq7We1Er9Ty3Ui6Op0As5";
pub(crate) const CODE: &str = "ac_canary-Lk5Jh8Gf2Ds6Aq0Wz4Sx7Ed1Cr9Fv3Tg~Bh6Yn0Uj5Mi8Ko2Lp";
pub(crate) const ACCESS_TOKEN: &str = "at_canary_Zp3Xo6Ci9Vu2By5Nt8Mr1Ae4Sw7Dq0Fz_Gx3Hc6Jv9Kb2Ln5";

/// What a file holds where a secret belongs.
pub(crate) const CANARY: &str = "canary-7Gk2Xw9Rb4Tq6Zn1";

/// A login to the organization `org_ours` or to any, always with the same verifier and state.
pub(crate) fn login(organization: Option<&str>) -> Login {
    let id = organization.map(|text| text.parse::<OrganizationId>().expect("an organization's id"));
    let request = LoginRequest::new(Endpoints::carto(), Redirect::Loopback);
    let request = match id {
        Some(id) => request.organization(id),
        None => request,
    };
    request.start(Entropy::new(std::array::from_fn(|place| place as u8)))
}

/// The `state` of [`login`], from the address that its browser is sent to.
pub(crate) fn state() -> String {
    static STATE: LazyLock<String> = LazyLock::new(|| {
        let url = url::Url::parse(login(None).authorize_url()).expect("an address");
        let state = url.query_pairs().find(|(name, _)| name == "state");
        state.expect("a state").1.into_owned()
    });
    STATE.clone()
}

/// The verifier of [`login`]: the first half of its entropy, as RFC 7636 has it.
pub(crate) const VERIFIER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

pub(crate) fn machine() -> M2mCredentials {
    M2mCredentials::new("https://gcp-us-east1.api.carto.com", "machine-id", CLIENT_SECRET)
        .expect("good credentials")
}

/// The login that its browser has brought back with this code.
pub(crate) fn authorized(code: &str, organization: Option<&str>) -> carto_auth_core::Authorized {
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", code)
        .append_pair("state", &state())
        .finish();
    match login(organization).callback(&format!("/callback/?{query}")) {
        Callback::Accepted(authorized) => authorized,
        other => panic!("the callback is good: {other:?}"),
    }
}

/// Nothing of a secret may be shown: neither as it is nor as a form spells it, whole or in part.
pub(crate) fn is_silent(shown: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!tells(shown, secret), "a secret in {shown:?}");
    }
}

/// True when a text holds a part of a secret, as it is or as a form spells it.
pub(crate) fn tells(text: &str, secret: &str) -> bool {
    let spelled: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    has_part_of(text, secret) || (spelled != secret && has_part_of(text, &spelled))
}

/// True when a text holds twenty characters of a secret that follow one another. Shorter secrets are passed over: any text
/// may hold them.
fn has_part_of(text: &str, secret: &str) -> bool {
    const PART: usize = 20;
    let windows = || (PART..=secret.len()).filter_map(|end| secret.get(end - PART..end));
    // Each part holds one of these whole, and looking for them is quick.
    let blocks = (PART / 2..=secret.len()).step_by(PART / 2);
    let mut blocks = blocks.filter_map(|end| secret.get(end - PART / 2..end));
    (!secret.is_ascii() || blocks.any(|block| text.contains(block)))
        && windows().any(|window| text.contains(window))
}

/// Text for a person is one line without anything that a terminal would act on or hide.
pub(crate) fn is_one_safe_line(shown: &str) {
    assert!(!shown.is_empty(), "nothing is said");
    assert!(!shown.chars().any(acts_on_a_terminal), "{shown:?}");
}

/// Control, C1, bidirectional and zero-width characters, and the line ends of Unicode.
#[must_use]
pub fn acts_on_a_terminal(c: char) -> bool {
    let is_bidirectional =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let has_no_width = matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}');
    c.is_control() || is_bidirectional || has_no_width || matches!(c, '\u{2028}' | '\u{2029}')
}

/// An error is shown on one line that is not endless, has a hint, and tells no secret, not even to a debugger.
pub(crate) fn is_safe_to_show(error: &Error, secrets: &[&str]) {
    let shown = error.to_string();
    is_one_safe_line(&shown);
    // Five texts of 300 characters at most, each of which may be an escape of ten.
    assert!(shown.chars().count() <= 16_000, "{} characters", shown.len());
    is_one_safe_line(&error.hint());
    is_silent(&format!("{shown}\n{error:?}\n{}", error.hint()), secrets);
    // They must be there for every error, whatever they say.
    let _ = (error.kind(), error.remedy(), error.http_status());
}

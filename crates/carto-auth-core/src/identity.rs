//! Whose token it is.

use sha2::{Digest as _, Sha256};
use url::Url;

use crate::api_base_url::ApiBaseUrl;
use crate::claims::Claims;
use crate::endpoints::Endpoints;
use crate::m2m_credentials::M2mCredentials;
use crate::token_file::{Owner, TokenRecord};

/// Whose tokens a session may use: this client, at this token endpoint, for this audience and this API base URL.
/// A stored token of anybody else is never handed out.
///
/// ```
/// use carto_auth_core::{Endpoints, Identity, M2mCredentials};
///
/// let machine = M2mCredentials::new("https://gcp-us-east1.api.carto.com", "id", "s3cr3t")?;
/// let identity = Identity::machine(&machine, &Endpoints::carto());
/// assert_eq!(identity.key(), "ac895f16a8bea8c1");
/// # Ok::<(), carto_auth_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    kind: Kind,
    owner: Owner,
    api_base_url: Option<ApiBaseUrl>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Machine,
    Person,
}

impl Identity {
    /// The identity of a machine-to-machine application.
    #[must_use]
    pub fn machine(credentials: &M2mCredentials, endpoints: &Endpoints) -> Self {
        Self {
            api_base_url: Some(credentials.api_base_url().clone()),
            ..Self::new(Kind::Machine, credentials.client_id(), endpoints)
        }
    }

    /// The identity of whoever logs in with a browser, in any organization and wherever the account's APIs are.
    #[must_use]
    pub fn person(endpoints: &Endpoints) -> Self {
        Self::new(Kind::Person, endpoints.client_id(), endpoints)
    }

    fn new(kind: Kind, client_id: &str, endpoints: &Endpoints) -> Self {
        Self {
            kind,
            owner: Owner {
                client_id: client_id.to_owned(),
                token_url: endpoints.token_url_text().to_owned(),
                audience: endpoints.audience().to_owned(),
                organization: None,
            },
            api_base_url: None,
        }
    }

    /// Only logins to this organization, by its name or id.
    #[must_use]
    pub fn in_organization(mut self, organization: impl Into<String>) -> Self {
        self.owner.organization = Some(organization.into());
        self
    }

    /// Only tokens for the APIs at this address.
    #[must_use]
    pub fn at(mut self, api_base_url: ApiBaseUrl) -> Self {
        self.api_base_url = Some(api_base_url);
        self
    }

    /// A short name, equal for equal identities: 16 hexadecimal digits of a SHA-256. No secret goes into it.
    #[must_use]
    pub fn key(&self) -> String {
        let Owner {
            client_id,
            token_url,
            audience,
            organization,
        } = &self.owner;
        let base = self.api_base_url.as_ref().map_or("", ApiBaseUrl::as_str);
        let text = match self.kind {
            Kind::Machine => ["m2m", client_id, token_url, audience, base].join("\n"),
            Kind::Person => {
                let organization = organization.as_deref().unwrap_or_default();
                ["oauth", client_id, token_url, audience, base, organization].join("\n")
            }
        };
        let digest = Sha256::digest(text);
        let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble & 15)]);
        digest
            .iter()
            .take(8)
            .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
            .collect()
    }

    /// True when a stored token was issued to this identity.
    ///
    /// Python's file does not say whose token it holds. A JWT does, by `azp`, `aud` and `iss`; an opaque token
    /// without our keys beside it belongs to nobody we know.
    #[must_use]
    pub fn owns(&self, record: &TokenRecord) -> bool {
        let claims = record.claims.as_ref();
        let at_our_place = self.api_base_url.is_none() || record.api_base_url() == self.api_base_url.as_ref();
        let is_ours = match (record.owner(), claims) {
            (Some(owner), Some(claims)) => self.is_client(owner) && !self.contradicts(claims),
            (Some(owner), None) => self.is_client(owner),
            (None, Some(claims)) => self.is_party_of(claims),
            (None, None) => false,
        };
        at_our_place && is_ours && self.is_in_our_organization(record.owner(), claims)
    }

    fn is_client(&self, owner: &Owner) -> bool {
        let our = &self.owner;
        owner.client_id == our.client_id && owner.token_url == our.token_url && owner.audience == our.audience
    }

    fn contradicts(&self, claims: &Claims) -> bool {
        claims
            .authorized_party
            .as_ref()
            .is_some_and(|party| *party != self.owner.client_id)
    }

    fn is_party_of(&self, claims: &Claims) -> bool {
        let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
        let is_issuer =
            |issuer: &String| origin(issuer).is_some_and(|its| Some(its) == origin(&self.owner.token_url));
        claims.authorized_party.as_deref() == Some(&self.owner.client_id)
            && claims.audience.contains(&self.owner.audience)
            && claims.issuer.as_ref().is_some_and(is_issuer)
    }

    /// An organization may be named as it was for the login, or by the id that the token carries.
    fn is_in_our_organization(&self, owner: Option<&Owner>, claims: Option<&Claims>) -> bool {
        let Some(ours) = &self.owner.organization else {
            return true;
        };
        let named = owner.and_then(|owner| owner.organization.as_ref());
        let id = claims.and_then(|claims| claims.organization_id.as_ref());
        named == Some(ours) || id == Some(ours)
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The organization that its logins are for, as it was named.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        self.owner.organization.as_deref()
    }

    /// Where the identity's APIs are, if that is part of it.
    #[must_use]
    pub fn api_base_url(&self) -> Option<&ApiBaseUrl> {
        self.api_base_url.as_ref()
    }

    /// The client's public name.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.owner.client_id
    }

    /// True for a person, false for a machine.
    #[must_use]
    pub fn is_person(&self) -> bool {
        self.kind == Kind::Person
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn machine(url: &str, id: &str, endpoints: &Endpoints) -> Identity {
        Identity::machine(&M2mCredentials::new(url, id, "s").unwrap(), endpoints)
    }

    fn written_by_python(claims: &str) -> TokenRecord {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let text =
            format!(r#"{{"api_base_url":"https://a.example","access_token":"{token}","expiration":9}}"#);
        TokenRecord::decode(text.as_bytes(), &|_| 0).unwrap()
    }

    #[test]
    fn the_key_differs_by_client_region_issuer_and_audience() {
        let carto = Endpoints::carto();
        let one = machine("https://a.example", "id", &carto);
        assert_eq!(one.key(), machine("https://a.example/", "id", &carto).key());
        for other in [
            machine("https://b.example", "id", &carto),
            machine("https://a.example", "id2", &carto),
            machine("https://a.example", "id", &carto.clone().with_audience("x")),
            machine(
                "https://a.example",
                "id",
                &carto.clone().with_auth_url("https://x.example").unwrap(),
            ),
        ] {
            assert_ne!(one.key(), other.key());
        }
    }

    #[test]
    fn a_token_that_python_stored_is_ours_only_if_its_claims_say_so() {
        let identity = machine("https://a.example", "id", &Endpoints::carto());
        let good = r#"{"azp":"id","aud":["carto-cloud-native-api"],"iss":"https://auth.carto.com/"}"#;
        assert!(identity.owns(&written_by_python(good)));
        for (part, other) in [
            (r#""azp":"id""#, r#""azp":"other""#),
            (r#""azp":"id","#, ""),
            ("carto-cloud-native-api", "another-api"),
            ("https://auth.carto.com/", "https://auth.evil.example/"),
        ] {
            assert!(
                !identity.owns(&written_by_python(&good.replace(part, other))),
                "{other}"
            );
        }
        let elsewhere = machine("https://b.example", "id", &Endpoints::carto());
        assert!(!elsewhere.owns(&written_by_python(good)));
    }

    #[test]
    fn an_opaque_token_without_our_keys_belongs_to_nobody_we_know() {
        let text = br#"{"api_base_url":"https://a.example","access_token":"opaque","expiration":9}"#;
        let record = TokenRecord::decode(text, &|_| 0).unwrap();
        assert!(!machine("https://a.example", "id", &Endpoints::carto()).owns(&record));
    }

    #[test]
    fn a_person_in_one_organization_never_gets_the_token_of_another() {
        let carto = Endpoints::carto();
        let person = Identity::person(&carto);
        let good = format!(
            r#"{{"azp":"{}","aud":"carto-cloud-native-api","iss":"https://auth.carto.com/","org_id":"org_a"}}"#,
            carto.client_id()
        );
        let of_python = written_by_python(&good);
        assert!(person.owns(&of_python), "whoever names no organization takes any");
        assert!(person.clone().in_organization("org_a").owns(&of_python));
        for other in ["org_b", "acme", ""] {
            assert!(!person.clone().in_organization(other).owns(&of_python), "{other}");
        }
        let of_us = TokenRecord {
            owner: Some(person.clone().in_organization("acme").owner),
            ..of_python
        };
        assert!(person.clone().in_organization("acme").owns(&of_us));
        assert!(!person.clone().in_organization("other").owns(&of_us));
        assert_ne!(person.key(), person.clone().in_organization("acme").key());
    }

    #[test]
    fn a_person_who_names_an_api_base_url_gets_no_token_for_another() {
        let person = Identity::person(&Endpoints::carto());
        let text = r#"{"azp":"0dxb8HR3ATXCxJiPOJVHsLoHoAtbRX6u","aud":"carto-cloud-native-api","iss":"https://auth.carto.com"}"#;
        let record = written_by_python(text);
        assert!(person.owns(&record));
        assert!(
            person
                .clone()
                .at("https://a.example".parse().unwrap())
                .owns(&record)
        );
        assert!(!person.at("https://b.example".parse().unwrap()).owns(&record));
    }
}

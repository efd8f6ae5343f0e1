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
    owner: Owner,
    token_url: Url,
    api_base_url: ApiBaseUrl,
}

impl Identity {
    /// The identity of a machine-to-machine application.
    #[must_use]
    pub fn machine(credentials: &M2mCredentials, endpoints: &Endpoints) -> Self {
        Self {
            owner: Owner {
                client_id: credentials.client_id().to_owned(),
                token_url: endpoints.token_url().as_str().to_owned(),
                audience: endpoints.audience().to_owned(),
            },
            token_url: endpoints.token_url().clone(),
            api_base_url: credentials.api_base_url().clone(),
        }
    }

    /// A short name, equal for equal identities: 16 hexadecimal digits of a SHA-256. No secret goes into it.
    #[must_use]
    pub fn key(&self) -> String {
        let Owner {
            client_id,
            token_url,
            audience,
        } = &self.owner;
        let parts = ["m2m", client_id, token_url, audience, self.api_base_url.as_str()];
        let digest = Sha256::digest(parts.join("\n"));
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// True when a stored token was issued to this identity.
    ///
    /// Python's file does not say whose token it holds. A JWT does, by `azp`, `aud` and `iss`; an opaque token
    /// without our keys beside it belongs to nobody we know.
    #[must_use]
    pub fn owns(&self, record: &TokenRecord) -> bool {
        let claims = Claims::of(record.access_token().expose());
        record.api_base_url() == &self.api_base_url
            && match (record.owner(), claims) {
                (Some(owner), claims) => {
                    *owner == self.owner && !claims.is_some_and(|of| self.contradicts(&of))
                }
                (None, Some(claims)) => self.is_party_of(&claims),
                (None, None) => false,
            }
    }

    fn contradicts(&self, claims: &Claims) -> bool {
        claims
            .authorized_party
            .as_ref()
            .is_some_and(|party| *party != self.owner.client_id)
    }

    fn is_party_of(&self, claims: &Claims) -> bool {
        let issuer = claims
            .issuer
            .as_deref()
            .and_then(|issuer| Url::parse(issuer).ok());
        claims.authorized_party.as_deref() == Some(&self.owner.client_id)
            && claims.audience.contains(&self.owner.audience)
            && issuer.is_some_and(|issuer| issuer.origin() == self.token_url.origin())
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Where the identity's APIs are.
    #[must_use]
    pub fn api_base_url(&self) -> &ApiBaseUrl {
        &self.api_base_url
    }

    /// The client's public name.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.owner.client_id
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
}

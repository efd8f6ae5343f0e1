//! A certificate authority that nobody trusts until told to.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A CA and a server's certificate for `localhost` and `auth.example` that it signed.
#[derive(Debug)]
pub struct Certificates {
    /// The CA's certificate, for `SSL_CERT_FILE`.
    pub ca_pem: String,
    /// What the server presents.
    pub server: Arc<ServerConfig>,
}

/// What can be wrong with a server's certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// It ended in 2020.
    Expired,
    /// It begins in 2100.
    NotYetValid,
    /// It is for other hosts.
    WrongName,
    /// Nobody but itself vouches for it.
    SelfSigned,
    /// A CA vouches for it that is not the one in `ca_pem`, though it has the same name.
    UnknownCa,
    /// It is for clients.
    ForClients,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Expired,
        Self::NotYetValid,
        Self::WrongName,
        Self::SelfSigned,
        Self::UnknownCa,
        Self::ForClients,
    ];
}

impl Certificates {
    /// Makes both anew.
    ///
    /// # Errors
    /// When the cryptography library refuses, which it does not.
    pub fn generate() -> Result<Self, Box<dyn std::error::Error>> {
        Self::make(None)
    }

    /// Makes both anew, the server's with a flaw.
    ///
    /// # Errors
    /// When the cryptography library refuses, which it does not.
    pub fn with_flaw(flaw: Flaw) -> Result<Self, Box<dyn std::error::Error>> {
        Self::make(Some(flaw))
    }

    fn make(flaw: Option<Flaw>) -> Result<Self, Box<dyn std::error::Error>> {
        let ca = || -> Result<_, rcgen::Error> {
            let mut ca = CertificateParams::new(Vec::new())?;
            ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            CertifiedIssuer::self_signed(ca, KeyPair::generate()?)
        };
        let (trusted, other) = (ca()?, ca()?);
        let names = match flaw {
            Some(Flaw::WrongName) => ["localhost.example", "other.example"],
            _ => ["localhost", "auth.example"],
        };
        let mut params = CertificateParams::new(names.map(str::to_owned))?;
        match flaw {
            Some(Flaw::Expired) => {
                (params.not_before, params.not_after) =
                    (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
            }
            Some(Flaw::NotYetValid) => params.not_before = date_time_ymd(2100, 1, 1),
            Some(Flaw::SelfSigned) => params.distinguished_name.push(DnType::CommonName, "itself"),
            Some(Flaw::ForClients) => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            _ => {}
        }
        let key = KeyPair::generate()?;
        let leaf = match flaw {
            Some(Flaw::SelfSigned) => params.self_signed(&key)?,
            Some(Flaw::UnknownCa) => params.signed_by(&key, &other)?,
            _ => params.signed_by(&key, &trusted)?,
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;
        Ok(Self {
            ca_pem: trusted.pem(),
            server: Arc::new(server),
        })
    }
}

//! A certificate authority that nobody trusts until told to.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
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

impl Certificates {
    /// Makes both anew.
    ///
    /// # Errors
    /// When the cryptography library refuses, which it does not.
    pub fn generate() -> Result<Self, Box<dyn std::error::Error>> {
        let mut ca = CertificateParams::new(Vec::new())?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = ["localhost", "auth.example"];
        let leaf = CertificateParams::new(names.map(str::to_owned))?.signed_by(&key, &ca)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;
        Ok(Self {
            ca_pem: ca.pem(),
            server: Arc::new(server),
        })
    }
}

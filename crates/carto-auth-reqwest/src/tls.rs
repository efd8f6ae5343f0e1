//! TLS as the features have it: rustls, or none.

use carto_auth_core::{Sent, TlsProblem, TransportError, TransportErrorKind};
use reqwest::ClientBuilder;

/// Trusts whom the platform trusts.
#[cfg(feature = "rustls-no-provider")]
pub(crate) fn with_platform_trust(builder: ClientBuilder) -> Result<ClientBuilder, TransportError> {
    use rustls_platform_verifier::BuilderVerifierExt as _;

    if let Some(error) = carto_auth_native::endless_certificates() {
        return Err(error);
    }
    let trusting = rustls::with_provider()?
        .with_platform_verifier()
        .map_err(|error| carto_auth_native::tls_error(&error))?;
    Ok(builder.tls_backend_preconfigured(trusting.with_no_client_auth()))
}

/// Trusts nobody, and loads no certificates: for plain http.
#[cfg(feature = "rustls-no-provider")]
pub(crate) fn without_trust(builder: ClientBuilder) -> Result<ClientBuilder, TransportError> {
    let nobody = rustls::with_provider()?.with_root_certificates(::rustls::RootCertStore::empty());
    Ok(builder.tls_backend_preconfigured(nobody.with_no_client_auth()))
}

#[cfg(not(feature = "rustls-no-provider"))]
pub(crate) fn with_platform_trust(_: ClientBuilder) -> Result<ClientBuilder, TransportError> {
    Err(none(
        "the program has none: turn on the feature `rustls` of carto-auth-reqwest, or bring a client",
    ))
}

fn none(words: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Tls, Sent::No)
        .with_tls_problem(TlsProblem::Unavailable)
        .with_detail(words)
}

#[cfg(not(feature = "rustls-no-provider"))]
#[expect(clippy::unnecessary_wraps, reason = "as with rustls")]
pub(crate) fn without_trust(builder: ClientBuilder) -> Result<ClientBuilder, TransportError> {
    Ok(builder)
}

#[cfg(feature = "rustls-no-provider")]
mod rustls {
    use std::sync::Arc;

    use carto_auth_core::TransportError;
    use rustls::crypto::CryptoProvider;
    use rustls::{ClientConfig, ConfigBuilder, WantsVerifier};

    pub(super) fn with_provider() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TransportError> {
        ClientConfig::builder_with_provider(provider()?)
            .with_safe_default_protocol_versions()
            .map_err(|error| super::none(&error.to_string()))
    }

    /// The provider that the program has installed counts (it may be one with FIPS), and ring otherwise.
    fn provider() -> Result<Arc<CryptoProvider>, TransportError> {
        let installed = CryptoProvider::get_default().cloned();
        #[cfg(feature = "rustls")]
        let installed = installed.or_else(|| Some(Arc::new(rustls::crypto::ring::default_provider())));
        installed.ok_or_else(|| super::none("no rustls CryptoProvider is installed"))
    }
}

#[cfg(all(test, not(feature = "rustls-no-provider")))]
mod tests {
    #[test]
    fn without_the_feature_there_is_no_tls_and_that_is_said() {
        assert_eq!(
            crate::default_client().unwrap_err().to_string(),
            "the HTTP client cannot be set up: TLS failed (the program has none: turn on the feature `rustls` of \
             carto-auth-reqwest, or bring a client)"
        );
    }
}

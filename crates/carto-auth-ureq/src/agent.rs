//! The HTTP client that is used when the caller brings none.

use std::sync::Arc;

use rustls::crypto::ring;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

/// An agent with rustls, the platform's trust and the environment's proxies, and without redirects, compression
/// and kept connections (a token is asked for once a day).
///
/// Nothing is loaded here: the trust store is read by the first TLS connection.
#[must_use]
pub fn default_agent() -> Agent {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .max_idle_connections(0)
        .build()
        .into()
}

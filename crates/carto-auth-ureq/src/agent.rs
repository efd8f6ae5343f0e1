//! The HTTP client that is used when the caller brings none.

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

use crate::via::environment_proxy;

/// An agent with rustls, the platform's trust and the environment's proxies, and without redirects, compression
/// and kept connections (a token is asked for once a day).
///
/// For requests of the program's own, `NO_PROXY` is read by ureq's rules. Where the first variable that is set names no
/// proxy, they fail; what CARTO is asked fails with [`Error::Address`](carto_auth_core::Error::Address), which names it.
///
/// Nothing is loaded here: the trust store is read by the first TLS connection. (Before CARTO is asked, a `SSL_CERT_FILE` that
/// names a pipe or a device is refused, which ureq itself would read for ever.) Without the feature `rustls` it reaches
/// only http (loopback), unless another crate has turned TLS on in ureq; with `rustls-no-provider`, https where the program
/// has installed a `CryptoProvider`.
#[must_use]
pub fn default_agent() -> Agent {
    with_tls(Agent::config_builder())
        .proxy(environment_proxy())
        .max_idle_connections(0)
        .build()
        .into()
}

/// The provider that the program has installed counts (it may be one with FIPS), and ring otherwise.
#[cfg(feature = "rustls-no-provider")]
fn with_tls(config: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
    use rustls::crypto::CryptoProvider;
    use ureq::tls::{RootCerts, TlsConfig};

    let installed = CryptoProvider::get_default().cloned();
    #[cfg(feature = "rustls")]
    let installed = installed.or_else(|| Some(std::sync::Arc::new(rustls::crypto::ring::default_provider())));
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier);
    let tls = match installed {
        Some(provider) => tls.unversioned_rustls_crypto_provider(provider),
        None => tls,
    };
    config.tls_config(tls.build())
}

/// False where ureq would panic for want of a provider.
pub(crate) fn has_provider(agent: &Agent) -> bool {
    #[cfg(all(feature = "rustls-no-provider", not(feature = "rustls")))]
    {
        let tls = agent.config().tls_config();
        tls.provider() != ureq::tls::TlsProvider::Rustls
            || tls.unversioned_rustls_crypto_provider().is_some()
            || rustls::crypto::CryptoProvider::get_default().is_some()
    }
    #[cfg(not(all(feature = "rustls-no-provider", not(feature = "rustls"))))]
    {
        let _ = agent;
        true
    }
}

#[cfg(not(feature = "rustls-no-provider"))]
fn with_tls(config: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
    config
}

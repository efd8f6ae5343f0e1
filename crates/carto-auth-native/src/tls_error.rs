//! What an error of rustls means, whichever client met it.

use std::{env, fs};

use carto_auth_core::{Sent, TlsProblem, TransportError, TransportErrorKind};
use rustls::{CertificateError, Error, InvalidMessage};

/// What failed, in the words of rustls, and what of it a person can do something about.
#[must_use]
pub fn tls_error(error: &Error) -> TransportError {
    let kind = match error {
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => TransportErrorKind::Certificate,
        _ => TransportErrorKind::Tls,
    };
    let words = match error {
        Error::General(words) => words.clone(),
        _ => error.to_string(),
    };
    let problem = problem_of(error);
    // Whom to trust is read before anything is sent.
    let sent = match problem {
        Some(TlsProblem::NobodyTrusted) => Sent::No,
        _ => Sent::Maybe,
    };
    let failed = TransportError::new(kind, sent).with_detail(words);
    match problem {
        Some(problem) => failed.with_tls_problem(problem),
        None => failed,
    }
}

/// Why the system's certificates must not be read: `SSL_CERT_FILE`, which stands for them, names what may be read for ever,
/// such as a pipe or a device.
#[must_use]
pub fn endless_certificates() -> Option<TransportError> {
    // Elsewhere the system decides, and does not read the variable.
    if !cfg!(all(unix, not(target_os = "macos"))) {
        return None;
    }
    let path = env::var_os("SSL_CERT_FILE")?;
    let metadata = fs::metadata(&path).ok()?;
    let is_endless = !metadata.is_file() && !metadata.is_dir() && path != "/dev/null";
    is_endless.then(|| {
        TransportError::new(TransportErrorKind::Tls, Sent::No)
            .with_tls_problem(TlsProblem::NobodyTrusted)
            .with_detail("SSL_CERT_FILE names no file")
    })
}

fn problem_of(error: &Error) -> Option<TlsProblem> {
    use CertificateError as Certificate;
    match error {
        Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            Some(TlsProblem::Expired)
        }
        Error::InvalidCertificate(Certificate::NotValidYet | Certificate::NotValidYetContext { .. }) => {
            Some(TlsProblem::NotYetValid)
        }
        Error::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        ) => Some(TlsProblem::WrongName),
        // BadSignature: a CA of a known name, with another key.
        Error::InvalidCertificate(Certificate::UnknownIssuer | Certificate::BadSignature) => {
            Some(TlsProblem::UnknownIssuer)
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => Some(TlsProblem::NotTls),
        // The platform's verifier has no type for it; the suites of the front ends meet it.
        Error::General(words) if words.starts_with("No CA certificates") => Some(TlsProblem::NobodyTrusted),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_nobody_vouches_for_is_told_from_what_speaks_no_tls() {
        let told = |error: Error| {
            let error = tls_error(&error);
            (error.kind(), error.tls_problem())
        };
        let issuer = Some(TlsProblem::UnknownIssuer);
        for of in [CertificateError::UnknownIssuer, CertificateError::BadSignature] {
            let expected = (TransportErrorKind::Certificate, issuer);
            assert_eq!(told(Error::InvalidCertificate(of)), expected);
        }
        let none = told(Error::InvalidMessage(InvalidMessage::InvalidContentType));
        assert_eq!(none, (TransportErrorKind::Tls, Some(TlsProblem::NotTls)));
        assert_eq!(
            told(Error::NoCertificatesPresented),
            (TransportErrorKind::Certificate, None)
        );
    }
}

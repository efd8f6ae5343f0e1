//! What an error of rustls means, whichever client met it.

use carto_auth_core::{Sent, TlsProblem, TransportError, TransportErrorKind};
use rustls::{CertificateError, Error, InvalidMessage};

/// What failed, and what a person can do something about; the words are the client's to add.
#[must_use]
pub fn tls_error(error: &Error) -> TransportError {
    let kind = match error {
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => TransportErrorKind::Certificate,
        _ => TransportErrorKind::Tls,
    };
    let failed = TransportError::new(kind, Sent::Maybe);
    match problem_of(error) {
        Some(problem) => failed.with_tls_problem(problem),
        None => failed,
    }
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

//! Authorization codes, <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2>, bound to a challenge,
//! <https://www.rfc-editor.org/rfc/rfc7636#section-4.6>.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use crate::authorize::AuthorizeRequest;
use crate::person::Grant;
use crate::request::RecordedRequest;
use crate::unguessable::unguessable;

pub(crate) struct Codes {
    lifetime: Duration,
    issued: HashMap<String, (AuthorizeRequest, Instant)>,
}

impl Codes {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            issued: HashMap::new(),
        }
    }

    pub(crate) fn issue(&mut self, request: AuthorizeRequest) -> String {
        let code = unguessable();
        self.issued.insert(code.clone(), (request, Instant::now()));
        code
    }

    /// What a code stands for, or why it is refused. It is gone after the first try, whatever comes of it.
    pub(crate) fn redeem(&mut self, request: &RecordedRequest) -> Result<Grant, &'static str> {
        let field = |name| request.field(name).unwrap_or_default();
        let invalid = "Invalid authorization code";
        let (issued, at) = self.issued.remove(field("code")).ok_or(invalid)?;
        let is_bound = issued.grant.client_id == field("client_id")
            && issued.redirect_uri == field("redirect_uri")
            && at.elapsed() < self.lifetime;
        if !is_bound {
            return Err(invalid);
        }
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, field("code_verifier").as_bytes()));
        match challenge == issued.code_challenge {
            true => Ok(issued.grant),
            false => Err("Failed to verify code verifier"),
        }
    }
}

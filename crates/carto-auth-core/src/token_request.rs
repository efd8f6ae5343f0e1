//! The flow that asks the token endpoint for a token.

use crate::claims::Claims;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::exchange::{BODY_LIMIT, Conversation, Exchange, strange};
use crate::m2m_credentials::M2mCredentials;
use crate::organization::OrganizationId;
use crate::reply::{ReplyProblem, json_object};
use crate::retry::{Jitter, Repeat};
use crate::secret::Secret;
use crate::step::{Flow, Incoming, Step};
use crate::timestamp::Timestamp;
use crate::token_response::{TokenFields, TokenGrant};
use crate::transport_error::TransportError;

/// One conversation with the token endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-3.2>.
///
/// ```
/// use carto_auth_core::{Endpoints, Jitter, M2mCredentials, Step, Timestamp, TokenRequest};
///
/// let machine = M2mCredentials::new("https://gcp-us-east1.api.carto.com", "id", "s3cr3t")?;
/// let now = Timestamp::from_unix_seconds(1_790_000_000);
/// let step = TokenRequest::client_credentials(&machine, &Endpoints::carto(), Jitter::new(7), now);
///
/// let Step::Send(out, next) = step else { unreachable!() };
/// assert_eq!(out.request.uri(), "https://auth.carto.com/oauth/token");
///
/// let reply = br#"{"access_token":"t","token_type":"Bearer","expires_in":60}"#.to_vec();
/// let Step::Done(grant) = next.resume(Ok(http::Response::new(reply)), now)? else { unreachable!() };
/// assert_eq!(grant.access_token.expose(), "t");
/// # Ok::<(), carto_auth_core::Error>(())
/// ```
pub struct TokenRequest {
    exchange: Exchange,
    presents: Presents,
    organization: Option<OrganizationId>,
}

/// What is handed in for a token.
#[derive(Clone, Copy)]
enum Presents {
    ClientSecret,
    Code,
    RefreshToken,
}

/// An authorization code with what proves that it is ours,
/// <https://www.rfc-editor.org/rfc/rfc7636#section-4.5>.
pub(crate) struct CodeGrant<'a> {
    pub(crate) code: &'a Secret,
    pub(crate) verifier: &'a Secret,
    /// It is not sent: only to be blotted out, for the login service knows it.
    pub(crate) state: &'a Secret,
    pub(crate) redirect_uri: &'a str,
    pub(crate) organization: Option<&'a OrganizationId>,
}

impl TokenRequest {
    /// Asks with a machine's credentials, <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>. The request may
    /// be sent again: a second token harms nobody.
    pub fn client_credentials(
        credentials: &M2mCredentials,
        endpoints: &Endpoints,
        jitter: Jitter,
        now: impl Into<Timestamp>,
    ) -> Step<Self> {
        let secret = credentials.client_secret();
        let form = [
            ("grant_type", "client_credentials"),
            ("audience", endpoints.audience()),
            ("client_id", credentials.client_id()),
            ("client_secret", secret.expose()),
        ];
        let secrets = vec![secret.clone()];
        let exchange = Exchange::post(endpoints.token_url(), &form, secrets, Repeat::Harmless, jitter);
        Self::new(exchange, Presents::ClientSecret).send(now.into())
    }

    /// Asks with an authorization code, <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3>. "The client MUST
    /// NOT use the authorization code more than once" (section 4.1.2): once bytes may have left, it is not sent
    /// again.
    pub(crate) fn authorization_code(
        grant: &CodeGrant<'_>,
        endpoints: &Endpoints,
        jitter: Jitter,
        now: Timestamp,
    ) -> Step<Self> {
        let form = [
            ("grant_type", "authorization_code"),
            ("audience", endpoints.audience()),
            ("client_id", endpoints.client_id()),
            ("code", grant.code.expose()),
            ("code_verifier", grant.verifier.expose()),
            ("redirect_uri", grant.redirect_uri),
        ];
        let secrets = vec![grant.code.clone(), grant.verifier.clone(), grant.state.clone()];
        let exchange = Exchange::post(endpoints.token_url(), &form, secrets, Repeat::Spends, jitter);
        Self {
            organization: grant.organization.cloned(),
            ..Self::new(exchange, Presents::Code)
        }
        .send(now)
    }

    /// Asks with a refresh token, <https://www.rfc-editor.org/rfc/rfc6749#section-6>. A server that rotates them
    /// takes a second use for theft, so this conversation does not send it again once bytes may have left.
    pub fn refresh_token(
        refresh_token: &Secret,
        endpoints: &Endpoints,
        jitter: Jitter,
        now: impl Into<Timestamp>,
    ) -> Step<Self> {
        let form = [
            ("grant_type", "refresh_token"),
            ("audience", endpoints.audience()),
            ("client_id", endpoints.client_id()),
            ("refresh_token", refresh_token.expose()),
        ];
        let secrets = vec![refresh_token.clone()];
        let exchange = Exchange::post(endpoints.token_url(), &form, secrets, Repeat::Spends, jitter);
        Self::new(exchange, Presents::RefreshToken).send(now.into())
    }

    fn new(exchange: Exchange, presents: Presents) -> Self {
        Self {
            exchange,
            presents,
            organization: None,
        }
    }

    fn grant(&self, reply: Result<Incoming, TransportError>, now: Timestamp) -> Result<TokenGrant, Error> {
        let refused = |error| match (error, self.presents) {
            (Error::Refused(refusal), Presents::Code) if refusal.is_invalid_grant() => {
                Error::CodeRefused(refusal)
            }
            (Error::Refused(refusal), Presents::RefreshToken) if refusal.is_invalid_grant() => {
                Error::SessionEnded(refusal)
            }
            (other, _) => other,
        };
        self.exchange.read(reply, |host, reply| {
            let body;
            let fields = match TokenFields::usual(reply) {
                Some(fields) => Ok(fields),
                None => {
                    body = json_object(host, reply, BODY_LIMIT, now).map_err(refused)?;
                    TokenFields::of_object(&body)
                }
            };
            fields
                .and_then(|fields| TokenGrant::new(&fields, self.exchange.sent_at(), now))
                .and_then(|grant| self.is_of_our_organization(grant))
                .map_err(|problem| strange(host, reply, problem))
        })
    }

    /// A token that names an organization must name the one that was asked for.
    fn is_of_our_organization(&self, grant: TokenGrant) -> Result<TokenGrant, ReplyProblem> {
        let Some(ours) = &self.organization else {
            return Ok(grant);
        };
        let named = Claims::of(grant.access_token.expose()).and_then(|claims| claims.organization_id);
        match named {
            Some(named) if ours.as_str() != named => Err(ReplyProblem::ForeignOrganization),
            _ => Ok(grant),
        }
    }
}

impl Flow for TokenRequest {
    type Output = TokenGrant;
}

impl Conversation for TokenRequest {
    fn exchange(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    fn hear(
        &mut self,
        reply: Result<Incoming, TransportError>,
        now: Timestamp,
    ) -> Result<Option<TokenGrant>, Error> {
        self.grant(reply, now).map(Some)
    }
}

#[cfg(test)]
#[path = "token_request_tests.rs"]
mod tests;

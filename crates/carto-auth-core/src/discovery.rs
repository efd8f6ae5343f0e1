//! The flow that finds an account's API base URL: accounts → tenant → `config.yaml`.

use url::Url;

use crate::access_token::AccessToken;
use crate::api_base_url::ApiBaseUrl;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::exchange::{BODY_LIMIT, Conversation, Exchange, strange};
use crate::host_rules::{DomainName, is_loopback};
use crate::reply::{ReplyProblem, json_object, required_text, whole_body};
use crate::retry::Jitter;
use crate::step::{Flow, Incoming, Step};
use crate::tenant_config;
use crate::timestamp::Timestamp;
use crate::transport_error::TransportError;

/// One conversation with CARTO's accounts service, which gets the token, and with the tenant's host, which does
/// not.
///
/// ```
/// use carto_auth_core::{AccessToken, Discovery, Endpoints, Jitter, Secret, Step, Timestamp};
///
/// let token = AccessToken::new(Secret::new("token"), None).unwrap();
/// let now = Timestamp::from_unix_seconds(1_790_000_000);
/// let step = Discovery::start(&token, Endpoints::carto(), Jitter::new(7), now);
/// let Step::Send(out, next) = step else { unreachable!() };
/// assert_eq!(out.request.uri(), "https://accounts.app.carto.com/accounts");
///
/// let reply = http::Response::new(br#"{"tenant_domain":"acme.app.carto.com"}"#.to_vec());
/// let Step::Send(out, _) = next.resume(Ok(reply), now)? else { unreachable!() };
/// assert_eq!(out.request.uri(), "https://acme.app.carto.com/config.yaml");
/// assert!(!out.request.headers().contains_key("authorization"));
/// # Ok::<(), carto_auth_core::Error>(())
/// ```
pub struct Discovery {
    endpoints: Endpoints,
    jitter: Jitter,
    asks: Asks,
    exchange: Exchange,
}

/// Who is being asked.
#[derive(Clone, Copy)]
enum Asks {
    Accounts,
    Tenant,
}

/// What an answer leads to.
enum Learned {
    Tenant(Url),
    ApiBaseUrl(ApiBaseUrl),
}

impl Discovery {
    /// Asks for the API base URL of the account that a token belongs to.
    pub fn start(
        token: &AccessToken,
        endpoints: Endpoints,
        jitter: Jitter,
        now: impl Into<Timestamp>,
    ) -> Step<Self> {
        let exchange = Exchange::get(&endpoints.accounts_page(&["accounts"]), Some(token), jitter);
        Self {
            endpoints,
            jitter,
            asks: Asks::Accounts,
            exchange,
        }
        .send(now.into())
    }

    fn learn(&self, reply: Result<Incoming, TransportError>, now: Timestamp) -> Result<Learned, Error> {
        self.exchange.read(reply, |host, reply| match self.asks {
            Asks::Accounts => self.tenant(host, reply, now).map(Learned::Tenant),
            Asks::Tenant => self.api_base_url(host, reply, now).map(Learned::ApiBaseUrl),
        })
    }

    fn tenant(&self, host: &str, reply: &Incoming, now: Timestamp) -> Result<Url, Error> {
        let body = json_object(host, reply, BODY_LIMIT, now).map_err(|error| match error {
            Error::Refused(refusal) if refusal.status == 401 => Error::SessionEnded(refusal),
            other => other,
        })?;
        let domain =
            required_text(&body, "tenant_domain").map_err(|problem| strange(host, reply, problem))?;
        self.tenant_url(domain)
            .ok_or_else(|| strange(host, reply, ReplyProblem::TenantDomain))
    }

    /// The address of the tenant's configuration. On loopback the tenant may be a port of this machine.
    fn tenant_url(&self, domain: &str) -> Option<Url> {
        if let Ok(name) = DomainName::parse(domain) {
            return Url::parse(&format!("https://{}/config.yaml", name.as_str())).ok();
        }
        let is_authority = domain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".:[]".contains(&byte));
        let url = Url::parse(&format!("http://{domain}/config.yaml")).ok()?;
        let is_here = url.host().is_some_and(|host| is_loopback(&host));
        (self.endpoints.is_on_loopback() && is_authority && is_here).then_some(url)
    }

    fn api_base_url(&self, host: &str, reply: &Incoming, now: Timestamp) -> Result<ApiBaseUrl, Error> {
        if !reply.status().is_success() {
            // A refusal in JSON, a redirect, a gateway's page: each has its words.
            return Err(match json_object(host, reply, tenant_config::LIMIT, now) {
                Err(error) => error,
                Ok(_) => strange(host, reply, ReplyProblem::UnexpectedStatus),
            });
        }
        let text = whole_body(reply, tenant_config::LIMIT)
            .and_then(|body| tenant_config::api_base_url(body).map_err(ReplyProblem::TenantConfig))
            .map_err(|problem| strange(host, reply, problem))?;
        text.parse()
            .and_then(|base| self.endpoints.check_api_base_url(&base).map(|()| base))
            .map_err(|problem| Error::TenantAddress {
                host: host.to_owned(),
                problem,
            })
    }
}

impl Flow for Discovery {
    type Output = ApiBaseUrl;
}

impl Conversation for Discovery {
    fn exchange(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    fn hear(
        &mut self,
        reply: Result<Incoming, TransportError>,
        now: Timestamp,
    ) -> Result<Option<ApiBaseUrl>, Error> {
        match self.learn(reply, now)? {
            Learned::ApiBaseUrl(base) => Ok(Some(base)),
            Learned::Tenant(url) => {
                self.asks = Asks::Tenant;
                let accept = "application/yaml, text/yaml, */*;q=0.1";
                let next = Exchange::get_plain(&url, accept, tenant_config::LIMIT, self.jitter);
                self.exchange = next.after(&self.exchange, now);
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
#[path = "discovery_tests.rs"]
mod tests;

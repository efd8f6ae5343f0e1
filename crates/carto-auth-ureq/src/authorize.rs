//! Requests of the program's own, with the token.

use carto_auth_core::Error;
use ureq::RequestBuilder;
use ureq::http::header::AUTHORIZATION;

use crate::carto_auth::CartoAuth;

impl CartoAuth {
    /// Puts the token into a request.
    ///
    /// ```no_run
    /// # fn run(auth: carto_auth_ureq::CartoAuth) -> Result<(), Box<dyn std::error::Error>> {
    /// let url = auth.api_base_url()?.join("v3/sql/carto_dw/query?q=select%201");
    /// let reply = auth.authorize(carto_auth_ureq::default_agent().get(url))?.call()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token).
    pub fn authorize<Body>(&self, request: RequestBuilder<Body>) -> Result<RequestBuilder<Body>, Error> {
        let token = self.access_token()?;
        Ok(request.header(AUTHORIZATION, token.authorization_header()))
    }
}

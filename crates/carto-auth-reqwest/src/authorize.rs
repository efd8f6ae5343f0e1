//! Requests of the program's own, with the token.

use carto_auth_core::Error;
use reqwest::header::AUTHORIZATION;
use reqwest::{RequestBuilder, Response, StatusCode};

use crate::carto_auth::CartoAuth;

/// Why a request with a token came to nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// There is no token; the request was not sent.
    Token(Error),
    /// There is no answer to the request itself.
    Http(reqwest::Error),
}

impl CartoAuth {
    /// Puts the token into a request.
    ///
    /// ```no_run
    /// # async fn run(auth: carto_auth_reqwest::CartoAuth) -> Result<(), Box<dyn std::error::Error>> {
    /// let url = auth.api_base_url().await?.join("v3/sql/carto_dw/query?q=select%201");
    /// let reply = auth.authorize(carto_auth_reqwest::default_client()?.get(url)).await?.send().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token).
    pub async fn authorize(&self, request: RequestBuilder) -> Result<RequestBuilder, Error> {
        let token = self.access_token().await?;
        Ok(request.header(AUTHORIZATION, token.authorization_header()))
    }

    /// Sends a request with the token. If the answer is 401, the token is rejected and another one tried, once, where
    /// there is one and the request can be cloned (its body is no stream).
    ///
    /// # Errors
    /// When there is no token, or no answer. An answer counts whatever its status.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, SendError> {
        let again = request.try_clone();
        let token = self.access_token().await.map_err(SendError::Token)?;
        let header = token.authorization_header();
        let response = request
            .header(AUTHORIZATION, header)
            .send()
            .await
            .map_err(SendError::Http)?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        self.reject(&token).await;
        let Some(again) = again else {
            return Ok(response);
        };
        match self.authorize(again).await {
            Ok(again) => again.send().await.map_err(SendError::Http),
            // The first answer says more than that there is no other token.
            Err(_) => Ok(response),
        }
    }
}

impl std::fmt::Display for SendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            Self::Http(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Token(error) => error.source(),
            Self::Http(error) => error.source(),
        }
    }
}

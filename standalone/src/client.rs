//! A small client of the API, for the demo and the tests.

use std::net::SocketAddr;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// Talks to one API service with one token. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    base: String,
    token: Option<String>,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body as JSON; null when it is none.
    pub body: Value,
}

impl Client {
    /// A client of the API at `address`; without a token it is anonymous.
    pub fn new(address: SocketAddr, token: Option<&str>) -> Self {
        Self {
            http: HttpClient::builder(TokioExecutor::new()).build_http(),
            base: format!("http://{address}"),
            token: token.map(str::to_owned),
        }
    }

    /// The same client with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// Sends a GraphQL document.
    pub async fn graphql(&self, document: &str, variables: Value) -> anyhow::Result<Answer> {
        let body = json!({"query": document, "variables": variables});
        self.post("/api/graphql", "application/json", body.to_string())
            .await
    }

    /// Sends a GraphQL document that must succeed, also by what its payloads say, and returns its
    /// `data`.
    pub async fn graphql_ok(&self, document: &str, variables: Value) -> anyhow::Result<Value> {
        let Answer { status, mut body } = self.graphql(document, variables).await?;
        let refused = body["data"]
            .as_object()
            .into_iter()
            .flat_map(|data| data.values())
            .any(|payload| {
                payload["errors"]
                    .as_array()
                    .is_some_and(|errors| !errors.is_empty())
            });
        anyhow::ensure!(
            status == 200 && body.get("errors").is_none() && !refused,
            "the API refused: {status} {body}"
        );
        Ok(body["data"].take())
    }

    /// Publishes one event or an array of events.
    pub async fn publish(&self, events: &Value) -> anyhow::Result<Answer> {
        self.post(
            "/api/v1/audit_events",
            "application/json",
            events.to_string(),
        )
        .await
    }

    /// Sends any POST.
    pub async fn post(
        &self,
        path: &str,
        content_type: &str,
        body: String,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.base))
            .header("content-type", content_type);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request.body(Full::from(body))?).await
    }

    /// Sends a GET; the body as it came.
    pub async fn get(&self, path: &str) -> anyhow::Result<(u16, Bytes)> {
        let request = Request::builder()
            .uri(format!("{}{path}", self.base))
            .body(Full::default())?;
        let response = self
            .http
            .request(request)
            .await
            .context("the API does not answer")?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let response = self
            .http
            .request(request)
            .await
            .context("the API does not answer")?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer {
            status,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        })
    }
}

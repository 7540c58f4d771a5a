//! A small client of the API, for the command line, the demo and the tests.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::response::Parts;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::RootCertStore;
use serde_json::{Value, json};
use shared::tls;
use url::Url;

/// How long a request may take with its answer: longer than the API takes for any.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Talks to one API service with one token. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    token: Option<String>,
}

/// The API is away, or too slow.
#[derive(Debug, thiserror::Error)]
#[error("the API does not answer")]
pub struct NoAnswer;

/// Whether a request failed before any of it was sent, as there was no connection.
pub fn was_not_sent(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<hyper_util::client::legacy::Error>();
    error.is_some_and(hyper_util::client::legacy::Error::is_connect)
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// After how long to try again, when the API says so.
    pub retry_after: Option<Duration>,
    /// The body as JSON; null when it is none.
    pub body: Value,
}

impl Client {
    /// A client of the API at `address`; without a token it is anonymous.
    pub fn new(address: SocketAddr, token: Option<&str>) -> Self {
        Self::with_roots(format!("http://{address}"), token, RootCertStore::empty())
    }

    /// A client of the API below an `http` or `https` URL. An API over `https` must have a certificate
    /// that this machine trusts. An error says what is wrong with the URL, without showing it.
    pub fn of_url(url: &str, token: &str) -> anyhow::Result<Self> {
        let parsed: Url = url.parse().context("the URL of the API is no URL")?;
        anyhow::ensure!(
            matches!(parsed.scheme(), "http" | "https") && parsed.has_host(),
            "the URL of the API must begin with http:// or https://"
        );
        anyhow::ensure!(
            parsed.username().is_empty() && parsed.password().is_none(),
            "the URL of the API must have no password, the token is given apart"
        );
        anyhow::ensure!(
            parsed.query().is_none() && parsed.fragment().is_none(),
            "the URL of the API must have no parameters"
        );
        let mut roots = RootCertStore::empty();
        if parsed.scheme() == "https" {
            tls::add_system_roots(&mut roots).map_err(|problem| {
                anyhow::anyhow!("no API over https can be trusted: {problem}")
            })?;
        }
        let base = parsed.as_str().trim_end_matches('/').to_owned();
        Ok(Self::with_roots(base, Some(token), roots))
    }

    fn with_roots(base: String, token: Option<&str>, roots: RootCertStore) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::trusting(roots).with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .build();
        Self {
            http: HttpClient::builder(TokioExecutor::new()).build(connector),
            base,
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
        let Answer {
            status, mut body, ..
        } = self.graphql(document, variables).await?;
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

    /// Sends a GET with the token, and returns the answer's head and the body as it comes: without an end,
    /// maybe.
    pub async fn follow(&self, path: &str) -> anyhow::Result<Response<Incoming>> {
        let mut request = Request::builder().uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answered = self.http.request(request.body(Full::default())?);
        tokio::time::timeout(TIMEOUT, answered)
            .await
            .map_err(anyhow::Error::from)
            .and_then(|response| Ok(response?))
            .context(NoAnswer)
    }

    /// Sends a GET; the body as it came.
    pub async fn get(&self, path: &str) -> anyhow::Result<(u16, Bytes)> {
        let request = Request::builder()
            .uri(format!("{}{path}", self.base))
            .body(Full::default())?;
        let (head, body) = self.exchange(request).await?;
        Ok((head.status.as_u16(), body))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> anyhow::Result<(Parts, Bytes)> {
        let exchange = async {
            let response = self.http.request(request).await?;
            let (head, body) = response.into_parts();
            anyhow::Ok((head, body.collect().await?.to_bytes()))
        };
        let answered = tokio::time::timeout(TIMEOUT, exchange).await;
        answered
            .unwrap_or_else(|_elapsed| Err(anyhow::anyhow!("not within {TIMEOUT:?}")))
            .context(NoAnswer)
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let (head, body) = self.exchange(request).await?;
        let retry_after = head.headers.get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        Ok(Answer {
            status: head.status.as_u16(),
            retry_after: retry_after.map(Duration::from_secs),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        })
    }
}

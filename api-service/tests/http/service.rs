//! The service on a scratch folder and a free port, and a client for it.

use std::time::Duration;

use api_service::Api;
use api_service::accounts::{NewAccessToken, bootstrap, create_access_token};
use api_service::auth::{AccessTokenScope, InstanceAdmin};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use shared::config::{Config, Source};
use shared::foundation::Foundation;
use shared::queue::{self, Message, Settlement};
use tempfile::TempDir;

/// The bootstrap token of every test.
pub(crate) const ADMIN: &str = "admin-token-for-the-tests";

pub(crate) struct Service {
    pub(crate) foundation: Foundation,
    pub(crate) api: Api,
    pub(crate) folder: TempDir,
    client: Client<HttpConnector, Full<Bytes>>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The only error's sentence.
    pub(crate) fn message(&self) -> String {
        let errors = self.json()["errors"].clone();
        assert_eq!(errors.as_array().unwrap().len(), 1, "{self:?}");
        errors[0]["message"].as_str().unwrap().to_owned()
    }

    /// The only error's code.
    pub(crate) fn code(&self) -> String {
        self.message();
        let code = self.json()["errors"][0]["extensions"]["code"].clone();
        code.as_str()
            .unwrap_or_else(|| panic!("an error without a code: {self:?}"))
            .to_owned()
    }
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With further settings, by their variables' names without `AUDITSTREAM_`.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), settings).await
    }

    pub(crate) async fn in_folder(folder: TempDir, settings: &[(&str, &str)]) -> Self {
        let file = folder.path().join("auditstream.db");
        let mut source = Source::default();
        let database = format!("sqlite://{}?mode=rwc", file.display());
        let base = [
            ("DATABASE__URL", database.as_str()),
            ("API__BIND", "127.0.0.1:0"),
            ("BOOTSTRAP__ADMIN_TOKEN", ADMIN),
            ("METRICS__REFRESH_INTERVAL", "100ms"),
        ];
        for (name, value) in base.iter().chain(settings) {
            source.add_environment([(format!("AUDITSTREAM_{name}"), (*value).to_owned())]);
        }
        let config = Config::from_source(&source, Vec::new()).unwrap();
        let foundation = Foundation::open(config, async |url: &str| migrations::apply(url).await)
            .await
            .unwrap();
        bootstrap(&foundation).await.unwrap();
        let api = Api::start(foundation.clone()).await.unwrap();
        Self {
            foundation,
            api,
            folder,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Ends the service; the folder stays.
    pub(crate) async fn stop(self) -> TempDir {
        self.api.stop().await;
        self.foundation.queue.close().await;
        self.folder
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let response = self.request(method, path, headers, body).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Response<Incoming> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.api.address()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        self.client.request(request).await.unwrap()
    }

    /// The answer to a GET with a token; its body may have no end.
    pub(crate) async fn follow(&self, path: &str, token: &str) -> Response<Incoming> {
        let headers = [("private-token", token)];
        self.request(Method::GET, path, &headers, "").await
    }

    pub(crate) async fn get_as(&self, path: &str, token: &str) -> Answer {
        let headers = [("private-token", token)];
        self.send(Method::GET, path, &headers, "").await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    /// Publishes as the admin.
    pub(crate) async fn publish(&self, content_type: &str, body: impl Into<Bytes>) -> Answer {
        let bearer = format!("Bearer {ADMIN}");
        let headers = [
            ("content-type", content_type),
            ("authorization", bearer.as_str()),
        ];
        self.send(Method::POST, "/api/v1/audit_events", &headers, body)
            .await
    }

    /// Asks for something that needs no permission.
    pub(crate) async fn query(&self, headers: &[(&str, &str)]) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        let body = json!({"query": "{ __typename }"}).to_string();
        self.send(Method::POST, "/api/graphql", &headers, body)
            .await
    }

    /// Sends a document to `/api/graphql`, as nobody.
    pub(crate) async fn graphql(&self, query: &str) -> Answer {
        let headers = [("content-type", "application/json")];
        let body = json!({"query": query}).to_string();
        self.send(Method::POST, "/api/graphql", &headers, body)
            .await
    }

    /// Sends a document to `/api/graphql`, as the admin.
    pub(crate) async fn graphql_as_admin(&self, query: &str) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("private-token", ADMIN),
        ];
        let body = json!({"query": query}).to_string();
        self.send(Method::POST, "/api/graphql", &headers, body)
            .await
    }

    /// A new token of the admin.
    pub(crate) async fn token(&self, scopes: &[AccessTokenScope]) -> String {
        self.token_of("root", scopes).await
    }

    /// A new token of a user.
    pub(crate) async fn token_of(&self, username: &str, scopes: &[AccessTokenScope]) -> String {
        let new = NewAccessToken {
            username: username.to_owned(),
            name: "for a test".to_owned(),
            scopes: scopes.to_vec(),
            expires_at: None,
        };
        let made = create_access_token(&self.foundation, &InstanceAdmin::operator(), new)
            .await
            .unwrap();
        made.token.expose_secret().to_owned()
    }

    /// Takes so many events from the queue.
    pub(crate) async fn queued(&self, events: usize) -> Vec<Message> {
        let mut deliveries = self.foundation.queue.consume(queue::Source::Events, 1_000);
        let mut messages = Vec::new();
        while messages.len() < events {
            let delivery = tokio::time::timeout(Duration::from_secs(10), deliveries.next())
                .await
                .expect("an event within ten seconds")
                .unwrap();
            messages.push(delivery.message.clone());
            delivery.ack(Settlement::committed());
        }
        messages
    }

    /// The value of one line of `/metrics`; none, when the line is not there.
    pub(crate) async fn metric(&self, line: &str) -> Option<f64> {
        let answer = self.get("/metrics").await;
        let mut lines = answer.text.lines();
        lines.find_map(|found| found.strip_prefix(line)?.trim().parse().ok())
    }

    /// Waits until a line of `/metrics` has a value, or is not there.
    pub(crate) async fn until_metric(&self, line: &str, value: Option<f64>) {
        let what = format!("{line} {value:?}");
        Self::until(&what, async || self.metric(line).await == value).await;
    }

    /// Waits until something is so.
    pub(crate) async fn until(what: &str, is: impl AsyncFn() -> bool) {
        let so = async {
            while !is().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let limit = Duration::from_secs(30);
        let so = tokio::time::timeout(limit, so).await;
        assert!(so.is_ok(), "{what}: not within {limit:?}");
    }
}

/// An event as a producer sends it.
pub(crate) fn event(number: usize) -> Value {
    json!({
        "id": number, "event_type": "add_ssh_key",
        "author_id": 7, "author_name": "Ada",
        "entity_id": 29, "entity_type": "Project", "entity_path": "acme/web",
        "details": {"custom_message": "Added SSH key"},
    })
}

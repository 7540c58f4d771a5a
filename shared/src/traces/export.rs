//! How spans reach the collector: OTLP over HTTP, in batches, from a thread of their own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry::KeyValue;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use rustls::RootCertStore;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;

use crate::config::ConnectionUrl;
use crate::tls;

/// How long one export may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Exports to the collector at `endpoint`, a base address as `OTEL_EXPORTER_OTLP_ENDPOINT` has it.
pub(super) fn exporter(
    endpoint: &ConnectionUrl,
    headers: &[(String, SecretString)],
) -> anyhow::Result<SpanExporter> {
    let mut roots = RootCertStore::empty();
    if let Err(problem) = tls::add_system_roots(&mut roots)
        && endpoint.expose().starts_with("https:")
    {
        anyhow::bail!("spans cannot be exported: {problem}");
    }
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls::trusting(roots).with_no_client_auth())
        .https_or_http()
        .enable_http1()
        .build();
    let client = Collector {
        runtime: Handle::current(),
        client: Arc::new(HyperClient::new(connector, TIMEOUT, None)),
        away: AtomicBool::new(false),
    };
    let headers: HashMap<String, String> = headers
        .iter()
        .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
        .collect();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(traces_url(endpoint.expose()))
        .with_timeout(TIMEOUT)
        .with_headers(headers)
        .with_http_client(client)
        .build();
    exporter.context("spans cannot be exported")
}

/// Traces have a path of their own below the base address.
pub(super) fn traces_url(base: &str) -> String {
    format!("{}/v1/traces", base.trim_end_matches('/'))
}

/// Who sends the spans. The binary's name tells the services apart.
pub(super) fn resource() -> Resource {
    let binary = std::env::current_exe().ok();
    let name = binary
        .as_deref()
        .and_then(|binary| binary.file_stem()?.to_str())
        .unwrap_or("auditstream")
        .to_owned();
    Resource::builder_empty()
        .with_service_name(name)
        .with_attributes([
            KeyValue::new("service.namespace", "auditstream"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", uuid::Uuid::new_v4().to_string()),
        ])
        .build()
}

/// Sends on the process's runtime: the thread that exports has none.
#[derive(Debug)]
struct Collector {
    runtime: Handle,
    client: Arc<HyperClient<HttpsConnector<HttpConnector>>>,
    away: AtomicBool,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self
            .runtime
            .spawn(async move { client.send_bytes(request).await })
            .await
            .unwrap_or_else(|ended| Err(ended.into()));
        self.note(&sent);
        sent
    }
}

impl Collector {
    /// Logs once that the collector takes nothing, and once that it does again. Spans are for people who
    /// look; no event depends on them.
    fn note(&self, sent: &Result<Response<Bytes>, HttpError>) {
        let problem = match sent {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("the collector answered {}", response.status())),
            Err(error) => Some(error.to_string()),
        };
        match problem {
            Some(error) if !self.away.swap(true, Ordering::Relaxed) => {
                tracing::warn!(error, "spans cannot be exported, they are dropped");
            }
            None if self.away.swap(false, Ordering::Relaxed) => {
                tracing::info!("spans are exported again");
            }
            _ => {}
        }
    }
}

//! Makes one attempt: one HTTP request, within its limits.

mod resolver;
mod tls;

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use http::header::InvalidHeaderValue;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use shared::clock::Timestamp;
use shared::config::DeliveryConfig;
use shared::egress::{Blocked, EgressPolicy};
use tokio::time::{Instant, timeout_at};

use self::resolver::VettingResolver;
use crate::endpoint::{EVENT_TYPE_HEADER, RequestHead};
use crate::outcome::Outcome;

/// Carries the producer's trace on (W3C Trace Context).
const TRACEPARENT_HEADER: HeaderName = HeaderName::from_static("traceparent");
/// Bytes of a response that are read at most; the rest is left.
const RESPONSE_LIMIT: usize = 64 * 1024;
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(30);
/// Idle connections kept for one host.
const IDLE_CONNECTIONS: usize = 64;

/// What is sent, and when.
#[derive(Debug)]
pub(crate) struct Sending<'a> {
    pub(crate) event_id: &'a str,
    pub(crate) event_type: &'a str,
    /// The producer's trace.
    pub(crate) traceparent: Option<&'a str>,
    pub(crate) body: &'a Bytes,
    pub(crate) at: Timestamp,
}

/// Sends requests over pooled connections. Follows no redirects.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    client: Client<HttpsConnector<HttpConnector<VettingResolver>>, Full<Bytes>>,
    policy: EgressPolicy,
    timeout: Duration,
}

impl Dispatcher {
    pub(crate) fn new(config: &DeliveryConfig) -> anyhow::Result<Self> {
        let policy = EgressPolicy {
            allow_local_requests: config.allow_local_requests,
        };
        let mut connector = HttpConnector::new_with_resolver(VettingResolver::new(policy));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(config.connect_timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::client_config(&config.tls)?)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(connector);
        Ok(Self {
            client,
            policy,
            timeout: config.timeout,
        })
    }

    /// One attempt to send an event.
    pub(crate) async fn attempt(&self, head: &RequestHead, sending: &Sending<'_>) -> Outcome {
        if let Err(blocked) = self.check_literal_address(head) {
            return Outcome::of_error(format!("URL is blocked: {blocked}"));
        }
        let mut request = Request::new(Full::new(sending.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = head.url.clone();
        *request.headers_mut() = match headers(head, sending) {
            Ok(headers) => headers,
            Err(error) => return Outcome::of_error(format!("the event cannot be sent: {error}")),
        };
        let deadline = Instant::now() + self.timeout;
        let response = match timeout_at(deadline, self.client.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Outcome::of_error(explain(&error)),
            Err(_elapsed) => {
                let limit = self.timeout.as_millis();
                return Outcome::of_error(format!("the receiver did not answer within {limit} ms"));
            }
        };
        let status = response.status().as_u16();
        // The status is the receiver's answer, however its body ends.
        let _ = timeout_at(deadline, drain(response.into_body())).await;
        Outcome::of_status(status)
    }

    /// The resolver never sees a host that is an address already.
    fn check_literal_address(&self, head: &RequestHead) -> Result<(), Blocked> {
        let host = head.url.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match host.parse() {
            Ok(address) => self.policy.check_address(address),
            Err(_) => Ok(()),
        }
    }
}

/// What of the event is in headers is set after those of the destination, so that none of its own
/// overrides it. The values of a valid event are plain words.
fn headers(head: &RequestHead, sending: &Sending<'_>) -> Result<HeaderMap, InvalidHeaderValue> {
    let mut headers = head.headers.clone();
    headers.insert(
        EVENT_TYPE_HEADER,
        HeaderValue::from_str(sending.event_type)?,
    );
    if let Some(traceparent) = sending.traceparent {
        headers.insert(TRACEPARENT_HEADER, HeaderValue::from_str(traceparent)?);
    }
    let Sending {
        event_id, at, body, ..
    } = *sending;
    for (name, value) in head.signer.headers(event_id, at, body)? {
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Reads a response to its end, so that its connection can be used again; a receiver that goes on
/// and on loses it.
async fn drain(mut body: hyper::body::Incoming) {
    let mut read = 0;
    while read < RESPONSE_LIMIT
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// The innermost cause says what happened; the layers around it only where.
fn explain(error: &hyper_util::client::legacy::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    // The resolver's refusal travels inside an I/O error.
    let blocked = error
        .source()
        .and_then(|source| find::<std::io::Error>(source))
        .and_then(|io| io.get_ref())
        .and_then(|inner| inner.downcast_ref::<Blocked>());
    match blocked {
        Some(blocked) => format!("URL is blocked: {blocked}"),
        None if error.is_connect() => format!("cannot connect: {innermost}"),
        None => format!("the request failed: {innermost}"),
    }
}

fn find<'a, E: std::error::Error + 'static>(
    mut error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a E> {
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        error = error.source()?;
    }
}

#[cfg(test)]
mod tests;

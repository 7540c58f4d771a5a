//! Makes one attempt: one HTTP request, within its limits.

mod answer;
mod client;
mod connector;
mod proxy;
mod resolver;
mod tls;

use std::error::Error as _;
use std::io::ErrorKind;
use std::time::Duration;

use bytes::Bytes;
use http::header::InvalidHeaderValue;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use shared::clock::Timestamp;
use shared::config::DeliveryConfig;
use shared::egress::{Blocked, EgressPolicy};
use tokio::time::{Instant, timeout_at};

pub(crate) use self::answer::Shown;
use self::client::HttpClient;
use self::connector::{Connector, Route};
use self::proxy::Proxy;
use self::resolver::{Lookup, Unresolved, system_lookup};
use crate::classification::Ending;
use crate::endpoint::{EVENT_TYPE_HEADER, RequestHead};
use crate::outcome::Outcome;

/// Carries the producer's trace on (W3C Trace Context).
const TRACEPARENT_HEADER: HeaderName = HeaderName::from_static("traceparent");
/// Bytes of a response that are read at most; the rest is left, and the connection with it.
const RESPONSE_LIMIT: u32 = 64 * 1024;

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

/// Which connection carries a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    /// One that is open already, if there is one.
    Pooled,
    /// One of its own, that nobody used before.
    Fresh,
}

/// Sends requests. Follows no redirects.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    client: HttpClient,
    /// Keeps no connection.
    fresh: HttpClient,
    policy: EgressPolicy,
    proxy: Option<Proxy>,
    timeout: Duration,
}

impl Dispatcher {
    pub(crate) fn new(config: &DeliveryConfig) -> anyhow::Result<Self> {
        Self::resolving_by(system_lookup(), config)
    }

    fn resolving_by(lookup: Lookup, config: &DeliveryConfig) -> anyhow::Result<Self> {
        let policy = config.egress.clone();
        let proxy = config.proxy_url.as_ref().map(Proxy::new).transpose()?;
        let route = match &proxy {
            Some(proxy) => Route::Proxied(proxy.clone()),
            None => Route::Direct {
                policy: policy.clone(),
                lookup,
            },
        };
        let connector = Connector {
            route,
            connect_timeout: config.connect_timeout,
        };
        let tls = tls::client_config(&config.tls)?;
        let client = |pool| client::client(tls.clone(), connector.clone(), config.timeout, pool);
        let (client, fresh) = (client(IDLE_CONNECTIONS), client(0));
        Ok(Self {
            client,
            fresh,
            policy,
            proxy,
            timeout: config.timeout,
        })
    }

    /// One attempt to send an event, on a connection of the pool or on one of its own.
    pub(crate) async fn attempt(
        &self,
        head: &RequestHead,
        sending: &Sending<'_>,
        connection: Connection,
    ) -> Outcome {
        let deadline = Instant::now() + self.timeout;
        match self.send(head, sending, connection, deadline).await {
            Ok(response) => answer::read(response, deadline, sending.at).await,
            Err(outcome) => outcome,
        }
    }

    /// One attempt on a connection of its own, with what the receiver answered, also when that is a
    /// success. An error is the outcome of an attempt without an answer.
    pub(crate) async fn attempt_and_show(
        &self,
        head: &RequestHead,
        sending: &Sending<'_>,
    ) -> Result<Shown, Outcome> {
        let deadline = Instant::now() + self.timeout;
        let response = self
            .send(head, sending, Connection::Fresh, deadline)
            .await?;
        Ok(answer::show(response, deadline).await)
    }

    async fn send(
        &self,
        head: &RequestHead,
        sending: &Sending<'_>,
        connection: Connection,
        deadline: Instant,
    ) -> Result<Response<Incoming>, Outcome> {
        if let Err(blocked) = self.check_host(head) {
            return Err(Outcome::without_answer(
                Ending::Blocked,
                is_blocked(blocked),
            ));
        }
        let mut request = Request::new(Full::new(sending.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = head.url.clone();
        *request.headers_mut() = match headers(head, sending) {
            Ok(headers) => headers,
            Err(error) => {
                let error = format!("the event cannot be sent: {error}");
                return Err(Outcome::without_answer(Ending::Unusable, error));
            }
        };
        if let Some(proxy) = &self.proxy {
            proxy.authorize(&head.url, request.headers_mut());
        }
        let client = match connection {
            Connection::Pooled => &self.client,
            Connection::Fresh => &self.fresh,
        };
        match timeout_at(deadline, client.request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(explain(&error)),
            Err(_elapsed) => {
                let limit = self.timeout.as_millis();
                let error = format!("the receiver did not answer within {limit} ms");
                Err(Outcome::without_answer(Ending::TimedOut, error))
            }
        }
    }

    /// The resolver never sees a host that is an address already.
    fn check_host(&self, head: &RequestHead) -> Result<(), Blocked> {
        let (host, port) = connector::target(&head.url);
        self.policy.check_host(&host, port)
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

fn is_blocked(blocked: Blocked) -> String {
    format!("URL is blocked: {blocked}")
}

/// The innermost cause says what happened; the layers around it only where.
fn explain(error: &hyper_util::client::legacy::Error) -> Outcome {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let io = error
        .source()
        .and_then(|source| find::<std::io::Error>(source));
    let inner = io.and_then(std::io::Error::get_ref);
    let of = |ending, error| Outcome::without_answer(ending, error);
    // The resolver's words travel inside an I/O error.
    if let Some(blocked) = inner.and_then(|inner| inner.downcast_ref::<Blocked>()) {
        return of(Ending::Blocked, is_blocked(*blocked));
    }
    if let Some(unresolved) = inner.and_then(|inner| inner.downcast_ref::<Unresolved>()) {
        return of(Ending::Unresolved, unresolved.to_string());
    }
    if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of(Ending::Tls, format!("cannot agree on TLS: {tls}"));
    }
    if !error.is_connect() {
        return of(Ending::Broken, format!("the request failed: {innermost}"));
    }
    let ending = match io.map(std::io::Error::kind) {
        Some(ErrorKind::ConnectionRefused) => Ending::ConnectionRefused,
        Some(ErrorKind::TimedOut) => Ending::TimedOut,
        _ => Ending::NotConnected,
    };
    of(ending, format!("cannot connect: {innermost}"))
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

//! Tests of single attempts against real, and misbehaving, receivers.

pub(super) mod authority;
mod egress;
mod hostile;
mod http2;
mod proxy;

use std::borrow::Borrow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shared::config::{PermitsConfig, TlsConfig};
use shared::egress::{Allowlist, EgressRules};
use shared::queue::Accepted;
use shared::snapshot::SigningSecrets;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::outcome::Failure;
use crate::signature::Signer;

const LIMIT: Duration = Duration::from_millis(500);

fn dispatcher(allow_local_requests: bool) -> Dispatcher {
    dispatcher_with(allow_local_requests, TlsConfig::default()).unwrap()
}

pub(super) fn dispatcher_with(
    allow_local_requests: bool,
    tls: TlsConfig,
) -> anyhow::Result<Dispatcher> {
    Dispatcher::new(&DeliveryConfig {
        tls,
        ..config(policy(allow_local_requests, ""))
    })
}

fn config(egress: EgressPolicy) -> DeliveryConfig {
    DeliveryConfig {
        egress,
        proxy_url: None,
        retention: Duration::from_hours(1),
        connect_timeout: LIMIT,
        timeout: LIMIT,
        patience: LIMIT,
        lanes_ahead: 0,
        permits: PermitsConfig {
            start: 1,
            min: 1,
            max: 1,
        },
        tls: TlsConfig::default(),
    }
}

fn policy(allow_local_requests: bool, allowlist: &str) -> EgressPolicy {
    let rules = EgressRules {
        allow_local_requests,
        allowlist: Allowlist::parse(allowlist).unwrap(),
        ..EgressRules::default()
    };
    rules.into()
}

pub(super) fn head(url: &str) -> RequestHead {
    RequestHead {
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        signer: Signer::new(&SigningSecrets {
            current: "whsec_c2VjcmV0".into(),
            previous: None,
        })
        .unwrap(),
    }
}

pub(super) fn sending(body: &Bytes) -> Sending<'_> {
    Sending {
        event_id: "one",
        event_type: "user_created",
        traceparent: None,
        body,
        at: Timestamp(1_700_000_000_000),
    }
}

/// A receiver that reads a request's head and then does what `answer` does with the connection.
async fn receiver<F, Fut>(answer: F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            assert!(read > 0, "a request has a head");
            tokio::spawn(answer(stream));
        }
    });
    (address, connections)
}

async fn attempt(dispatcher: &Dispatcher, url: &str) -> Outcome {
    dispatcher
        .attempt(
            &head(url),
            &sending(&Bytes::from_static(b"{}")),
            Connection::Pooled,
        )
        .await
}

fn delivered() -> Outcome {
    Outcome::Delivered(Accepted::of_status(200).expect("200 is success"))
}

fn error_of(outcome: impl Borrow<Outcome>) -> Failure {
    let failure = outcome.borrow().failure().cloned();
    failure.expect("it is no delivery")
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (target, reached) = receiver(async |mut stream: TcpStream| {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await;
    })
    .await;
    let (address, _) = receiver(move |mut stream: TcpStream| async move {
        let answer = format!(
            "HTTP/1.1 307 Moved\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n"
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await;
    let outcome = attempt(&dispatcher(true), &format!("http://{address}/")).await;
    assert_eq!(error_of(&outcome).status, Some(307));
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_receiver_that_never_answers_fails_within_the_limit() {
    let (address, _) = receiver(async |stream: TcpStream| {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let started = tokio::time::Instant::now();
    let outcome = attempt(&dispatcher(true), &format!("http://{address}/")).await;
    assert!(error_of(&outcome).error.contains("did not answer"));
    assert!(started.elapsed() >= LIMIT);
}

#[tokio::test]
async fn a_body_a_byte_at_a_time_holds_the_attempt_no_longer_than_the_limit() {
    let (address, _) = receiver(async |mut stream: TcpStream| {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
            .await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let started = Instant::now();
    let outcome = attempt(&dispatcher(true), &format!("http://{address}/")).await;
    assert!(outcome.failure().is_none(), "the status is the answer");
    assert!(started.elapsed() < LIMIT * 4);
}

#[tokio::test]
async fn an_endless_body_is_read_no_further_than_the_limit() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let (address, _) = receiver(move |mut stream: TcpStream| {
        let counted = counted.clone();
        async move {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
                .await;
            let block = vec![b'x'; 16 * 1024];
            while stream.write_all(&block).await.is_ok() {
                counted.fetch_add(block.len(), Ordering::SeqCst);
            }
        }
    })
    .await;
    let outcome = attempt(&dispatcher(true), &format!("http://{address}/")).await;
    assert!(outcome.failure().is_none(), "the status is the answer");
    // What the sockets' buffers swallow comes on top of what was read.
    assert!(sent.load(Ordering::SeqCst) < 64 * 1024 * 1024);
}

#[tokio::test]
async fn what_is_no_http_is_a_failure() {
    let (address, _) = receiver(async |mut stream: TcpStream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH\r\n").await;
    })
    .await;
    let outcome = attempt(&dispatcher(true), &format!("http://{address}/")).await;
    assert_eq!(error_of(&outcome).status, None);
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (address, connections) = receiver(async |mut stream: TcpStream| {
        let mut request = [0; 4096];
        loop {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            if stream.write_all(answer).await.is_err() {
                return;
            }
            if stream.read(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
        }
    })
    .await;
    let dispatcher = dispatcher(true);
    for _ in 0..3 {
        let outcome = attempt(&dispatcher, &format!("http://{address}/")).await;
        assert!(outcome.failure().is_none());
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_blocked_address_is_not_connected_to() {
    let (address, connections) = receiver(async |_: TcpStream| {}).await;
    let port = address.port();
    for (url, reason) in [
        (
            format!("http://127.0.0.1:{port}/"),
            "Requests to loopback addresses are not allowed",
        ),
        (
            format!("http://[::ffff:127.0.0.1]:{port}/"),
            "Requests to loopback addresses are not allowed",
        ),
        (
            format!("http://localhost:{port}/"),
            "Requests to localhost are not allowed",
        ),
    ] {
        let outcome = attempt(&dispatcher(false), &url).await;
        assert_eq!(
            error_of(&outcome).error,
            format!("URL is blocked: {reason}"),
            "{url}"
        );
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_refused_connection_is_a_failure_that_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = attempt(&dispatcher(true), &format!("http://{address}/")).await;
    let failure = error_of(&outcome);
    assert!(failure.error.starts_with("cannot connect: "), "{failure:?}");
}

#[test]
fn what_is_of_the_event_overrides_the_headers_of_the_destination() {
    let mut head = head("http://127.0.0.1/");
    for name in [
        "x-gitlab-audit-event-type",
        "traceparent",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ] {
        head.headers.append(name, HeaderValue::from_static("mine"));
    }
    let body = Bytes::from_static(b"{}");
    let traced = Sending {
        traceparent: Some("00-1-2-01"),
        ..sending(&body)
    };
    let headers = headers(&head, &traced).unwrap();
    assert_eq!(headers.len(), 5);
    assert_eq!(headers["x-gitlab-audit-event-type"], "user_created");
    assert_eq!(headers["traceparent"], "00-1-2-01");
    assert_eq!(headers["webhook-id"], "one");
    assert_eq!(headers["webhook-timestamp"], "1700000000");
    let signature = headers["webhook-signature"].to_str().unwrap();
    assert!(signature.starts_with("v1,"), "{signature}");
}

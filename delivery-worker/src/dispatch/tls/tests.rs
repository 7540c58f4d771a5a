//! Deliveries over HTTPS to a real receiver with certificates of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::dispatch::Connection;
use crate::dispatch::tests::authority::{Stage, tls_receiver};
use crate::dispatch::tests::{dispatcher_with, head, sending};
use crate::outcome::Outcome;

impl Stage {
    /// A receiver that answers 200; it may ask who sends.
    async fn receiver(&self, asks: bool) -> SocketAddr {
        let acceptor = self.acceptor(self.signed("127.0.0.1"), asks, &[]);
        tls_receiver(acceptor, async |mut stream| {
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                let _ = stream.write_all(answer).await;
            }
        })
        .await
    }
}

async fn deliver(tls: TlsConfig, receiver: SocketAddr) -> Outcome {
    let dispatcher = dispatcher_with(true, tls).unwrap();
    let head = head(&format!("https://{receiver}/"));
    let body = Bytes::from_static(b"{}");
    dispatcher
        .attempt(&head, &sending(&body), Connection::Pooled)
        .await
}

#[tokio::test]
async fn a_receiver_that_nobody_vouches_for_gets_nothing() {
    let stage = Stage::new();
    let receiver = stage.receiver(false).await;
    let outcome = deliver(TlsConfig::default(), receiver).await;
    assert!(matches!(outcome, Outcome::Troubled(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_receiver_is_trusted_by_the_operators_file() {
    let stage = Stage::new();
    let receiver = stage.receiver(false).await;
    let tls = TlsConfig {
        ca_file: Some(stage.ca_file()),
        ..TlsConfig::default()
    };
    let outcome = deliver(tls, receiver).await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_receiver_that_asks_who_sends_is_shown_the_certificate() {
    let stage = Stage::new();
    let receiver = stage.receiver(true).await;
    let nameless = TlsConfig {
        ca_file: Some(stage.ca_file()),
        ..TlsConfig::default()
    };
    let outcome = deliver(nameless.clone(), receiver).await;
    assert!(matches!(outcome, Outcome::Troubled(_)), "{outcome:?}");
    let (certificate, key) = stage.signed("auditstream");
    let tls = TlsConfig {
        client_certificate_file: Some(stage.file("client.pem", &certificate)),
        client_key_file: Some(stage.file("client.key", &key)),
        ..nameless
    };
    let outcome = deliver(tls, receiver).await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_with_its_setting() {
    let stage = Stage::new();
    let (certificate, key) = stage.signed("one");
    let (_, other_key) = stage.signed("another");
    let good = Some(stage.file("client.pem", &certificate));
    let ca = |text: &str| TlsConfig {
        ca_file: Some(stage.file("used.pem", text)),
        ..TlsConfig::default()
    };
    let client = |key: Option<PathBuf>| TlsConfig {
        client_certificate_file: good.clone(),
        client_key_file: key,
        ..TlsConfig::default()
    };
    let missing = Some(stage.folder.path().join("missing"));
    for (tls, expected) in [
        (ca(""), "AUDITSTREAM_DELIVERY__CA_FILE: cannot use"),
        (ca("nonsense"), "AUDITSTREAM_DELIVERY__CA_FILE: cannot use"),
        (ca(&key), "AUDITSTREAM_DELIVERY__CA_FILE: cannot use"),
        (
            TlsConfig {
                ca_file: missing.clone(),
                ..TlsConfig::default()
            },
            "AUDITSTREAM_DELIVERY__CA_FILE: cannot use",
        ),
        (
            client(missing),
            "AUDITSTREAM_DELIVERY__CLIENT_KEY_FILE: cannot use",
        ),
        (
            client(Some(stage.file("other.key", &other_key))),
            "AUDITSTREAM_DELIVERY__CLIENT_KEY_FILE does not belong to",
        ),
    ] {
        let error = format!("{:#}", client_config(&tls).unwrap_err());
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("PRIVATE KEY"), "{error}");
    }
}

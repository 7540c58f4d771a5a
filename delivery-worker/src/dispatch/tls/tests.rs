//! Deliveries over HTTPS to a real receiver with certificates of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::dispatch::Connection;
use crate::dispatch::tests::{dispatcher_with, head, sending};
use crate::outcome::Outcome;

type Authority = CertifiedIssuer<'static, KeyPair>;

/// Somebody who signs certificates, and a folder for the files of a test.
struct Stage {
    authority: Authority,
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            authority: CertifiedIssuer::self_signed(params, key).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    fn ca_file(&self) -> PathBuf {
        self.file("ca.pem", &self.authority.pem())
    }

    /// A signed certificate with its key, in PEM.
    fn signed(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// A receiver that answers 200; it may ask who sends.
    async fn receiver(&self, asks: bool) -> SocketAddr {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if asks {
            let mut roots = RootCertStore::empty();
            roots.add(self.authority.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let (certificate, key) = self.signed("127.0.0.1");
        let config = builder
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let mut request = [0; 4096];
                    if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        let _ = stream.write_all(answer).await;
                    }
                });
            }
        });
        address
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

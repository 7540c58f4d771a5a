//! An API behind a proxy that speaks TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tests::backend::Backend;
use tests::on_backend;
use tests::system::{ADMIN_TOKEN, Setup};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{run, with_variables};

on_backend!(
    embedded,
    EmbeddedSqlite,
    an_api_over_https_is_asked_when_its_certificate_is_trusted
);

/// Where the API is over HTTPS, and its certificate as PEM.
async fn over_https(api: SocketAddr) -> (SocketAddr, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // One who does not trust the certificate goes away.
                let Ok(mut client) = acceptor.accept(client).await else {
                    return;
                };
                let mut api = TcpStream::connect(api).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut api).await;
            });
        }
    });
    (address, cert.pem())
}

async fn an_api_over_https_is_asked_when_its_certificate_is_trusted(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let (address, certificate) = over_https(system.api.as_ref().unwrap().address()).await;
    let other = over_https(address).await.1;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("https://localhost:{}", address.port());
    for (certificate, code, said) in [
        (&certificate, 0, ""),
        (&other, 1, "the API does not answer"),
    ] {
        // What the system trusts.
        let file = folder.path().join("roots.pem");
        std::fs::write(&file, certificate).unwrap();
        let mut status = with_variables(&url, ADMIN_TOKEN, &["status"]);
        status.env("SSL_CERT_FILE", &file);
        let done = run(status).await;
        assert_eq!(done.code, Some(code), "{done:?}");
        assert!(done.stderr.contains(said), "{done:?}");
    }
    system.stop().await;
}

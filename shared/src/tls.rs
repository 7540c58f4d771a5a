//! TLS as a client: which authorities are trusted.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::ring;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

/// Adds the authorities that the system trusts. With none at all there is the list of what went wrong:
/// a machine without certificates (a minimal container) still speaks plain HTTP.
pub fn add_system_roots(roots: &mut RootCertStore) -> Result<(), String> {
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(format!(
            "this machine has no root certificates (package ca-certificates): {:?}",
            found.errors
        ));
    }
    Ok(())
}

/// Begins the configuration of a client that trusts these authorities and no others.
pub fn trusting(roots: RootCertStore) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the cipher suites of the default protocol versions")
        .with_root_certificates(roots)
}

//! How receivers prove who they are.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

/// Trusts what the system trusts. A machine without certificates (a minimal container) still
/// delivers over plain HTTP, and is told why HTTPS fails.
pub(super) fn client_config() -> Result<ClientConfig, rustls::Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!(
            problems = ?found.errors,
            "this machine has no root certificates (package ca-certificates), every delivery over HTTPS will fail"
        );
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

//! How both sides of a delivery over HTTPS prove who they are.

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::Context as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use shared::config::{TlsConfig, variable};
use shared::tls::{add_system_roots, trusting};

/// Trusts what the system trusts, and what the operator's file holds; shows the operator's certificate
/// to who asks for one. A machine without certificates (a minimal container) still delivers over plain
/// HTTP, and is told why HTTPS fails. An error names the setting whose file cannot be used.
pub(super) fn client_config(tls: &TlsConfig) -> anyhow::Result<ClientConfig> {
    let config = trusting(roots(tls)?);
    let (Some(certificates), Some(key)) = (&tls.client_certificate_file, &tls.client_key_file)
    else {
        return Ok(config.with_no_client_auth());
    };
    let certificates = read_certificates("delivery.client_certificate_file", certificates)?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| cannot_use("delivery.client_key_file", key))?;
    config
        .with_client_auth_cert(certificates, key)
        .with_context(|| {
            let (key, certificate) = (
                variable("delivery.client_key_file"),
                variable("delivery.client_certificate_file"),
            );
            format!("{key} does not belong to {certificate}")
        })
}

fn roots(tls: &TlsConfig) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = &tls.ca_file {
        for certificate in read_certificates("delivery.ca_file", file)? {
            roots
                .add(certificate)
                .with_context(|| cannot_use("delivery.ca_file", file))?;
        }
    }
    if let Err(problem) = add_system_roots(&mut roots) {
        tracing::warn!(problem, "every delivery over HTTPS will fail");
    }
    Ok(roots)
}

/// The certificates of a PEM file, at least one.
fn read_certificates(
    key: &'static str,
    file: &Path,
) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| cannot_use(key, file))?;
    anyhow::ensure!(
        !certificates.is_empty(),
        "{}: there is no certificate in it",
        cannot_use(key, file)
    );
    Ok(certificates)
}

fn cannot_use(key: &'static str, file: &Path) -> String {
    format!("{}: cannot use {}", variable(key), file.display())
}

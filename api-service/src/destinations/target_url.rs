//! Checks a URL as a destination is saved: by its text, and by the addresses that its host's name
//! stands for.

use std::net::IpAddr;
use std::time::Duration;

use crate::app::App;
use crate::domain::{Violation, destination_url};

/// How long the host's name may take to be resolved; after that it counts as one that does not
/// resolve, which is accepted, since every address is checked again when it is called.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(2);

/// The URL as it is to be stored, and the rules that it does not keep. To be asked before a change
/// begins: nothing may wait for the network while the configuration is locked.
pub(super) async fn check(app: &App, given: &str) -> (String, Vec<Violation>) {
    let egress = &app.foundation.config.delivery.egress;
    let url = destination_url::check(given, egress);
    let mut violations = url.violations;
    if let Some((host, port)) = url.to_resolve {
        let addresses = resolve(&host, port).await;
        violations.extend(destination_url::check_addresses(
            &host, port, addresses, egress,
        ));
    }
    (url.text, violations)
}

/// The addresses of a name; none when it does not resolve in time.
async fn resolve(host: &str, port: u16) -> Vec<IpAddr> {
    let looked_up =
        tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host((host, port))).await;
    match looked_up {
        Ok(Ok(addresses)) => addresses.map(|address| address.ip()).collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

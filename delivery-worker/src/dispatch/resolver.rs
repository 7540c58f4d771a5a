//! Resolves a destination's name and vets every address before anything connects to one.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use shared::egress::EgressPolicy;
use tower_service::Service;

/// Asks for the addresses of a name.
pub(super) type Lookup =
    Arc<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Asks the system.
pub(super) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    })
}

/// The name has no address, or nobody could be asked.
#[derive(Debug, thiserror::Error)]
#[error("the name {name} cannot be resolved: {problem}")]
pub(crate) struct Unresolved {
    name: String,
    problem: std::io::Error,
}

/// Resolves for one connection. The connector connects to nothing but what this returns, so a name
/// that changes its address between check and connect gains nothing.
#[derive(Clone)]
pub(super) struct VettingResolver {
    pub(super) policy: EgressPolicy,
    /// Of the destination.
    pub(super) port: u16,
    pub(super) lookup: Lookup,
}

impl Service<Name> for VettingResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self {
            policy,
            port,
            lookup,
        } = self.clone();
        Box::pin(async move {
            let addresses = match lookup(name.as_str().to_owned()).await {
                Ok(addresses) => addresses,
                Err(problem) => {
                    let name = name.as_str().to_owned();
                    return Err(std::io::Error::other(Unresolved { name, problem }));
                }
            };
            policy
                .check_addresses(name.as_str(), port, addresses.iter().copied())
                .map_err(|blocked| {
                    std::io::Error::new(std::io::ErrorKind::PermissionDenied, blocked)
                })?;
            let sockets: Vec<SocketAddr> = addresses
                .into_iter()
                .map(|address| SocketAddr::new(address, port))
                .collect();
            Ok(sockets.into_iter())
        })
    }
}

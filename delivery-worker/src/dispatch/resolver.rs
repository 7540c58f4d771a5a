//! Resolves a destination's name and vets every address before anything connects to one.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use shared::egress::{Blocked, EgressPolicy};
use tower_service::Service;

/// The name has no address, or nobody could be asked.
#[derive(Debug, thiserror::Error)]
#[error("the name {name} cannot be resolved: {problem}")]
pub(crate) struct Unresolved {
    name: String,
    problem: std::io::Error,
}

/// The connector connects to nothing but what this returns, so a name that changes its address
/// between check and connect gains nothing.
#[derive(Debug, Clone)]
pub(crate) struct VettingResolver {
    policy: EgressPolicy,
}

impl VettingResolver {
    pub(crate) fn new(policy: EgressPolicy) -> Self {
        Self { policy }
    }
}

impl Service<Name> for VettingResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let policy = self.policy;
        Box::pin(async move {
            // The connector puts in the port of the URL.
            let addresses: Vec<SocketAddr> = match tokio::net::lookup_host((name.as_str(), 0)).await
            {
                Ok(addresses) => addresses.collect(),
                Err(problem) => {
                    let name = name.as_str().to_owned();
                    return Err(std::io::Error::other(Unresolved { name, problem }));
                }
            };
            vet(policy, addresses.iter().map(SocketAddr::ip)).map_err(|blocked| {
                std::io::Error::new(std::io::ErrorKind::PermissionDenied, blocked)
            })?;
            Ok(addresses.into_iter())
        })
    }
}

/// One refused address refuses them all: which one gets used is chance.
fn vet(policy: EgressPolicy, addresses: impl IntoIterator<Item = IpAddr>) -> Result<(), Blocked> {
    addresses
        .into_iter()
        .try_for_each(|address| policy.check_address(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_private_address_among_public_ones_refuses_the_name() {
        let policy = EgressPolicy {
            allow_local_requests: false,
        };
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(vet(policy, [address("8.8.8.8"), address("1.1.1.1")]).is_ok());
        assert!(vet(policy, [address("8.8.8.8"), address("10.0.0.1")]).is_err());
    }

    #[tokio::test]
    async fn a_name_of_the_machine_itself_is_refused() {
        let policy = EgressPolicy {
            allow_local_requests: false,
        };
        let name = "localhost".parse().unwrap();
        let error = VettingResolver::new(policy).call(name).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    }
}

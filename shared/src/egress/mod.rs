//! Where deliveries may go: decides of hosts and addresses, for the API as a destination is saved and
//! for the worker at every attempt.

mod address;
mod allowlist;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;

use url::Host;

pub use allowlist::Allowlist;

/// Decides where requests may go. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy(Arc<EgressRules>);

/// What the operator says about where requests may go.
#[derive(Debug, Clone, Default)]
pub struct EgressRules {
    /// `delivery.allow_local_requests`: loopback, private, link-local and shared addresses are allowed.
    pub allow_local_requests: bool,
    /// `delivery.outbound_allowlist`: what is on it is allowed, whatever it is.
    pub allowlist: Allowlist,
    /// `delivery.deny_all_requests_except_allowed`: what is not on the list is refused.
    pub deny_all_except_allowed: bool,
    /// Whether names are resolved by a proxy (`delivery.proxy_url`), so that nobody here sees their
    /// addresses.
    pub proxy_resolves_names: bool,
}

/// Why requests to a host are not allowed. `Display` words it as GitLab does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// The name `localhost`, or one below it.
    #[error("Requests to localhost are not allowed")]
    Localhost,
    /// 127.0.0.0/8, `::1`, and 0.0.0.0/8, `::`, which reach the machine itself too.
    #[error("Requests to loopback addresses are not allowed")]
    Loopback,
    /// 10/8, 172.16/12, 192.168/16, `fc00::/7`, `fec0::/10`, `64:ff9b:1::/48`.
    #[error("Requests to the local network are not allowed")]
    LocalNetwork,
    /// 169.254/16, `fe80::/10`: the metadata services of clouds are here.
    #[error("Requests to the link local network are not allowed")]
    LinkLocal,
    /// 100.64/10 (RFC 6598).
    #[error("Requests to the shared address space are not allowed")]
    SharedAddressSpace,
    /// 255.255.255.255.
    #[error("Requests to the limited broadcast address are not allowed")]
    LimitedBroadcast,
    /// Everything else that is not a public unicast address (RFC 6890).
    #[error("Requests to reserved addresses are not allowed")]
    Reserved,
    /// Not on the list of an operator who allows nothing else.
    #[error("Requests to hosts and IP addresses not on the Allow List are denied")]
    NotOnAllowlist,
}

impl From<EgressRules> for EgressPolicy {
    fn from(rules: EgressRules) -> Self {
        Self(Arc::new(rules))
    }
}

impl EgressPolicy {
    /// Decides of a URL's host as it is written. A name that passes is decided by its addresses once
    /// it is resolved, unless a proxy does that.
    pub fn check_host(&self, host: &Host<&str>, port: u16) -> Result<(), Blocked> {
        match host {
            Host::Ipv4(address) => self.check_address(IpAddr::V4(*address), port),
            Host::Ipv6(address) => self.check_address(IpAddr::V6(*address), port),
            Host::Domain(name) => self.check_name(name, port),
        }
    }

    /// Decides of the addresses that a name stands for: every one must be allowed, as any may be the
    /// one that is connected to. A name that is on the list may stand for any.
    pub fn check_addresses(
        &self,
        name: &str,
        port: u16,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<(), Blocked> {
        if self.0.allowlist.has_name(name, port) {
            return Ok(());
        }
        addresses
            .into_iter()
            .try_for_each(|address| self.check_address(address, port))
    }

    /// Whether a name is resolved here, before anything is sent to it.
    pub fn resolves_names(&self) -> bool {
        !self.0.proxy_resolves_names
    }

    fn check_name(&self, name: &str, port: u16) -> Result<(), Blocked> {
        let rules = &*self.0;
        let refused = if rules.deny_all_except_allowed && rules.proxy_resolves_names {
            Blocked::NotOnAllowlist
        } else if !rules.allow_local_requests && is_localhost(name) {
            Blocked::Localhost
        } else {
            return Ok(());
        };
        if rules.allowlist.has_name(name, port) {
            Ok(())
        } else {
            Err(refused)
        }
    }

    fn check_address(&self, address: IpAddr, port: u16) -> Result<(), Blocked> {
        let rules = &*self.0;
        let address = address::reached(address);
        let refused = match address::classify(address) {
            _ if rules.deny_all_except_allowed => Blocked::NotOnAllowlist,
            None => return Ok(()),
            Some(
                Blocked::Loopback
                | Blocked::LocalNetwork
                | Blocked::LinkLocal
                | Blocked::SharedAddressSpace,
            ) if rules.allow_local_requests => return Ok(()),
            Some(blocked) => blocked,
        };
        if rules.allowlist.has_address(address, port) {
            Ok(())
        } else {
            Err(refused)
        }
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.rsplit('.')
        .next()
        .is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

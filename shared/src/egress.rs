//! Where deliveries may go: decides of an address, by itself, whether requests to it are allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

/// Whether destinations may be on loopback and private networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EgressPolicy {
    /// `delivery.allow_local_requests`.
    pub allow_local_requests: bool,
}

/// Why requests to a host are not allowed. `Display` words it as GitLab does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// The name `localhost`, or one below it.
    #[error("Requests to localhost are not allowed")]
    Localhost,
    /// 127.0.0.0/8, `::1`.
    #[error("Requests to loopback addresses are not allowed")]
    Loopback,
    /// 10/8, 172.16/12, 192.168/16, `fc00::/7`, `fec0::/10`.
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
}

impl EgressPolicy {
    /// Decides of a URL's host as it is written; a name other than `localhost` is decided when it is
    /// resolved.
    pub fn check_host(self, host: &Host<&str>) -> Result<(), Blocked> {
        match host {
            Host::Ipv4(address) => self.check_address(IpAddr::V4(*address)),
            Host::Ipv6(address) => self.check_address(IpAddr::V6(*address)),
            Host::Domain(_) if self.allow_local_requests => Ok(()),
            Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
                if name == "localhost" || name.ends_with(".localhost") {
                    Err(Blocked::Localhost)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Decides of one address. Every address that a name resolves to must pass.
    pub fn check_address(self, address: IpAddr) -> Result<(), Blocked> {
        match classify(address) {
            None => Ok(()),
            Some(
                Blocked::Localhost
                | Blocked::Loopback
                | Blocked::LocalNetwork
                | Blocked::LinkLocal
                | Blocked::SharedAddressSpace,
            ) if self.allow_local_requests => Ok(()),
            Some(blocked) => Err(blocked),
        }
    }
}

fn classify(address: IpAddr) -> Option<Blocked> {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> Option<Blocked> {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (127, ..) => Some(Blocked::Loopback),
        (10, ..) | (192, 168, _) => Some(Blocked::LocalNetwork),
        (172, 16..=31, _) => Some(Blocked::LocalNetwork),
        (169, 254, _) => Some(Blocked::LinkLocal),
        (100, 64..=127, _) => Some(Blocked::SharedAddressSpace),
        (255, 255, 255) if address == Ipv4Addr::BROADCAST => Some(Blocked::LimitedBroadcast),
        // "This network" reaches the machine itself on many systems.
        (0, ..) => Some(Blocked::Loopback),
        // IETF protocol assignments, documentation, benchmarking, 6to4 relays, multicast, future use.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => {
            Some(Blocked::Reserved)
        }
        (224.., ..) => Some(Blocked::Reserved),
        _ => None,
    }
}

fn classify_v6(address: Ipv6Addr) -> Option<Blocked> {
    if address == Ipv6Addr::LOCALHOST || address == Ipv6Addr::UNSPECIFIED {
        return Some(Blocked::Loopback);
    }
    if let Some(embedded) = embedded_v4(address) {
        return classify_v4(embedded);
    }
    let [a, b, ..] = address.segments();
    match a {
        0xfc00..=0xfdff | 0xfec0..=0xfeff => Some(Blocked::LocalNetwork),
        0xfe80..=0xfebf => Some(Blocked::LinkLocal),
        // Only 2000::/3 is assigned for global unicast; in it, documentation, benchmarking, ORCHID
        // and Teredo (which hides an IPv4 address) lie below 2001:200::/23.
        0x2001 if b < 0x0200 || b == 0x0db8 => Some(Blocked::Reserved),
        0x3fff if b < 0x1000 => Some(Blocked::Reserved),
        0x2000..=0x3fff => None,
        _ => Some(Blocked::Reserved),
    }
}

/// The IPv4 address that the network would really be asked for: mapped, compatible, NAT64, 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let low = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, last] => Some(low(high, last)),
        [0, 0, 0, 0, 0xffff, 0, high, last] => Some(low(high, last)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, last] => Some(low(high, last)),
        // RFC 8215: local-use NAT64 maps to whatever the operator chose; nothing public is behind it.
        [0x64, 0xff9b, 1, ..] => Some(Ipv4Addr::LOCALHOST),
        [0x2002, high, last, ..] => Some(low(high, last)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: EgressPolicy = EgressPolicy {
        allow_local_requests: false,
    };
    const LOCAL: EgressPolicy = EgressPolicy {
        allow_local_requests: true,
    };

    fn host(url: &str) -> Result<(), Blocked> {
        let url = url::Url::parse(url).unwrap();
        PUBLIC.check_host(&url.host().unwrap())
    }

    #[test]
    fn every_class_of_address_is_told_in_every_spelling() {
        let table = [
            ("http://127.0.0.1", Some(Blocked::Loopback)),
            ("http://127.1", Some(Blocked::Loopback)),
            ("http://2130706433", Some(Blocked::Loopback)),
            ("http://0x7f000001", Some(Blocked::Loopback)),
            ("http://0177.0.0.1", Some(Blocked::Loopback)),
            ("http://0.0.0.0", Some(Blocked::Loopback)),
            ("http://[::1]", Some(Blocked::Loopback)),
            ("http://[::]", Some(Blocked::Loopback)),
            ("http://[::ffff:127.0.0.1]", Some(Blocked::Loopback)),
            ("http://[::127.0.0.1]", Some(Blocked::Loopback)),
            ("http://[64:ff9b::10.0.0.1]", Some(Blocked::LocalNetwork)),
            ("http://[64:ff9b:1::8.8.8.8]", Some(Blocked::Loopback)),
            ("http://[2002:a00:1::1]", Some(Blocked::LocalNetwork)),
            ("http://10.1.2.3", Some(Blocked::LocalNetwork)),
            ("http://172.16.0.1", Some(Blocked::LocalNetwork)),
            ("http://172.31.255.255", Some(Blocked::LocalNetwork)),
            ("http://192.168.0.1", Some(Blocked::LocalNetwork)),
            ("http://[fd00::1]", Some(Blocked::LocalNetwork)),
            ("http://169.254.169.254", Some(Blocked::LinkLocal)),
            ("http://[fe80::1]", Some(Blocked::LinkLocal)),
            ("http://100.64.0.1", Some(Blocked::SharedAddressSpace)),
            ("http://255.255.255.255", Some(Blocked::LimitedBroadcast)),
            ("http://192.0.2.1", Some(Blocked::Reserved)),
            ("http://198.18.0.1", Some(Blocked::Reserved)),
            ("http://224.0.0.1", Some(Blocked::Reserved)),
            ("http://240.0.0.1", Some(Blocked::Reserved)),
            ("http://[2001:db8::1]", Some(Blocked::Reserved)),
            ("http://[2001::1]", Some(Blocked::Reserved)),
            ("http://[ff02::1]", Some(Blocked::Reserved)),
            ("http://[5f00::1]", Some(Blocked::Reserved)),
            ("http://localhost", Some(Blocked::Localhost)),
            ("http://LOCALHOST.", Some(Blocked::Localhost)),
            ("http://a.localhost", Some(Blocked::Localhost)),
            ("http://user@8.8.8.8@127.0.0.1", Some(Blocked::Loopback)),
            ("http://8.8.8.8", None),
            ("http://172.32.0.1", None),
            ("http://100.128.0.1", None),
            ("http://[2606:4700::1111]", None),
            ("http://[2002:808:808::1]", None),
            ("http://example.com", None),
            ("http://localhost.example.com", None),
        ];
        for (url, expected) in table {
            assert_eq!(host(url).err(), expected, "{url}");
        }
    }

    #[test]
    fn local_requests_are_allowed_by_the_setting_but_reserved_addresses_never() {
        for address in ["127.0.0.1", "10.0.0.1", "169.254.1.1", "::1", "fd00::1"] {
            assert_eq!(
                LOCAL.check_address(address.parse().unwrap()),
                Ok(()),
                "{address}"
            );
        }
        for address in ["224.0.0.1", "255.255.255.255", "ff02::1"] {
            assert!(
                LOCAL.check_address(address.parse().unwrap()).is_err(),
                "{address}"
            );
        }
    }
}

//! What kind of address an address is, whatever it is spelled as.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Blocked;

/// The address that the network would really be asked for: an IPv6 address that stands for an IPv4
/// address is that one.
pub(super) fn reached(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => embedded_v4(v6).map_or(address, IpAddr::V4),
    }
}

/// Why an address that is reached is no public one; none when it is.
pub(super) fn classify(reached: IpAddr) -> Option<Blocked> {
    match reached {
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
    let [a, b, c, ..] = address.segments();
    match a {
        0xfc00..=0xfdff | 0xfec0..=0xfeff => Some(Blocked::LocalNetwork),
        0xfe80..=0xfebf => Some(Blocked::LinkLocal),
        // Local-use NAT64 (RFC 8215) leads wherever its operator chose; nothing public is behind it.
        0x64 if b == 0xff9b && c == 1 => Some(Blocked::LocalNetwork),
        // Only 2000::/3 is assigned for global unicast; in it, documentation, benchmarking, ORCHID
        // and Teredo (which hides an IPv4 address) lie below 2001:200::/23.
        0x2001 if b < 0x0200 || b == 0x0db8 => Some(Blocked::Reserved),
        0x3fff if b < 0x1000 => Some(Blocked::Reserved),
        0x2000..=0x3fff => None,
        _ => Some(Blocked::Reserved),
    }
}

/// Mapped, compatible, translated (RFC 2765), NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if address == Ipv6Addr::LOCALHOST || address == Ipv6Addr::UNSPECIFIED {
        return None;
    }
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(v4(high, low)),
        [0, 0, 0, 0, 0xffff, 0, high, low] => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

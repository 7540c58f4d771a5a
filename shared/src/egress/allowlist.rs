//! The operator's list of hosts, addresses and networks that requests may go to.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Host;

use super::address::reached;

/// Most entries of a list, as in GitLab.
const MOST_ENTRIES: usize = 1000;
/// Most characters of an entry, as in GitLab.
const LONGEST_ENTRY: usize = 255;

/// Names, IP addresses and networks that requests may go to whatever they are, each on one port or on
/// all.
#[derive(Debug, Clone, Default)]
pub struct Allowlist {
    names: Vec<(String, Ports)>,
    networks: Vec<(IpNet, Ports)>,
}

#[derive(Debug, Clone, Copy)]
enum Ports {
    All,
    One(u16),
}

impl Ports {
    fn has(self, port: u16) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == port,
        }
    }
}

impl Allowlist {
    /// Reads a list of at most 1,000 entries, parted by commas, semicolons or blanks. An entry has at
    /// most 255 characters and is a name, an IP address or a network in CIDR notation, and may end
    /// with a port: `siem.internal`, `10.0.0.0/8:8443`, `[fd00::1]:8443`. The error quotes the entry.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut list = Self::default();
        let entries = text
            .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
            .filter(|entry| !entry.is_empty());
        for (index, entry) in entries.enumerate() {
            if index >= MOST_ENTRIES {
                return Err(format!("must have at most {MOST_ENTRIES} entries"));
            }
            if entry.chars().count() > LONGEST_ENTRY {
                let start: String = entry.chars().take(32).collect();
                return Err(format!(
                    "the entry `{}…` has more than {LONGEST_ENTRY} characters",
                    start.escape_debug()
                ));
            }
            list.add(entry)
                .map_err(|problem| format!("the entry `{}` {problem}", entry.escape_debug()))?;
        }
        Ok(list)
    }

    /// Whether requests to a name are allowed, whatever its addresses are.
    pub(super) fn has_name(&self, name: &str, port: u16) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        self.names
            .iter()
            .any(|(listed, ports)| ports.has(port) && listed.eq_ignore_ascii_case(name))
    }

    /// Whether requests to an address that is reached are allowed.
    pub(super) fn has_address(&self, reached: IpAddr, port: u16) -> bool {
        self.networks
            .iter()
            .any(|(listed, ports)| ports.has(port) && listed.contains(&reached))
    }

    fn add(&mut self, entry: &str) -> Result<(), String> {
        let (host, ports) = split(entry)?;
        if let Some(network) = network(host) {
            stands_for_itself(network)?;
            self.networks.push((network.trunc(), ports));
            return Ok(());
        }
        // The reading of a destination's URL, so that both mean the same name.
        match Host::parse(host) {
            Ok(Host::Domain(name)) if is_name(&name) => {
                let name = name.strip_suffix('.').unwrap_or(&name).to_owned();
                self.names.push((name, ports));
                Ok(())
            }
            Ok(Host::Ipv4(address)) => {
                self.networks.push((IpAddr::V4(address).into(), ports));
                Ok(())
            }
            _ => Err(
                "must be a name (without wildcards), an IP address or a network such as 10.0.0.0/8, and may end with a port"
                    .to_owned(),
            ),
        }
    }
}

/// Parts an entry into what is before its port, without brackets, and the port.
fn split(entry: &str) -> Result<(&str, Ports), String> {
    if let Some(rest) = entry.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("lacks a `]`")?;
        if !host.contains(':') {
            return Err("has something else than an IPv6 address in brackets".to_owned());
        }
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, one_port(port)?)),
            None if rest.is_empty() => Ok((host, Ports::All)),
            None => Err("has something else than a port behind `]`".to_owned()),
        };
    }
    // More than one colon: an IPv6 address without a port.
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => Ok((host, one_port(port)?)),
        _ => Ok((entry, Ports::All)),
    }
}

fn one_port(text: &str) -> Result<Ports, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("must have a port from 1 to 65535 behind the colon".to_owned()),
        Ok(port) => Ok(Ports::One(port)),
    }
}

fn network(host: &str) -> Option<IpNet> {
    let address = || host.parse::<IpAddr>().ok().map(IpNet::from);
    host.parse::<IpNet>().ok().or_else(address)
}

/// An IPv6 address that stands for an IPv4 one is compared as that one, so such an entry would allow
/// nothing, and a whole prefix of them (`64:ff9b::/96`) every IPv4 address.
fn stands_for_itself(network: IpNet) -> Result<(), String> {
    match (network.addr(), reached(network.addr())) {
        (IpAddr::V6(_), IpAddr::V4(address)) => Err(format!(
            "stands for IPv4 addresses ({address} is the first) and must be written as these"
        )),
        _ => Ok(()),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

//! Free ports on loopback.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use anyhow::{Result, bail};

use crate::random;

/// Below the ranges from which Linux (32768) and macOS (49152) take the ports of outgoing
/// connections, so that a service finds its port free again after a restart, although clients
/// were trying to reconnect in the meantime.
const RANGE: Range<u16> = 15_000..32_000;

/// Tries before the machine counts as full.
const TRIES: usize = 200;

/// `N` different loopback ports on which nothing listens at this moment.
pub(crate) fn free<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    // Held until all are found, so that no port is found twice.
    let mut held = Vec::with_capacity(N);
    for _ in 0..TRIES {
        if held.len() == N {
            return Ok(ports);
        }
        let random = u16::from_ne_bytes(random::bytes()?);
        let port = RANGE.start + random % (RANGE.end - RANGE.start);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            ports[held.len()] = port;
            held.push(listener);
        }
    }
    bail!(
        "no {N} free loopback ports between {} and {}",
        RANGE.start,
        RANGE.end
    )
}

/// Whether a service's last words say that somebody else took its port.
pub(crate) fn is_clash(words: &str) -> bool {
    let words = words.to_lowercase();
    [
        "eaddrinuse",
        "address already in use",
        "address in use",
        "in use by another node",
    ]
    .iter()
    .any(|phrase| words.contains(phrase))
}

/// Starts a service on fresh ports, again when somebody else was quicker on one of them.
pub(crate) fn retrying<S>(start: impl Fn() -> Result<S>) -> Result<S> {
    const ATTEMPTS: usize = 3;
    for _ in 1..ATTEMPTS {
        match start() {
            Err(error) if is_clash(&format!("{error:#}")) => {}
            outcome => return outcome,
        }
    }
    start()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use anyhow::anyhow;

    use super::*;

    #[test]
    fn ports_found_together_differ_and_can_be_bound() {
        let mut ports = free::<8>().unwrap();
        ports.sort_unstable();
        assert!(ports.windows(2).all(|pair| pair[0] != pair[1]), "{ports:?}");
        assert!(ports.iter().all(|port| RANGE.contains(port)), "{ports:?}");
    }

    #[test]
    fn a_clash_is_told_from_other_failures() {
        for (words, expected) in [
            ("{error, {listen_error, eaddrinuse}}", true),
            (
                "could not bind IPv4 address \"127.0.0.1\": Address already in use",
                true,
            ),
            (
                "ERROR: distribution port 25672 in use by another node: rabbit",
                true,
            ),
            (
                "initdb: error: could not create directory: Permission denied",
                false,
            ),
        ] {
            assert_eq!(is_clash(words), expected, "{words:?}");
        }
    }

    #[test]
    fn only_a_clash_is_tried_again_and_not_for_ever() {
        for (words, expected) in [("eaddrinuse", 3), ("permission denied", 1)] {
            let starts = Cell::new(0);
            let outcome: Result<()> = retrying(|| {
                starts.set(starts.get() + 1);
                Err(anyhow!("{words}"))
            });
            assert!(outcome.is_err());
            assert_eq!(starts.get(), expected, "{words:?}");
        }
    }
}

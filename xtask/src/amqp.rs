//! Whether something speaks AMQP on a port.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// The protocol header with which a client of AMQP 0-9-1 begins.
const PROTOCOL_HEADER: &[u8; 8] = b"AMQP\0\0\x09\x01";

/// The first byte of a method frame; `connection.start` is the broker's answer to the header.
const METHOD_FRAME: u8 = 1;

/// Whether a broker answers on this loopback port, which it does once it has booted.
pub(crate) fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let timeout = Duration::from_secs(2);
    let greet = || -> std::io::Result<u8> {
        let mut stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.write_all(PROTOCOL_HEADER)?;
        let mut first = [0];
        stream.read_exact(&mut first)?;
        Ok(first[0])
    };
    greet().is_ok_and(|first| first == METHOD_FRAME)
}

//! Stands between a worker and the broker and counts what they say to each other: the methods of AMQP
//! 0-9-1, by name.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::receiver::any_port;

/// Bytes of the protocol header that a client begins with.
const PROTOCOL_HEADER: usize = 8;
/// Type, channel and size of a frame.
const FRAME_HEADER: usize = 7;
/// The type of a frame that carries a method.
const METHOD: u8 = 1;

/// Class and method.
pub(crate) type Method = (u16, u16);

pub(crate) const PUBLISH: Method = (60, 40);
pub(crate) const DELIVER: Method = (60, 60);
pub(crate) const ACK: Method = (60, 80);
pub(crate) const NACK: Method = (60, 120);

/// A proxy that is running; it takes no more connections when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    counts: Arc<Counts>,
    accepting: JoinHandle<()>,
}

/// Methods of each direction; the broker acks publishes with the method that clients ack deliveries with.
#[derive(Default)]
struct Counts {
    of_client: Mutex<BTreeMap<Method, u64>>,
    of_broker: Mutex<BTreeMap<Method, u64>>,
}

impl Proxy {
    /// In front of a broker.
    pub(crate) async fn start(broker: SocketAddr) -> Self {
        let listener = TcpListener::bind(any_port()).await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let counts = Arc::new(Counts::default());
        let counted = counts.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, broker, counted.clone()));
            }
        });
        Self {
            address,
            counts,
            accepting,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients have sent so far.
    pub(crate) fn of_client(&self) -> BTreeMap<Method, u64> {
        lock(&self.counts.of_client).clone()
    }

    /// What the broker has sent so far.
    pub(crate) fn of_broker(&self) -> BTreeMap<Method, u64> {
        lock(&self.counts.of_broker).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn relay(client: TcpStream, broker: SocketAddr, counts: Arc<Counts>) {
    let broker = TcpStream::connect(broker).await;
    let broker = broker.expect("the broker can be reached");
    let _ = (client.set_nodelay(true), broker.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_broker, to_broker) = broker.into_split();
    // A connection that ends is the end of both ways.
    let _ = tokio::join!(
        count(from_client, to_broker, PROTOCOL_HEADER, &counts.of_client),
        count(from_broker, to_client, 0, &counts.of_broker),
    );
}

/// Copies frames and counts their methods.
async fn count(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    preamble: usize,
    methods: &Mutex<BTreeMap<Method, u64>>,
) -> std::io::Result<()> {
    let mut bytes = vec![0; preamble];
    from.read_exact(&mut bytes).await?;
    to.write_all(&bytes).await?;
    loop {
        let mut header = [0; FRAME_HEADER];
        if let Err(error) = from.read_exact(&mut header).await {
            // Without this the other side would wait for ever.
            to.shutdown().await?;
            return Err(error);
        }
        let size = u32::from_be_bytes([header[3], header[4], header[5], header[6]]);
        // A byte that marks its end follows.
        let rest = u64::from(size) + 1;
        to.write_all(&header).await?;
        if header[0] != METHOD {
            copy(&mut (&mut from).take(rest), &mut to).await?;
            continue;
        }
        let mut payload = Vec::new();
        (&mut from).take(rest).read_to_end(&mut payload).await?;
        if let [a, b, c, d, ..] = payload[..] {
            let method = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            *lock(methods).entry(method).or_default() += 1;
        }
        to.write_all(&payload).await?;
    }
}

fn lock(counts: &Mutex<BTreeMap<Method, u64>>) -> std::sync::MutexGuard<'_, BTreeMap<Method, u64>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

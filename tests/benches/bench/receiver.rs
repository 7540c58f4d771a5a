//! Receivers: the least HTTP/1.1 server that notes when each event arrived first.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::ledger::{Ledger, Moments, number_of};

/// How long events may take to arrive before a run fails.
const LIMIT: Duration = Duration::from_mins(2);
/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(1);

/// A receiver that takes everything at once; it ends when it is dropped.
pub(crate) struct Receiver {
    address: SocketAddr,
    noted: Arc<Noted>,
    serving: JoinHandle<()>,
}

struct Noted {
    ledger: Arc<Ledger>,
    arrived: Moments,
    distinct: AtomicUsize,
}

impl Receiver {
    /// On a free port.
    pub(crate) async fn start(ledger: &Arc<Ledger>) -> Self {
        Self::start_on(any_port(), ledger).await
    }

    pub(crate) async fn start_on(address: SocketAddr, ledger: &Arc<Ledger>) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let noted = Arc::new(Noted {
            ledger: ledger.clone(),
            arrived: Moments::new(ledger.capacity),
            distinct: AtomicUsize::new(0),
        });
        let serving = tokio::spawn(serve(listener, noted.clone()));
        Self {
            address,
            noted,
            serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How many events have arrived, each counted once.
    pub(crate) fn count(&self) -> usize {
        self.noted.distinct.load(Ordering::Relaxed)
    }

    /// Waits until so many have arrived, counted as [`Self::count`] does.
    pub(crate) async fn wait_for(&self, count: usize) {
        let waiting = async {
            while self.count() < count {
                sleep(LOOK).await;
            }
        };
        let what = || format!("{} of {count} events arrived", self.count());
        timeout(LIMIT, waiting)
            .await
            .unwrap_or_else(|_| panic!("{}", what()));
    }

    /// The time from the first arrival of these events to the last one.
    pub(crate) fn span(&self, numbers: Range<usize>) -> Duration {
        let moments = || {
            numbers
                .clone()
                .filter_map(|number| self.noted.arrived.get(number))
        };
        let first = moments().min().unwrap_or_default();
        moments().max().unwrap_or_default().saturating_sub(first)
    }

    /// How long each of these events took from its publish to its first arrival.
    pub(crate) fn latencies(&self, numbers: Range<usize>) -> Vec<Duration> {
        let published = &self.noted.ledger.published;
        numbers
            .filter_map(|number| {
                let arrived = self.noted.arrived.get(number)?;
                Some(arrived.saturating_sub(published.get(number)?))
            })
            .collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A port of loopback that is free.
pub(crate) fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// An address on which nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    let listener = std::net::TcpListener::bind(any_port()).expect("a port is free");
    listener.local_addr().expect("it has an address")
}

async fn serve(listener: TcpListener, noted: Arc<Noted>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let noted = noted.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &noted));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = connection.await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    noted: &Noted,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    if let Ok(body) = request.into_body().collect().await
        && let Some(number) = number_of(&body.to_bytes())
        && noted.arrived.note(number, noted.ledger.now())
    {
        noted.distinct.fetch_add(1, Ordering::Relaxed);
    }
    Ok(Response::new(Empty::new()))
}

/// A receiver that accepts connections and never answers; it ends when it is dropped.
pub(crate) struct Silent {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Silent {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(any_port()).await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let accepting = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                held.push(stream);
            }
        });
        Self { address, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

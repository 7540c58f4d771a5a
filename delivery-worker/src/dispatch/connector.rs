//! Opens the connections that requests go over, and to nowhere that the policy refuses.

use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use shared::egress::EgressPolicy;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Host;

use super::proxy::Proxy;
use super::resolver::{Lookup, VettingResolver};

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Connects to a destination.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) route: Route,
    /// Limit of a TCP connection, over all addresses of a name.
    pub(super) connect_timeout: Duration,
}

/// How a destination is reached.
#[derive(Clone)]
pub(super) enum Route {
    /// At its own address, which is resolved and vetted here.
    Direct {
        policy: EgressPolicy,
        lookup: Lookup,
    },
    /// Through a proxy, which resolves names.
    Proxied(Proxy),
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Stream, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let connect_timeout = self.connect_timeout;
        match self.route.clone() {
            Route::Direct { policy, lookup } => {
                // One for each connection, as a resolver is told the name alone and must know the port.
                let resolver = VettingResolver {
                    policy,
                    port: target(&destination).1,
                    lookup,
                };
                let mut connector = HttpConnector::new_with_resolver(resolver);
                set_up(&mut connector, connect_timeout);
                let connecting = connector.call(destination);
                Box::pin(async move {
                    Ok(Stream {
                        connection: connecting.await?,
                        takes_any_destination: false,
                    })
                })
            }
            Route::Proxied(proxy) => Box::pin(async move {
                Ok(Stream {
                    connection: proxy.connect(&destination, connect_timeout).await?,
                    takes_any_destination: destination.scheme() == Some(&Scheme::HTTP),
                })
            }),
        }
    }
}

/// Connects to what the system resolves a name to, without vetting.
pub(super) fn system_tcp(connect_timeout: Duration) -> HttpConnector {
    let mut connector = HttpConnector::new();
    set_up(&mut connector, connect_timeout);
    connector
}

fn set_up<R>(connector: &mut HttpConnector<R>, connect_timeout: Duration) {
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(connect_timeout));
}

/// The host and port that a request to a URI would go to.
pub(super) fn target(uri: &Uri) -> (Host<&str>, u16) {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let host = match bare.parse() {
        Ok(IpAddr::V4(address)) => Host::Ipv4(address),
        Ok(IpAddr::V6(address)) => Host::Ipv6(address),
        Err(_) => Host::Domain(host),
    };
    let default = if uri.scheme() == Some(&Scheme::HTTPS) {
        443
    } else {
        80
    };
    (host, uri.port_u16().unwrap_or(default))
}

/// A connection that knows whether a proxy reads the requests on it, which then name their
/// destination.
pub(super) struct Stream {
    connection: TokioIo<TcpStream>,
    takes_any_destination: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.connection
            .connected()
            .proxy(self.takes_any_destination)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write_vectored(cx, slices)
    }
}

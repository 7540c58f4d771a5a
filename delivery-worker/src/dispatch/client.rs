//! The HTTP client: what it may hold in memory for one connection, and how long it keeps it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::RESPONSE_LIMIT;
use super::connector::Connector;

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(30);
/// Bytes that all responses of an HTTP/2 connection may have under way together.
const HTTP2_CONNECTION_WINDOW: u32 = 16 * RESPONSE_LIMIT;

pub(super) type HttpClient = Client<HttpsConnector<Connector>, Full<Bytes>>;

/// `timeout` is that of an attempt; so many idle connections are kept for one host. Without limits of ours a receiver could have 400 KiB held for each
/// request, and two MiB over HTTP/2, of a body that is read to 64 KiB.
///
/// An HTTP/2 connection that is silent while a request waits on it is asked for a sign of life after half
/// of the attempt's time, and has the other half to give one. One that died unseen would be used again
/// and again otherwise, as each request on it ends by its own limit and the connection stays.
pub(super) fn client(
    tls: rustls::ClientConfig,
    connector: Connector,
    timeout: Duration,
    idle_connections: usize,
) -> HttpClient {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(connector);
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(idle_connections)
        .http1_max_buf_size(RESPONSE_LIMIT as usize)
        .http2_initial_stream_window_size(RESPONSE_LIMIT)
        .http2_initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
        .http2_keep_alive_interval(timeout / 2)
        .http2_keep_alive_timeout(timeout / 2)
        .build(connector)
}

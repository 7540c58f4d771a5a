//! The forward proxy that requests go through, where there is one.

use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use shared::config::ConnectionUrl;
use tokio::net::TcpStream;
use tower_service::Service as _;

use super::connector::{BoxError, system_tcp, target};

/// Most bytes of the head that a proxy answers to CONNECT with.
const ANSWER_LIMIT: usize = 8 * 1024;

/// The operator's own: its address is not vetted.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    address: Uri,
    /// Marked as sensitive, so that `Debug` does not show it.
    authorization: Option<HeaderValue>,
}

/// Why a proxy is no way to the destination.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProxyError {
    /// No connection to the proxy itself.
    #[error("the proxy cannot be reached: {0}")]
    Unreachable(String),
    /// It does not connect to the destination.
    #[error("the proxy answered {0}")]
    Refused(StatusCode),
    /// It does not speak as a proxy does.
    #[error("the proxy gave no tunnel: {0}")]
    NoTunnel(String),
}

impl Proxy {
    /// Reads `http://[user:password@]host[:port]`.
    pub(super) fn new(url: &ConnectionUrl) -> anyhow::Result<Self> {
        let url = url::Url::parse(url.expose())?;
        let host = url.host().context("a proxy has a host")?;
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Self {
            address: format!("http://{host}:{port}/").parse()?,
            authorization: authorization(&url)?,
        })
    }

    /// A connection to the proxy: for HTTPS a tunnel to the destination, for HTTP one that takes
    /// requests for any destination. By default squid tunnels to port 443 alone.
    pub(super) async fn connect(
        &self,
        destination: &Uri,
        connect_timeout: Duration,
    ) -> Result<TokioIo<TcpStream>, BoxError> {
        let connection = system_tcp(connect_timeout)
            .call(self.address.clone())
            .await
            .map_err(|error| ProxyError::Unreachable(innermost(&error)))?;
        if destination.scheme() == Some(&Scheme::HTTP) {
            return Ok(connection);
        }
        Ok(self.tunnel(connection, destination).await?)
    }

    /// A request over a tunnel is the destination's, which must not see who we are to the proxy.
    pub(super) fn authorize(&self, destination: &Uri, headers: &mut HeaderMap) {
        if let Some(authorization) = &self.authorization
            && destination.scheme() == Some(&Scheme::HTTP)
        {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
    }

    async fn tunnel(
        &self,
        connection: TokioIo<TcpStream>,
        destination: &Uri,
    ) -> Result<TokioIo<TcpStream>, ProxyError> {
        let no_tunnel = |error: hyper::Error| ProxyError::NoTunnel(innermost(&error));
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(ANSWER_LIMIT)
            .handshake(connection)
            .await
            .map_err(no_tunnel)?;
        // Ends with the tunnel, or as soon as `sender` is dropped.
        tokio::spawn(connection.with_upgrades());
        let response = sender
            .send_request(self.connect_request(destination)?)
            .await
            .map_err(no_tunnel)?;
        if !response.status().is_success() {
            return Err(ProxyError::Refused(response.status()));
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(no_tunnel)?;
        let parts = upgraded
            .downcast::<TokioIo<TcpStream>>()
            .expect("the connection that was upgraded is the one that was opened");
        if parts.read_buf.is_empty() {
            Ok(parts.io)
        } else {
            Err(ProxyError::NoTunnel(
                "it sent more than its answer".to_owned(),
            ))
        }
    }

    fn connect_request(&self, destination: &Uri) -> Result<Request<Empty<Bytes>>, ProxyError> {
        let (host, port) = target(destination);
        let authority = format!("{host}:{port}");
        let unusable = |error: http::Error| ProxyError::NoTunnel(error.to_string());
        let target = Authority::try_from(authority.as_str())
            .map_err(|error| unusable(error.into()))
            .map(Uri::from)?;
        let mut request = Request::connect(target)
            .header(HOST, authority)
            .body(Empty::new())
            .map_err(unusable)?;
        if let Some(authorization) = &self.authorization {
            let headers = request.headers_mut();
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }
}

fn authorization(url: &url::Url) -> anyhow::Result<Option<HeaderValue>> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let mut credentials: Vec<u8> = percent_decode_str(url.username()).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(url.password().unwrap_or_default()));
    let basic = format!("Basic {}", STANDARD.encode(credentials));
    let mut value = HeaderValue::try_from(basic)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn innermost(mut error: &dyn std::error::Error) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

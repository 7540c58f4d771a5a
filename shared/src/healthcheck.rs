//! Whether a service is ready: the form in which both tell it, and the question that their
//! `healthcheck` subcommand asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Where both services say whether they can do their work.
pub const READINESS_PATH: &str = "/-/readiness";

/// How long the question may take. Shorter than the limit that the container's health check sets, so
/// that a reason is printed before the check is killed.
const LIMIT: Duration = Duration::from_secs(3);

/// No server's status line is longer; what answers without one is no HTTP server.
const LONGEST_STATUS_LINE: u64 = 1024;

/// Asks the service that is bound to `bind` for its readiness; `Ok` when it answers 200 within three
/// seconds. A service bound to every address is asked over loopback.
pub async fn readiness(bind: SocketAddr) -> anyhow::Result<()> {
    let address = reachable(bind);
    tokio::time::timeout(LIMIT, ask(address))
        .await
        .map_err(|_| anyhow::anyhow!("no answer within {} s", LIMIT.as_secs()))
        .flatten()
        .with_context(|| format!("not ready: http://{address}{READINESS_PATH}"))
}

/// What a service answers at [`READINESS_PATH`]: whether it is ready, and which of its parts are up.
pub fn report(ready: bool, parts: &[(&str, bool)]) -> Value {
    let mut report = json!({ "status": if ready { "ready" } else { "not ready" } });
    for (part, up) in parts {
        report[part] = if *up { "up" } else { "down" }.into();
    }
    report
}

async fn ask(address: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let request =
        format!("GET {READINESS_PATH} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut status_line = String::new();
    BufReader::new(stream)
        .take(LONGEST_STATUS_LINE)
        .read_line(&mut status_line)
        .await?;
    let mut words = status_line.split_whitespace();
    match (words.next(), words.next()) {
        (Some("HTTP/1.1" | "HTTP/1.0"), Some("200")) => Ok(()),
        (Some("HTTP/1.1" | "HTTP/1.0"), Some(status)) => bail!("status {status}"),
        _ => bail!("the answer is not HTTP"),
    }
}

/// The address to connect to for a service that is bound to `bind`.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Asks a server that reads one request and answers with `answer`; gives the verdict and the
    /// request.
    async fn ask_one_that_answers(answer: &'static str) -> (anyhow::Result<()>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            // The stream is returned, so that the answer must be enough without the end of it.
            (stream, String::from_utf8(request).unwrap())
        };
        let (verdict, (_stream, request)) = tokio::join!(readiness(address), server);
        (verdict, request)
    }

    #[tokio::test]
    async fn only_status_200_is_ready() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", None),
            (
                "HTTP/1.1 503 Service Unavailable\r\n\r\n",
                Some("status 503"),
            ),
            ("HTTP/1.1 404 Not Found\r\n\r\n", Some("status 404")),
            ("+PONG 200\r\n", Some("the answer is not HTTP")),
        ] {
            let (verdict, _) = ask_one_that_answers(answer).await;
            let reason = verdict.err().map(|error| error.root_cause().to_string());
            assert_eq!(reason.as_deref(), expected, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn the_question_is_a_whole_request_for_the_readiness_path() {
        let (_, request) = ask_one_that_answers("HTTP/1.1 200 OK\r\n\r\n").await;
        let lines: Vec<&str> = request.lines().collect();
        assert_eq!(lines[0], "GET /-/readiness HTTP/1.1");
        assert!(
            lines[1].starts_with("host: 127.0.0.1:"),
            "HTTP/1.1 asks for it"
        );
        assert!(lines.contains(&"connection: close"));
    }

    #[tokio::test]
    async fn a_service_that_closes_without_an_answer_is_not_ready() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = async { drop(listener.accept().await.unwrap()) };
        let (verdict, ()) = tokio::join!(readiness(listener.local_addr().unwrap()), server);
        assert!(verdict.is_err());
    }

    #[tokio::test]
    async fn a_port_on_which_nothing_listens_is_not_ready_and_the_error_names_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = readiness(address).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("not ready: http://{address}/-/readiness")
        );
    }

    #[tokio::test]
    async fn a_service_that_never_answers_is_not_ready_after_three_seconds() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let asked = std::time::Instant::now();
        // The connection is taken by the system, and nobody reads the request.
        let error = readiness(listener.local_addr().unwrap()).await.unwrap_err();
        assert_eq!(error.root_cause().to_string(), "no answer within 3 s");
        assert!(asked.elapsed() >= LIMIT);
    }

    #[test]
    fn a_service_bound_to_every_address_is_asked_over_loopback() {
        for (bind, expected) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:9091", "[::1]:9091"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            assert_eq!(
                reachable(bind.parse().unwrap()).to_string(),
                expected,
                "{bind}"
            );
        }
    }
}

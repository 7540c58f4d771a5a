//! Receivers that misbehave, over HTTP/1.1. None holds an attempt beyond its limit, none makes a worker
//! read without end, and none makes it panic.

use futures_util::future::{join, join_all};
use rcgen::{CertificateParams, date_time_ymd};

use super::authority::{Stage, tls_receiver};
use super::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// What one attempt has come to, which took no longer than it may.
async fn attempt_in_time(dispatcher: &Dispatcher, url: &str) -> Outcome {
    let started = Instant::now();
    let outcome = attempt(dispatcher, url).await;
    assert!(started.elapsed() < LIMIT * 4, "{url}");
    outcome
}

/// A receiver that answers with these bytes and then keeps the connection open.
async fn saying(answer: impl Into<Vec<u8>>) -> String {
    let answer = Arc::new(answer.into());
    let (address, _) = receiver(move |mut stream: TcpStream| {
        let answer = answer.clone();
        async move {
            let _ = stream.write_all(&answer).await;
            std::future::pending::<()>().await;
        }
    })
    .await;
    format!("http://{address}/")
}

/// A receiver that begins with some bytes and goes on with others for ever; and how many of these it
/// got rid of.
async fn going_on(
    start: &'static str,
    more: &'static str,
    pause: Duration,
) -> (String, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let (address, _) = receiver(move |mut stream: TcpStream| {
        let counted = counted.clone();
        async move {
            let _ = stream.write_all(start.as_bytes()).await;
            while stream.write_all(more.as_bytes()).await.is_ok() {
                counted.fetch_add(more.len(), Ordering::SeqCst);
                tokio::time::sleep(pause).await;
            }
        }
    })
    .await;
    (format!("http://{address}/"), sent)
}

#[tokio::test]
async fn a_byte_at_a_time_holds_the_attempt_no_longer_than_the_limit_wherever_it_stands() {
    let heads = [
        ("", "H"),
        ("HTTP/1.1 ", "2"),
        ("HTTP/1.1 200 ", "O"),
        ("HTTP/1.1 200 OK\r\n", "x"),
        ("HTTP/1.1 200 OK\r\nx: ", "y"),
    ];
    let bodies = [
        "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ",
        "HTTP/1.1 200 OK\r\n\r\n",
    ];
    let pause = Duration::from_millis(20);
    let dispatcher = &dispatcher(true);
    let of_head = async |(start, more)| {
        let (url, _) = going_on(start, more, pause).await;
        let failure = error_of(attempt_in_time(dispatcher, &url).await);
        assert_eq!(failure.status, None, "{start}{more}");
    };
    let of_body = async |start| {
        let (url, _) = going_on(start, "x", pause).await;
        let outcome = attempt_in_time(dispatcher, &url).await;
        assert_eq!(outcome, delivered(), "{start}");
    };
    join(join_all(heads.map(of_head)), join_all(bodies.map(of_body))).await;
}

#[tokio::test]
async fn what_never_ends_is_read_no_further_than_the_limit_wherever_it_stands() {
    let block: &'static str = "x".repeat(16 * 1024).leak();
    let headers: &'static str = "x: y\r\n".repeat(2048).leak();
    let continues: &'static str = "HTTP/1.1 100 Continue\r\n\r\n".repeat(512).leak();
    let chunks: &'static str = "1\r\nx\r\n".repeat(2048).leak();
    let cases = [
        ("HTTP/1.1 200 OK\r\nx: ", block),
        ("HTTP/1.1 200 OK\r\n", block),
        ("HTTP/1.1 200 OK\r\n", headers),
        ("HTTP/1.1 200 OK\r\n\r\n", block),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            chunks,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;",
            block,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            headers,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ",
            block,
        ),
    ];
    let dispatcher = &dispatcher(true);
    let case = async |(start, more)| {
        let (url, sent) = going_on(start, more, Duration::ZERO).await;
        attempt_in_time(dispatcher, &url).await;
        // What the sockets' buffers swallow comes on top of what was read.
        let sent = sent.load(Ordering::SeqCst);
        assert!(sent < 16 * 1024 * 1024, "{start}: {sent}");
    };
    join_all(cases.map(case)).await;
    // These are read as long as the attempt lasts, and none is kept.
    let (url, _) = going_on("", continues, Duration::ZERO).await;
    let failure = error_of(attempt_in_time(dispatcher, &url).await);
    assert_eq!(failure.status, None);
}

#[tokio::test]
async fn the_head_of_a_response_is_held_to_twice_the_limit_at_most() {
    let dispatcher = dispatcher(true);
    for (size, fits) in [(40 * 1024, true), (130 * 1024, false)] {
        let head = "x".repeat(size);
        let answer = format!("HTTP/1.1 200 OK\r\nx: {head}\r\ncontent-length: 0\r\n\r\n");
        let outcome = attempt_in_time(&dispatcher, &saying(answer).await).await;
        assert_eq!(outcome == delivered(), fits, "{size}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_a_failure() {
    let dispatcher = dispatcher(true);
    for answer in [
        "SSH-2.0-OpenSSH\r\n",
        "\0\0\0\0\0\0\0\0\r\n\r\n",
        "\r\n\r\n\r\n\r\nhello",
        "HTTP/0.9 200 OK\r\n\r\n",
        "HTTP/1.1 OK 200\r\n\r\n",
        "HTTP/1.1 -200 OK\r\n\r\n",
        "HTTP/1.1 99 OK\r\n\r\n",
        "HTTP/1.1 99999999999999999999 OK\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1e99\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx y: z\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let outcome = attempt_in_time(&dispatcher, &saying(answer).await).await;
        assert_eq!(error_of(outcome).status, None, "{answer:?}");
    }
}

#[tokio::test]
async fn a_status_is_the_answer_whatever_comes_after_it() {
    let dispatcher = dispatcher(true);
    for answer in [
        "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nno",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 500 No\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    ] {
        let outcome = attempt_in_time(&dispatcher, &saying(answer).await).await;
        let status = if answer.contains("204") { 204 } else { 200 };
        assert!(matches!(outcome, Outcome::Delivered(_)), "{answer:?}");
        assert_eq!(outcome.status(), Some(status), "{answer:?}");
    }
}

#[tokio::test]
async fn no_time_to_come_again_is_too_strange() {
    let dispatcher = dispatcher(true);
    for retry_after in [
        "1e99",
        "-1",
        "NaN",
        "",
        "18446744073709551616",
        "Thu, 99 Foo 99999 99:99:99 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "\u{e4}",
        "1\r\nretry-after: 2",
    ] {
        let answer =
            format!("HTTP/1.1 429 Wait\r\nretry-after: {retry_after}\r\ncontent-length: 0\r\n\r\n");
        let outcome = attempt_in_time(&dispatcher, &saying(answer).await).await;
        assert_eq!(error_of(outcome).status, Some(429), "{retry_after:?}");
    }
}

#[tokio::test]
async fn no_redirect_leads_anywhere() {
    let dispatcher = dispatcher(true);
    let (target, reached) = receiver(async |mut stream: TcpStream| {
        let _ = stream.write_all(OK).await;
    })
    .await;
    for status in [301, 302, 303, 307, 308] {
        for location in [
            format!("http://{target}/"),
            format!("//{target}/"),
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "file:///etc/passwd".to_owned(),
            "\u{1}".to_owned(),
        ] {
            let answer = format!(
                "HTTP/1.1 {status} Go\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"
            );
            let outcome = attempt_in_time(&dispatcher, &saying(answer).await).await;
            let failure = error_of(outcome);
            assert!(
                [Some(status), None].contains(&failure.status),
                "{failure:?}"
            );
        }
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_connection_that_is_closed_before_the_answer_is_a_failure() {
    let dispatcher = dispatcher(true);
    for part in [
        "",
        "HTTP/1.1",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let (address, _) = receiver(move |mut stream: TcpStream| async move {
            let _ = stream.write_all(part.as_bytes()).await;
        })
        .await;
        let outcome = attempt_in_time(&dispatcher, &format!("http://{address}/")).await;
        assert_eq!(error_of(outcome).status, None, "{part:?}");
    }
}

#[tokio::test]
async fn a_reset_after_the_status_takes_nothing_back() {
    let (address, connections) = receiver(async |mut stream: TcpStream| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
        let _ = stream.write_all(head).await;
        // Closed while bytes are unread, a connection is reset.
        let _ = stream.set_zero_linger();
    })
    .await;
    let dispatcher = dispatcher(true);
    for _ in 0..2 {
        let outcome = attempt_in_time(&dispatcher, &format!("http://{address}/")).await;
        // The reset may overtake the head.
        if let Some(failure) = outcome.failure() {
            assert_eq!(failure.status, None);
        }
    }
    assert_eq!(
        connections.load(Ordering::SeqCst),
        2,
        "it is not used again"
    );
}

#[tokio::test]
async fn a_handshake_that_does_not_end_holds_the_attempt_no_longer_than_the_limit() {
    let dispatcher = dispatcher(true);
    let (address, _) = receiver(async |stream: TcpStream| {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let outcome = attempt_in_time(&dispatcher, &format!("https://{address}/")).await;
    assert!(error_of(outcome).error.contains("did not answer"));
}

#[tokio::test]
async fn tls_where_there_is_none_and_none_where_there_is_are_failures() {
    let dispatcher = dispatcher(true);
    let plain = saying(OK).await.replace("http://", "https://");
    let outcome = attempt_in_time(&dispatcher, &plain).await;
    let failure = error_of(outcome);
    assert!(failure.error.starts_with("cannot connect: "), "{failure:?}");

    let stage = Stage::new();
    let acceptor = stage.acceptor(stage.signed("127.0.0.1"), false, &[]);
    let secure = tls_receiver(acceptor, async |_| {}).await;
    let outcome = attempt_in_time(&dispatcher, &format!("http://{secure}/")).await;
    assert_eq!(error_of(outcome).status, None);
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_is_a_failure_and_nothing_is_sent() {
    let stage = Stage::new();
    let stranger = Stage::new();
    let expired = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    };
    let not_yet = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2998, 1, 1);
        params.not_after = date_time_ymd(2999, 1, 1);
    };
    for (what, certificate) in [
        ("another name", stage.signed("siem.example")),
        ("another address", stage.signed("127.0.0.2")),
        ("expired", stage.signed_with("127.0.0.1", expired)),
        ("not valid yet", stage.signed_with("127.0.0.1", not_yet)),
        ("signed by a stranger", stranger.signed("127.0.0.1")),
        ("signed by itself", Stage::self_signed("127.0.0.1")),
    ] {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = sent.clone();
        let acceptor = stage.acceptor(certificate, false, &[]);
        let address = tls_receiver(acceptor, move |mut stream| {
            let counted = counted.clone();
            async move {
                let read = stream.read(&mut [0; 1024]).await.unwrap_or(0);
                counted.fetch_add(read, Ordering::SeqCst);
            }
        })
        .await;
        let tls = TlsConfig {
            ca_file: Some(stage.ca_file()),
            ..TlsConfig::default()
        };
        let dispatcher = dispatcher_with(true, tls).unwrap();
        let outcome = attempt_in_time(&dispatcher, &format!("https://{address}/")).await;
        let failure = error_of(outcome);
        assert!(failure.error.contains("certificate"), "{what}: {failure:?}");
        assert_eq!(sent.load(Ordering::SeqCst), 0, "{what}");
    }
}

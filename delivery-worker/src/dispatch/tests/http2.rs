//! Attempts over HTTP/2, to receivers that speak it well or not.

use std::sync::Mutex;

use h2::Reason;
use h2::server::{Connection, SendResponse};
use http::{Response, StatusCode, Version};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::authority::{Stage, tls_receiver};
use super::*;

type Http2 = Connection<TlsStream<TcpStream>, Bytes>;
type Answer = SendResponse<Bytes>;

/// A receiver over HTTP/2, a dispatcher that trusts it, and how many connections it was opened.
async fn http2_receiver<F, Fut>(serve: F) -> (String, Dispatcher, Arc<AtomicUsize>)
where
    F: Fn(usize, Http2) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let stage = Stage::new();
    let acceptor = stage.acceptor(stage.signed("127.0.0.1"), false, &[b"h2"]);
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let address = tls_receiver(acceptor, move |stream| {
        let serve = serve.clone();
        let number = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            if let Ok(connection) = h2::server::handshake(stream).await {
                serve(number, connection).await;
            }
        }
    })
    .await;
    let tls = TlsConfig {
        ca_file: Some(stage.ca_file()),
        ..TlsConfig::default()
    };
    let dispatcher = dispatcher_with(true, tls).unwrap();
    (format!("https://{address}/"), dispatcher, connections)
}

fn deliver(answer: &mut Answer) {
    let response = Response::new(());
    let _ = answer.send_response(response, true);
}

/// Serves a connection until it ends; `answer` deals with each request.
async fn serve(mut connection: Http2, answer: impl Fn(Answer)) {
    while let Some(Ok((_, respond))) = connection.accept().await {
        answer(respond);
    }
}

#[tokio::test]
async fn what_a_receiver_speaks_is_agreed_on() {
    for (offered, version) in [
        (&[b"h2".as_slice(), b"http/1.1"][..], Version::HTTP_2),
        (&[b"http/1.1"], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ] {
        let stage = Stage::new();
        let acceptor = stage.acceptor(stage.signed("127.0.0.1"), false, offered);
        let seen = Arc::new(Mutex::new(None));
        let told = seen.clone();
        let address = tls_receiver(acceptor, move |mut stream| {
            let told = told.clone();
            async move {
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    let mut connection = h2::server::handshake(stream).await.unwrap();
                    while let Some(Ok((request, mut answer))) = connection.accept().await {
                        *told.lock().unwrap() = Some(request.version());
                        deliver(&mut answer);
                    }
                } else {
                    let mut request = [0; 4096];
                    let read = stream.read(&mut request).await.unwrap();
                    assert!(request[..read].starts_with(b"POST / HTTP/1.1\r\n"));
                    *told.lock().unwrap() = Some(Version::HTTP_11);
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    let _ = stream.write_all(answer).await;
                }
            }
        })
        .await;
        let tls = TlsConfig {
            ca_file: Some(stage.ca_file()),
            ..TlsConfig::default()
        };
        let dispatcher = dispatcher_with(true, tls).unwrap();
        let outcome = attempt(&dispatcher, &format!("https://{address}/")).await;
        assert_eq!(outcome, delivered());
        assert_eq!(*seen.lock().unwrap(), Some(version));
    }
}

#[tokio::test]
async fn an_http2_connection_is_shared() {
    let (url, dispatcher, connections) = http2_receiver(async |_, connection| {
        serve(connection, |mut answer| deliver(&mut answer)).await;
    })
    .await;
    assert_eq!(attempt(&dispatcher, &url).await, delivered());
    let attempts = (0..8).map(|_| attempt(&dispatcher, &url));
    for outcome in futures_util::future::join_all(attempts).await {
        assert_eq!(outcome, delivered());
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stream_that_is_reset_is_a_failure_and_the_connection_goes_on() {
    for reason in [
        Reason::INTERNAL_ERROR,
        Reason::CANCEL,
        Reason::ENHANCE_YOUR_CALM,
        Reason::HTTP_1_1_REQUIRED,
    ] {
        let (url, dispatcher, connections) = http2_receiver(move |_, connection| async move {
            let first = AtomicUsize::new(0);
            serve(connection, |mut answer| {
                if first.fetch_add(1, Ordering::SeqCst) == 0 {
                    answer.send_reset(reason);
                } else {
                    deliver(&mut answer);
                }
            })
            .await;
        })
        .await;
        let failure = error_of(attempt(&dispatcher, &url).await);
        assert_eq!(failure.status, None, "{failure:?}");
        assert_eq!(attempt(&dispatcher, &url).await, delivered());
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn after_a_goaway_the_next_attempt_has_a_connection_of_its_own() {
    let (url, dispatcher, connections) = http2_receiver(async |number, mut connection: Http2| {
        if number > 0 {
            return serve(connection, |mut answer| deliver(&mut answer)).await;
        }
        if let Some(Ok(_)) = connection.accept().await {
            connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
        }
        while connection.accept().await.is_some() {}
    })
    .await;
    let failure = error_of(attempt(&dispatcher, &url).await);
    assert_eq!(failure.status, None, "{failure:?}");
    assert_eq!(attempt(&dispatcher, &url).await, delivered());
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_stream_that_is_reset_after_the_status_takes_nothing_back() {
    let (url, dispatcher, _) = http2_receiver(async |_, connection| {
        serve(connection, |mut answer| {
            if let Ok(mut body) = answer.send_response(Response::new(()), false) {
                let _ = body.send_data(Bytes::from_static(b"half"), false);
                body.send_reset(Reason::INTERNAL_ERROR);
            }
        })
        .await;
    })
    .await;
    let started = Instant::now();
    // The reset may overtake the head.
    if let Some(failure) = attempt(&dispatcher, &url).await.failure() {
        assert_eq!(failure.status, None);
    }
    assert!(started.elapsed() < LIMIT * 4);
}

#[tokio::test]
async fn a_connection_that_died_unseen_is_left_after_the_first_attempt() {
    let (url, dispatcher, _) = http2_receiver(async |number, mut connection: Http2| {
        if number > 0 {
            return serve(connection, |mut answer| deliver(&mut answer)).await;
        }
        let _first = connection.accept().await;
        std::future::pending::<()>().await;
    })
    .await;
    let started = Instant::now();
    let failure = error_of(attempt(&dispatcher, &url).await);
    assert_eq!(failure.status, None, "{failure:?}");
    assert!(started.elapsed() < LIMIT * 4);
    // The next may still begin on it, but not the one after that.
    let mut outcome = attempt(&dispatcher, &url).await;
    if outcome != delivered() {
        outcome = attempt(&dispatcher, &url).await;
    }
    assert_eq!(outcome, delivered());
}

#[tokio::test]
async fn an_endless_body_over_http2_is_held_back_by_its_window() {
    let granted = Arc::new(AtomicUsize::new(0));
    let counted = granted.clone();
    let (url, dispatcher, _) = http2_receiver(move |_, connection| {
        let counted = counted.clone();
        async move {
            serve(connection, move |mut answer| {
                let counted = counted.clone();
                let mut response = Response::new(());
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                let Ok(mut body) = answer.send_response(response, false) else {
                    return;
                };
                tokio::spawn(async move {
                    loop {
                        body.reserve_capacity(1024 * 1024);
                        let capacity = std::future::poll_fn(|cx| body.poll_capacity(cx)).await;
                        let Some(Ok(capacity)) = capacity else { return };
                        counted.fetch_add(capacity, Ordering::SeqCst);
                        if body.send_data(vec![b'x'; capacity].into(), false).is_err() {
                            return;
                        }
                    }
                });
            })
            .await;
        }
    })
    .await;
    let failure = error_of(attempt(&dispatcher, &url).await);
    assert_eq!(failure.status, Some(502));
    // What is read, and as much again that may be under way meanwhile.
    let granted = granted.load(Ordering::SeqCst);
    assert!(granted <= 3 * RESPONSE_LIMIT as usize, "{granted}");
}

//! Attempts through a real little proxy.

use std::sync::Mutex;

use shared::config::ConnectionUrl;
use shared::egress::Allowlist;

use super::authority::{Stage, tls_receiver};
use super::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// The heads of requests, as they arrived.
type Heads = Arc<Mutex<Vec<String>>>;

/// A proxy that leads everything to one address, whatever it is asked for, as one that resolves names
/// would.
async fn proxy_to(receiver: SocketAddr) -> (SocketAddr, Heads) {
    proxy(move |head, mut client| async move {
        let mut upstream = TcpStream::connect(receiver).await.unwrap();
        if head.starts_with("CONNECT ") {
            let _ = client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await;
        } else {
            upstream.write_all(head.as_bytes()).await.unwrap();
        }
        let _ = tokio::io::copy_bidirectional(&mut client, &mut upstream).await;
    })
    .await
}

async fn proxy<F, Fut>(answer: F) -> (SocketAddr, Heads)
where
    F: Fn(String, TcpStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Heads::default();
    let seen = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = read_head(&mut stream).await;
            seen.lock().unwrap().push(head.clone());
            tokio::spawn(answer(head, stream));
        }
    });
    (address, heads)
}

async fn read_head(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

fn proxied(url: &str, change: impl FnOnce(&mut EgressRules, &mut DeliveryConfig)) -> Dispatcher {
    let mut rules = EgressRules {
        proxy_resolves_names: true,
        ..EgressRules::default()
    };
    let mut config = config(EgressPolicy::default());
    config.proxy_url = Some(ConnectionUrl::new(url));
    change(&mut rules, &mut config);
    config.egress = rules.into();
    Dispatcher::new(&config).unwrap()
}

/// A receiver over HTTPS with the name `siem.example`, and the heads that it gets.
async fn secure_receiver(stage: &Stage) -> (SocketAddr, Heads) {
    let heads = Heads::default();
    let seen = heads.clone();
    let acceptor = stage.acceptor(stage.signed("siem.example"), false, &[]);
    let address = tls_receiver(acceptor, move |mut stream| {
        let seen = seen.clone();
        async move {
            let head = read_head(&mut stream).await;
            seen.lock().unwrap().push(head);
            let _ = stream.write_all(OK).await;
        }
    })
    .await;
    (address, heads)
}

fn trusting(stage: &Stage) -> impl FnOnce(&mut EgressRules, &mut DeliveryConfig) {
    let ca_file = Some(stage.ca_file());
    move |_, config| config.tls.ca_file = ca_file
}

#[tokio::test]
async fn https_goes_through_a_tunnel_and_the_proxy_resolves_the_name() {
    let stage = Stage::new();
    let (address, received) = secure_receiver(&stage).await;
    let (proxy, asked) = proxy_to(address).await;
    let url = format!("http://ada:p%40ss%3Aword@{proxy}");
    let dispatcher = proxied(&url, trusting(&stage));
    let outcome = attempt(&dispatcher, "https://siem.example/logs").await;
    assert_eq!(outcome, delivered());
    assert_eq!(
        *asked.lock().unwrap(),
        [
            "CONNECT siem.example:443 HTTP/1.1\r\nhost: siem.example:443\r\nproxy-authorization: Basic YWRhOnBAc3M6d29yZA==\r\n\r\n"
        ]
    );
    let heads = received.lock().unwrap();
    assert!(heads[0].starts_with("POST /logs HTTP/1.1\r\n"), "{heads:?}");
    assert!(!heads[0].contains("proxy-authorization"), "{heads:?}");
}

#[tokio::test]
async fn the_proxy_is_no_witness_for_the_receiver() {
    let stage = Stage::new();
    let (address, received) = secure_receiver(&stage).await;
    let (proxy, _) = proxy_to(address).await;
    let dispatcher = proxied(&format!("http://{proxy}"), trusting(&stage));
    let failure = error_of(attempt(&dispatcher, "https://other.example/").await);
    assert!(failure.error.contains("certificate"), "{failure:?}");
    assert_eq!(*received.lock().unwrap(), [""; 0]);
}

#[tokio::test]
async fn http_asks_the_proxy_with_the_whole_url() {
    let (address, _) = receiver(async |mut stream: TcpStream| {
        let _ = stream.write_all(OK).await;
    })
    .await;
    let (proxy, asked) = proxy_to(address).await;
    let dispatcher = proxied(&format!("http://ada:secret@{proxy}"), |_, _| {});
    let outcome = attempt(&dispatcher, "http://siem.example:8080/logs?a=b").await;
    assert_eq!(outcome, delivered());
    let asked = asked.lock().unwrap();
    let start = "POST http://siem.example:8080/logs?a=b HTTP/1.1\r\n";
    assert!(asked[0].starts_with(start), "{asked:?}");
    let authorization = "proxy-authorization: Basic YWRhOnNlY3JldA==\r\n";
    assert!(asked[0].contains(authorization), "{asked:?}");
    assert!(
        asked[0].contains("host: siem.example:8080\r\n"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn what_is_refused_as_it_is_written_does_not_reach_the_proxy() {
    let (proxy, asked) = proxy(async |_, _| {}).await;
    let dispatcher = proxied(&format!("http://{proxy}"), |rules, _| {
        rules.allowlist = Allowlist::parse("siem.example").unwrap();
        rules.deny_all_except_allowed = true;
    });
    for url in [
        "http://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://other.example/",
    ] {
        let failure = error_of(attempt(&dispatcher, url).await);
        assert!(failure.error.starts_with("URL is blocked: "), "{failure:?}");
    }
    assert_eq!(*asked.lock().unwrap(), [""; 0]);
    let failure = error_of(attempt(&dispatcher, "https://siem.example/").await);
    assert!(!failure.error.contains("blocked"), "{failure:?}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_gives_no_tunnel_is_told_from_the_receiver() {
    let endless = "X: y\r\n".repeat(10_000);
    for (answer, expected) in [
        (
            "HTTP/1.1 403 Forbidden\r\n\r\n",
            "the proxy answered 403 Forbidden",
        ),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n",
            "the proxy answered 407 Proxy Authentication Required",
        ),
        (
            "HTTP/1.1 503 Busy\r\ncontent-length: 9\r\n\r\n",
            "the proxy answered 503",
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nand more",
            "the proxy gave no tunnel: it sent more",
        ),
        ("SSH-2.0-OpenSSH\r\n", "the proxy gave no tunnel: "),
        (
            &format!("HTTP/1.1 200 OK\r\n{endless}"),
            "the proxy gave no tunnel: ",
        ),
        ("", "the proxy gave no tunnel: "),
    ] {
        let answer = answer.to_owned();
        let (proxy, _) = proxy(move |_, mut stream: TcpStream| {
            let answer = answer.clone();
            async move {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        })
        .await;
        let dispatcher = proxied(&format!("http://{proxy}"), |_, _| {});
        let failure = error_of(attempt(&dispatcher, "https://siem.example/").await);
        let expected = format!("cannot connect: {expected}");
        assert!(failure.error.starts_with(&expected), "{failure:?}");
        assert_eq!(failure.status, None);
    }
}

#[tokio::test]
async fn a_proxy_that_is_away_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let dispatcher = proxied(&format!("http://{address}"), |_, _| {});
    for url in ["http://siem.example/", "https://siem.example/"] {
        let failure = error_of(attempt(&dispatcher, url).await);
        let start = "cannot connect: the proxy cannot be reached: ";
        assert!(failure.error.starts_with(start), "{failure:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_never_answers_holds_the_attempt_no_longer_than_the_limit() {
    let (proxy, _) = proxy(async |_, stream: TcpStream| {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let dispatcher = proxied(&format!("http://{proxy}"), |_, _| {});
    for url in ["http://siem.example/", "https://siem.example/"] {
        let started = Instant::now();
        let failure = error_of(attempt(&dispatcher, url).await);
        assert!(failure.error.contains("did not answer"), "{failure:?}");
        assert!(started.elapsed() < LIMIT * 4);
    }
}

#[test]
fn the_password_of_a_proxy_is_not_shown() {
    let url = ConnectionUrl::new("http://ada:hunter2@proxy:3128");
    let shown = format!("{:?}", Proxy::new(&url).unwrap());
    assert!(shown.contains("proxy:3128"), "{shown}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("Basic"),
        "{shown}"
    );
}

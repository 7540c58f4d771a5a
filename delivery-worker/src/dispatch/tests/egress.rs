//! Where an attempt connects to, and where it does not.

use std::net::IpAddr;
use std::sync::Mutex;

use super::*;
use crate::dispatch::resolver::Lookup;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

async fn willing_receiver() -> (SocketAddr, Arc<AtomicUsize>) {
    receiver(async |mut stream: TcpStream| {
        let _ = stream.write_all(OK).await;
    })
    .await
}

/// Answers each question with the next of the answers; what is asked beyond them fails.
fn answering(answers: Vec<Vec<&str>>) -> Lookup {
    let answers: Vec<Vec<IpAddr>> = answers
        .into_iter()
        .map(|texts| {
            texts
                .into_iter()
                .map(|text| text.parse().unwrap())
                .collect()
        })
        .collect();
    let answers = Mutex::new(answers.into_iter());
    Arc::new(move |_name| {
        let answer = answers.lock().unwrap().next();
        Box::pin(async move { answer.ok_or_else(|| std::io::Error::other("asked too often")) })
    })
}

fn resolving_by(lookup: Lookup, allowlist: &str) -> Dispatcher {
    Dispatcher::resolving_by(lookup, &config(policy(false, allowlist))).unwrap()
}

fn blocked(outcome: Outcome) -> String {
    let error = error_of(outcome).error;
    let reason = error.strip_prefix("URL is blocked: ");
    reason.unwrap_or_else(|| panic!("{error}")).to_owned()
}

#[test]
fn every_spelling_of_an_address_is_told_as_it_was_when_the_destination_was_saved() {
    let policy = EgressPolicy::default();
    for line in include_str!("../../../../shared/src/egress/spellings.txt").lines() {
        if line.is_empty() || line.starts_with("# ") {
            continue;
        }
        let (text, expected) = line.split_once(' ').unwrap();
        let Ok(url) = url::Url::parse(text) else {
            continue;
        };
        let uri: http::Uri = url.as_str().parse().unwrap();
        let (host, port) = connector::target(&uri);
        assert_eq!(Some(&host), url.host().as_ref(), "{text}");
        assert_eq!(Some(port), url.port_or_known_default(), "{text}");
        let told = match policy.check_host(&host, port) {
            Ok(()) => "-".to_owned(),
            Err(blocked) => format!("{blocked:?}"),
        };
        assert_eq!(told, expected.trim(), "{text}");
    }
}

#[tokio::test]
async fn an_address_on_the_list_is_reached_on_its_port_and_on_no_other() {
    let (address, reached) = willing_receiver().await;
    let (other, refused) = willing_receiver().await;
    let policy = policy(false, &format!("127.0.0.0/8:{}", address.port()));
    let dispatcher = Dispatcher::new(&config(policy)).unwrap();
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{}/", address.port());
        assert_eq!(attempt(&dispatcher, &url).await, delivered(), "{url}");
    }
    let outcome = attempt(&dispatcher, &format!("http://{other}/")).await;
    assert_eq!(blocked(outcome), Blocked::Loopback.to_string());
    assert_eq!(reached.load(Ordering::SeqCst), 2);
    assert_eq!(refused.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_on_the_list_is_reached_at_any_address_on_its_port_and_on_no_other() {
    let (address, reached) = willing_receiver().await;
    let (other, refused) = willing_receiver().await;
    let answers = answering(vec![vec!["127.0.0.1"]; 2]);
    let dispatcher = resolving_by(answers, &format!("siem.internal:{}", address.port()));
    let url = |address: SocketAddr| format!("http://SIEM.internal:{}/", address.port());
    assert_eq!(attempt(&dispatcher, &url(address)).await, delivered());
    let outcome = attempt(&dispatcher, &url(other)).await;
    assert_eq!(blocked(outcome), Blocked::Loopback.to_string());
    assert_eq!(reached.load(Ordering::SeqCst), 1);
    assert_eq!(refused.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_port_of_the_scheme_is_told_from_another() {
    let dispatcher = resolving_by(answering(vec![vec!["127.0.0.1"]; 2]), "siem.internal:443");
    let outcome = attempt(&dispatcher, "http://siem.internal/").await;
    assert_eq!(blocked(outcome), Blocked::Loopback.to_string());
    // Nothing listens there, or what does is none of ours; it was not the policy in any case.
    let failure = error_of(attempt(&dispatcher, "https://siem.internal/").await);
    assert!(!failure.error.contains("blocked"), "{failure:?}");
}

#[tokio::test]
async fn one_private_address_among_allowed_ones_refuses_the_name() {
    let (address, reached) = willing_receiver().await;
    for others in [["127.0.0.1", "10.0.0.1"], ["::ffff:10.0.0.1", "127.0.0.1"]] {
        let dispatcher = resolving_by(answering(vec![others.to_vec()]), "127.0.0.1");
        let url = format!("http://siem.example:{}/", address.port());
        let outcome = attempt(&dispatcher, &url).await;
        assert_eq!(blocked(outcome), Blocked::LocalNetwork.to_string());
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_that_changes_after_the_check_is_connected_to_where_it_was_checked() {
    let (address, vetted) = willing_receiver().await;
    // A second question for the first connection would be answered by the private address.
    let answers = answering(vec![vec!["127.0.0.1"], vec!["10.0.0.1"]]);
    let dispatcher = resolving_by(answers, "127.0.0.1");
    let url = format!("http://siem.example:{}/", address.port());
    assert_eq!(attempt(&dispatcher, &url).await, delivered());
    let outcome = attempt(&dispatcher, &url).await;
    assert_eq!(blocked(outcome), Blocked::LocalNetwork.to_string());
    assert_eq!(vetted.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_name_that_stands_for_no_address_is_a_failure() {
    let dispatcher = resolving_by(answering(vec![vec![]]), "");
    let failure = error_of(attempt(&dispatcher, "http://siem.example/").await);
    assert!(failure.error.starts_with("cannot connect: "), "{failure:?}");
}

#[tokio::test]
async fn a_resolver_that_never_answers_fails_within_the_limit() {
    let dispatcher = resolving_by(Arc::new(|_| Box::pin(std::future::pending())), "");
    let started = Instant::now();
    let failure = error_of(attempt(&dispatcher, "http://siem.example/").await);
    assert!(failure.error.contains("did not answer"), "{failure:?}");
    assert!(started.elapsed() < LIMIT * 4);
}

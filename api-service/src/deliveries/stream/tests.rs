//! Streams with short times, on the queue that carries nothing.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::sync::atomic::{AtomicUsize, Ordering};

use shared::queue::silent::SilentQueue;

use super::*;
use crate::deliveries::Places;

const USER: i64 = 7;
/// Longer than a test takes.
const NEVER: Duration = Duration::from_hours(1);
/// What no stream of a test takes.
const DEADLINE: Duration = Duration::from_secs(30);

fn stream(timing: Timing) -> Stream {
    Stream {
        queue: Arc::new(SilentQueue::default()),
        subscription: Subscription::new(BTreeMap::new()),
        stop: CancellationToken::new(),
        timing,
    }
}

fn given() -> Ready<Permission> {
    ready(Permission::Given)
}

fn unknown() -> Ready<Permission> {
    ready(Permission::Unknown("the database is away".to_owned()))
}

/// All places of a user but one, and that one.
fn last_place(places: &Places) -> (Vec<Place>, Place) {
    let mut held = Vec::new();
    while let Ok(place) = places.take(USER) {
        held.push(place);
    }
    let last = held.pop().unwrap();
    (held, last)
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_its_place_to_another() {
    let places = Places::default();
    let (_others, place) = last_place(&places);
    let stream = stream(Timing {
        alive: Duration::from_millis(1),
        check: NEVER,
        unread: Duration::from_millis(50),
        doubt: NEVER,
    });
    let (client, unread) = mpsc::channel(2);
    let began = Instant::now();
    let ended = tokio::time::timeout(DEADLINE, stream.run(place, given, client));
    ended.await.expect("the stream ends");
    assert!(began.elapsed() >= Duration::from_millis(50));
    assert_eq!(unread.len(), 2, "it has what it could have read");
    places.take(USER).expect("the place is free");
}

#[tokio::test]
async fn a_client_that_reads_slowly_keeps_its_place() {
    let places = Places::default();
    let (_others, place) = last_place(&places);
    let stream = stream(Timing {
        alive: Duration::from_millis(1),
        check: NEVER,
        unread: DEADLINE,
        doubt: NEVER,
    });
    let stop = stream.stop.clone();
    let (client, mut slow) = mpsc::channel(1);
    let running = tokio::spawn(stream.run(place, given, client));
    for _ in 0..20 {
        let told = tokio::time::timeout(DEADLINE, slow.recv()).await;
        assert_eq!(told.unwrap().as_deref(), Some(b":\n\n".as_slice()));
        tokio::task::yield_now().await;
    }
    assert!(places.take(USER).is_err());
    stop.cancel();
    running.await.unwrap();
    places.take(USER).expect("the place is free");
}

#[tokio::test]
async fn a_stream_bears_a_database_that_is_away_for_a_while_and_then_ends() {
    let places = Places::default();
    let timing = Timing {
        alive: NEVER,
        check: Duration::from_millis(5),
        unread: NEVER,
        doubt: Duration::from_millis(100),
    };
    let asked = AtomicUsize::new(0);
    let (client, _reading) = mpsc::channel(1);
    let began = Instant::now();
    let running = stream(timing).run(
        places.take(USER).unwrap(),
        || {
            asked.fetch_add(1, Ordering::Relaxed);
            unknown()
        },
        client,
    );
    let ended = tokio::time::timeout(DEADLINE, running).await;
    ended.expect("the stream ends");
    assert!(began.elapsed() >= Duration::from_millis(100));
    assert!(asked.load(Ordering::Relaxed) > 1);
}

#[test]
fn doubt_is_told_once_borne_for_its_time_and_ended_by_an_answer() {
    let (given, withdrawn) = (Permission::Given, Permission::Withdrawn);
    let unknown = Permission::Unknown(String::new());
    let start = Instant::now();
    let mut doubt = Doubt::default();
    for (second, permission, expected) in [
        (0, &given, Step::GoOn),
        (10, &unknown, Step::BeginToDoubt),
        (69, &unknown, Step::GoOn),
        (80, &given, Step::GoOn),
        (90, &unknown, Step::BeginToDoubt),
        (100, &unknown, Step::GoOn),
        (150, &unknown, Step::End),
        (150, &withdrawn, Step::End),
    ] {
        let now = start + Duration::from_secs(second);
        let step = doubt.after(permission, now, Duration::from_mins(1));
        assert_eq!(step, expected, "{second} s");
    }
}

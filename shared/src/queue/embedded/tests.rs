//! Tests of the embedded queue on a real SQLite file.

use std::path::Path;

use super::*;
use crate::config::{Config, Source as Settings};
use crate::queue::{Headers, Rung, Settlement};

async fn open(folder: &Path) -> anyhow::Result<EmbeddedQueue> {
    let mut settings = Settings::default();
    let path = folder.join("test.db");
    settings.set(
        "database.url",
        format!("sqlite://{}?mode=rwc", path.display()),
    );
    let config = Config::from_source(&settings, Vec::new())?;
    let database = Database::open(&config.database, async |url: &str| {
        migrations::apply(url).await
    })
    .await?;
    EmbeddedQueue::open(database, &config.queue).await
}

fn message(number: usize) -> Message {
    Message::new("user_created", format!("{{\"id\":{number}}}"))
}

#[tokio::test]
async fn messages_come_in_order_with_their_headers() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path()).await.unwrap();
    for number in 0..300 {
        let mut message = message(number);
        message.headers = Headers {
            config_version: Some(7),
            ..Headers::default()
        };
        let _ = queue.publish(Target::Events, message).await.unwrap();
    }
    let mut deliveries = queue.consume(Source::Events, 1000);
    for number in 0..300 {
        let delivery = deliveries.next().await.unwrap();
        assert_eq!(delivery.message.body, message(number).body);
        assert_eq!(delivery.message.headers.config_version, Some(7));
        assert!(!delivery.redelivered);
        delivery.ack(Settlement::all([]));
    }
}

#[tokio::test]
async fn what_was_not_acked_comes_again_after_a_restart_and_what_was_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path()).await.unwrap();
    for number in 0..3 {
        let _ = queue
            .publish(Target::Events, message(number))
            .await
            .unwrap();
    }
    let mut deliveries = queue.consume(Source::Events, 10);
    deliveries.next().await.unwrap().ack(Settlement::all([]));
    // Never settled: as in a process that is killed.
    std::mem::forget(deliveries.next().await.unwrap());
    queue.close().await;
    drop(deliveries);
    drop(queue);

    let queue = open(folder.path()).await.unwrap();
    let mut deliveries = queue.consume(Source::Events, 10);
    for (number, redelivered) in [(1, true), (2, false)] {
        let delivery = deliveries.next().await.unwrap();
        assert_eq!(delivery.message.body, message(number).body);
        if redelivered {
            assert!(delivery.redelivered);
        }
        delivery.ack(Settlement::all([]));
    }
}

#[tokio::test]
async fn what_is_given_back_or_dropped_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path()).await.unwrap();
    let _ = queue.publish(Target::Events, message(1)).await.unwrap();
    let mut deliveries = queue.consume(Source::Events, 1);
    deliveries.next().await.unwrap().give_back();
    drop(deliveries.next().await.unwrap());
    let third = deliveries.next().await.unwrap();
    assert!(third.redelivered);
    third.ack(Settlement::all([]));
}

#[tokio::test]
async fn no_more_than_the_window_is_unsettled() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path()).await.unwrap();
    for number in 0..5 {
        let _ = queue
            .publish(Target::Events, message(number))
            .await
            .unwrap();
    }
    let mut deliveries = queue.consume(Source::Events, 2);
    let first = deliveries.next().await.unwrap();
    let _second = deliveries.next().await.unwrap();
    let third = tokio::time::timeout(LONG_ENOUGH_TO_CLAIM, deliveries.next()).await;
    assert!(third.is_err());
    first.ack(Settlement::all([]));
    assert!(deliveries.next().await.is_some());
}

/// Several times the interval in which the pump looks again.
const LONG_ENOUGH_TO_CLAIM: Duration = Duration::from_millis(700);

#[tokio::test]
async fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path()).await.unwrap();
    let error = open(folder.path()).await.err().unwrap().to_string();
    assert!(error.contains("another process"), "{error}");
}

#[tokio::test]
async fn a_message_that_ends_its_process_each_time_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path()).await.unwrap();
    let _ = queue.publish(Target::Events, message(1)).await.unwrap();
    let mut deliveries = queue.consume(Source::Events, 1);
    for _ in 0..DELIVERY_LIMIT {
        deliveries.next().await.unwrap().give_back();
    }
    std::mem::forget(deliveries.next().await.unwrap());
    queue.close().await;
    drop((deliveries, queue));

    let queue = open(folder.path()).await.unwrap();
    let mut rejected = queue.consume(Source::Rejected, 1);
    let delivery = rejected.next().await.unwrap();
    assert_eq!(delivery.message.body, message(1).body);
    assert!(delivery.message.headers.reason.is_some());
    delivery.ack(Settlement::committed());
}

#[tokio::test]
async fn a_rung_holds_a_message_back() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path()).await.unwrap();
    let rung = crate::queue::Rung::after_attempts(1);
    let _ = queue
        .publish(Target::Retry(rung), message(1))
        .await
        .unwrap();
    let mut deliveries = queue.consume(Source::Deliver, 1);
    let early = tokio::time::timeout(LONG_ENOUGH_TO_CLAIM, deliveries.next()).await;
    assert!(early.is_err());
    let started = tokio::time::Instant::now();
    let delivery = deliveries.next().await.unwrap();
    assert!(started.elapsed() < rung.wait());
    delivery.ack(Settlement::all([]));
}

#[tokio::test]
async fn what_waits_on_the_rungs_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path()).await.unwrap();
    for (number, attempts) in [2, 3, 9].into_iter().enumerate() {
        let rung = Target::Retry(Rung::after_attempts(attempts));
        let _ = queue.publish(rung, message(number)).await.unwrap();
    }
    let _ = queue.publish(Target::Deliver, message(9)).await.unwrap();
    assert_eq!(queue.retries_waiting().await.unwrap(), 3);
    queue.close().await;
}

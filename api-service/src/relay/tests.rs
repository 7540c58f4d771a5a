//! The relay on a real `SQLite` file, with the embedded queue and with a broker that is away.

mod replays;

use shared::clock::Clock;
use shared::config::{Config, Source};
use shared::entities::outbox;
use shared::queue::Source as QueueSource;
use tempfile::TempDir;

use super::*;
use crate::outbox::Outbox;
use crate::publishing::OutgoingEvent;

const NOW: Timestamp = Timestamp(1_000_000);

struct Scratch {
    foundation: Foundation,
    folder: TempDir,
}

/// `queue` is the address of the queue; nothing listens on port 1.
async fn open(folder: TempDir, queue: &str) -> Scratch {
    let file = folder.path().join("auditstream.db");
    let mut source = Source::default();
    for (variable, value) in [
        (
            "AUDITSTREAM_DATABASE__URL",
            format!("sqlite://{}?mode=rwc", file.display()),
        ),
        ("AUDITSTREAM_QUEUE__URL", queue.to_owned()),
        ("AUDITSTREAM_QUEUE__PUBLISH_TIMEOUT", "100ms".to_owned()),
    ] {
        source.add_environment([(variable.to_owned(), value)]);
    }
    let config = Config::from_source(&source, Vec::new()).unwrap();
    let mut foundation = Foundation::open(config, async |url: &str| migrations::apply(url).await)
        .await
        .unwrap();
    foundation.clock = Clock::stopped(NOW);
    Scratch { foundation, folder }
}

async fn embedded() -> Scratch {
    open(tempfile::tempdir().unwrap(), "embedded").await
}

async fn without_broker() -> Scratch {
    open(tempfile::tempdir().unwrap(), "amqp://127.0.0.1:1").await
}

/// Counts for nobody.
fn published() -> Published {
    crate::metrics::Metrics::new().unwrap().published("outbox")
}

impl Scratch {
    async fn write(&self, events: u32) {
        let transaction = self.foundation.database.begin().await.unwrap();
        for number in 0..events {
            let event = OutgoingEvent {
                id: number.to_string(),
                event_type: "add_ssh_key".to_owned(),
                body: number.to_string().into(),
                traceparent: Some("trace".to_owned()),
            };
            crate::outbox::write(&transaction, &event, 7, NOW)
                .await
                .unwrap();
        }
        transaction.commit().await.unwrap();
    }

    async fn rows(&self) -> Vec<outbox::Model> {
        let reader = self.foundation.database.reader();
        outbox::Entity::find().all(reader).await.unwrap()
    }

    /// What a relay takes now.
    async fn claimed(&self, most: u64) -> Vec<i64> {
        let claim = claim::<Outbox>(&self.foundation, most).await.unwrap();
        claim.rows.iter().map(|row| row.id).collect()
    }

    /// The events that are on the queue now.
    async fn queued(&self, events: u32) -> Vec<Message> {
        self.messages(QueueSource::Events, events).await
    }

    async fn messages(&self, source: QueueSource, events: u32) -> Vec<Message> {
        let mut deliveries = self.foundation.queue.consume(source, 1_000);
        let mut messages = Vec::new();
        for _ in 0..events {
            let delivery = tokio::time::timeout(Duration::from_secs(10), deliveries.next())
                .await
                .expect("a message within ten seconds")
                .unwrap();
            messages.push(delivery.message.clone());
            delivery.ack(shared::queue::Settlement::committed());
        }
        messages
    }
}

#[tokio::test]
async fn what_was_written_comes_onto_the_queue_in_order_and_leaves_the_outbox() {
    let scratch = embedded().await;
    scratch.write(100).await;
    let taken = round(&scratch.foundation, &published(), &Outbox, 100)
        .await
        .unwrap();
    assert_eq!(
        taken,
        Round {
            taken: 100,
            failed: 0
        }
    );
    assert_eq!(scratch.rows().await, []);
    let messages = scratch.queued(100).await;
    let bodies: Vec<u32> = messages
        .iter()
        .map(|message| serde_json::from_slice(&message.body).unwrap())
        .collect();
    assert_eq!(bodies, (0..100).collect::<Vec<_>>());
    assert_eq!(messages[0].event_type, "add_ssh_key");
    assert_eq!(messages[0].headers.config_version, Some(7));
    assert_eq!(messages[0].headers.traceparent.as_deref(), Some("trace"));
    assert_eq!(messages[0].headers.accepted_at, Some(NOW));
}

#[tokio::test]
async fn the_relay_is_woken_and_takes_more_than_one_round() {
    let scratch = embedded().await;
    let wake = Wake::new();
    let stop = CancellationToken::new();
    let relay = tokio::spawn(relay(
        scratch.foundation.clone(),
        Outbox,
        wake.clone(),
        published(),
        stop.clone(),
    ));
    let events = 3 * u32::try_from(MOST).unwrap();
    scratch.write(events).await;
    wake.wake();
    assert_eq!(scratch.queued(events).await.len(), events as usize);
    stop.cancel();
    relay.await.unwrap();
    assert_eq!(scratch.rows().await, []);
}

#[tokio::test]
async fn an_event_stays_in_the_outbox_until_the_broker_is_back() {
    let scratch = without_broker().await;
    scratch.write(3).await;
    let taken = round(&scratch.foundation, &published(), &Outbox, 10)
        .await
        .unwrap();
    assert_eq!(
        taken,
        Round {
            taken: 3,
            failed: 3
        }
    );
    assert_eq!(scratch.rows().await.len(), 3);

    scratch.foundation.queue.close().await;
    let scratch = open(scratch.folder, "embedded").await;
    let taken = round(&scratch.foundation, &published(), &Outbox, 10)
        .await
        .unwrap();
    assert_eq!(
        taken,
        Round {
            taken: 3,
            failed: 0
        }
    );
    assert_eq!(scratch.queued(3).await.len(), 3);
}

#[tokio::test]
async fn two_relays_do_not_take_the_same_event() {
    let scratch = embedded().await;
    scratch.write(5).await;
    let first = scratch.claimed(3).await;
    let second = scratch.claimed(3).await;
    assert_eq!((first, second), (vec![1, 2, 3], vec![4, 5]));
    assert!(scratch.claimed(3).await.is_empty());
}

#[tokio::test]
async fn what_a_dead_relay_held_is_taken_when_its_claim_has_run_out() {
    let scratch = embedded().await;
    scratch.write(1).await;
    scratch.claimed(1).await;
    let lasts = scratch.foundation.config.queue.publish_timeout + CLAIM_MARGIN;
    let clock = &scratch.foundation.clock;
    clock.advance(lasts.saturating_sub(Duration::from_millis(1)));
    assert!(scratch.claimed(1).await.is_empty());
    clock.advance(Duration::from_millis(1));
    assert_eq!(scratch.claimed(1).await, [1]);
}

#[tokio::test]
async fn what_another_relay_has_taken_since_is_left_to_it() {
    let scratch = embedded().await;
    scratch.write(1).await;
    let late = claim::<Outbox>(&scratch.foundation, 1).await.unwrap();
    let lasts = scratch.foundation.config.queue.publish_timeout + CLAIM_MARGIN;
    scratch.foundation.clock.advance(lasts);
    assert_eq!(scratch.claimed(1).await, [1]);
    bring(&scratch.foundation, &published(), &Outbox, late)
        .await
        .unwrap();
    assert_eq!(scratch.rows().await.len(), 1);
}

#[tokio::test]
async fn an_event_that_fails_alone_lets_the_others_go_first() {
    let scratch = without_broker().await;
    scratch.write(2).await;
    round(&scratch.foundation, &published(), &Outbox, 1)
        .await
        .unwrap();
    assert_eq!(scratch.claimed(2).await, [2]);
    scratch.foundation.clock.advance(PUT_OFF);
    assert_eq!(scratch.claimed(2).await, [1]);
}

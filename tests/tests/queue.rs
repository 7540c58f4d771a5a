//! What the queue on RabbitMQ promises when the broker misbehaves.

use std::path::Path;
use std::sync::Arc;

use lapin::options::QueueDeleteOptions;
use shared::queue::amqp::AmqpQueue;
use shared::queue::{
    Delivery, Message, PublishError, Queue as _, Rung, Settlement, Source, Target,
};
use tests::backend::service_url;
use tests::broker;
use tests::database::unique_name;
use tests::wait::{until, within_deadline};
use xtask::PrivateRabbit;

struct Fixture {
    url: String,
    prefix: String,
}

impl Fixture {
    fn on_the_shared_broker() -> Self {
        Self::on(service_url("TEST_AMQP_URL"))
    }

    fn on(url: String) -> Self {
        Self {
            url,
            prefix: unique_name(),
        }
    }

    async fn open(&self) -> AmqpQueue {
        broker::queue(&self.url, &self.prefix).await
    }

    async fn delete(&self, queue: &str) {
        let (_connection, channel) = broker::channel(&self.url).await;
        channel
            .queue_delete(
                format!("{}.{queue}", self.prefix).into(),
                QueueDeleteOptions::default(),
            )
            .await
            .expect("the queue can be deleted");
    }
}

fn message(number: usize) -> Message {
    Message::new("user_created", format!("{{\"id\":{number}}}"))
}

async fn take(deliveries: &mut shared::queue::Deliveries, count: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let delivery = within_deadline("a delivery", deliveries.next()).await;
        taken.push(delivery.expect("the queue is open"));
    }
    taken
}

async fn private_broker(folder: &Path) -> Arc<PrivateRabbit> {
    let folder = folder.to_owned();
    let started = tokio::task::spawn_blocking(move || PrivateRabbit::start(&folder)).await;
    Arc::new(
        started
            .expect("no panic")
            .expect("a private RabbitMQ can be started"),
    )
}

async fn control(broker: &Arc<PrivateRabbit>, arguments: &'static [&'static str]) -> String {
    let broker = broker.clone();
    let done = tokio::task::spawn_blocking(move || broker.control(arguments)).await;
    done.expect("no panic")
        .expect("the broker can be controlled")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_no_queue_takes_is_not_stored() {
    let fixture = Fixture::on_the_shared_broker();
    let queue = fixture.open().await;
    let _ = queue.publish(Target::Events, message(1)).await.unwrap();
    fixture.delete("events").await;
    let answer = queue.publish(Target::Events, message(2)).await;
    assert!(
        matches!(answer, Err(PublishError::Unroutable(_))),
        "{answer:?}"
    );
    queue.close().await;
    broker::remove(&fixture.url, &fixture.prefix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_on_the_rungs_is_counted() {
    let fixture = Fixture::on_the_shared_broker();
    let queue = fixture.open().await;
    assert_eq!(queue.retries_waiting().await.unwrap(), 0);
    for (number, attempts) in [2, 3, 3, 9].into_iter().enumerate() {
        let rung = Target::Retry(Rung::after_attempts(attempts));
        let _ = queue.publish(rung, message(number)).await.unwrap();
    }
    let _ = queue.publish(Target::Deliver, message(9)).await.unwrap();
    // The broker counts a message some time after its confirm.
    until("four that wait", async || {
        (queue.retries_waiting().await.ok()? == 4).then_some(())
    })
    .await;
    queue.close().await;
    broker::remove(&fixture.url, &fixture.prefix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_whose_queue_was_deleted_declares_it_again_and_goes_on() {
    let fixture = Fixture::on_the_shared_broker();
    let queue = fixture.open().await;
    let mut deliveries = queue.consume(Source::Events, 10);
    let _ = queue.publish(Target::Events, message(1)).await.unwrap();
    for delivery in take(&mut deliveries, 1).await {
        delivery.ack(Settlement::all([]));
    }
    fixture.delete("events").await;
    let _ = until("a publish that is stored again", async || {
        queue.publish(Target::Events, message(2)).await.ok()
    })
    .await;
    let again = take(&mut deliveries, 1).await;
    assert_eq!(again[0].message.body, message(2).body);
    drop(again);
    deliveries.stop();
    queue.close().await;
    broker::remove(&fixture.url, &fixture.prefix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_on_the_broker_is_declared_again_when_it_is_missed() {
    let fixture = Fixture::on_the_shared_broker();
    let queue = fixture.open().await;
    let rung = Target::Retry(Rung::after_attempts(1));
    for target in [rung, Target::Dead, Target::Rejected] {
        let _ = queue.publish(target, message(1)).await.unwrap();
    }
    for name in ["retry.5s", "dead", "rejected"] {
        fixture.delete(name).await;
    }
    for target in [rung, Target::Dead, Target::Rejected] {
        let _ = until("a publish that is stored again", async || {
            queue.publish(target, message(2)).await.ok()
        })
        .await;
    }
    queue.close().await;
    broker::remove(&fixture.url, &fixture.prefix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_too_long_for_a_frame_are_cut_and_end_no_session() {
    let fixture = Fixture::on_the_shared_broker();
    let queue = fixture.open().await;
    let mut rejected = message(1);
    rejected.headers.reason = Some("a".repeat(200_000));
    rejected.headers.last_error = Some("b".repeat(200_000));
    let _ = queue.publish(Target::Rejected, rejected).await.unwrap();
    queue.close().await;
    broker::remove(&fixture.url, &fixture.prefix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ack_from_a_lost_session_settles_nothing_in_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let broker = private_broker(folder.path()).await;
    let fixture = Fixture::on(broker.amqp_url());
    let queue = fixture.open().await;
    for number in 0..2 {
        let _ = queue
            .publish(Target::Events, message(number))
            .await
            .unwrap();
    }
    let mut deliveries = queue.consume(Source::Events, 10);
    let before = take(&mut deliveries, 2).await;
    control(&broker, &["close_all_connections", "a test"]).await;
    // The tags of the new session are those of the old one: an ack by tag would settle these two.
    let after = take(&mut deliveries, 2).await;
    assert!(after.iter().all(|delivery| delivery.redelivered));
    for delivery in before {
        delivery.ack(Settlement::all([]));
    }
    drop(after);
    deliveries.stop();
    queue.close().await;

    let queue = fixture.open().await;
    let mut deliveries = queue.consume(Source::Events, 10);
    let mut bodies: Vec<_> = take(&mut deliveries, 2)
        .await
        .into_iter()
        .map(|delivery| {
            let body = delivery.message.body.clone();
            delivery.ack(Settlement::all([]));
            body
        })
        .collect();
    bodies.sort();
    assert_eq!(bodies, [message(0).body, message(1).body]);
    deliveries.stop();
    queue.close().await;
}

/// A queue whose connection for publishing the broker has stopped reading.
async fn fixture_publishing_while_blocked(fixture: &Fixture) -> AmqpQueue {
    let queue = fixture.open().await;
    until("publishing is refused at once", async || {
        match queue.publish(Target::Events, message(9)).await {
            Err(PublishError::Unavailable(_)) => Some(()),
            _ => None,
        }
    })
    .await;
    queue
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_memory_alarm_publishing_is_refused_and_acks_go_on() {
    const EVENTS: usize = 5;
    let folder = tempfile::tempdir().unwrap();
    let broker = private_broker(folder.path()).await;
    let fixture = Fixture::on(broker.amqp_url());
    let queue = fixture.open().await;
    for number in 0..EVENTS {
        let _ = queue
            .publish(Target::Events, message(number))
            .await
            .unwrap();
    }
    let mut deliveries = queue.consume(Source::Events, 10);
    let taken = take(&mut deliveries, EVENTS).await;
    let alarmed = broker.clone();
    let set = tokio::task::spawn_blocking(move || alarmed.set_memory_alarm(true)).await;
    set.unwrap().unwrap();
    // The broker tells a connection that it is blocked when it publishes; from then on it is known.
    until("publishing is refused at once", async || {
        match queue.publish(Target::Events, message(EVENTS)).await {
            Err(PublishError::Unavailable(reason)) => Some(reason),
            _ => None,
        }
    })
    .await;
    for delivery in taken {
        delivery.ack(Settlement::all([]));
    }
    let name = format!("{}.events", fixture.prefix);
    until("no message is unacknowledged", async || {
        let list = control(
            &broker,
            &["list_queues", "--silent", "name", "messages_unacknowledged"],
        )
        .await;
        let line = list.lines().find(|line| line.starts_with(&name))?;
        (line.split_whitespace().last() == Some("0")).then_some(())
    })
    .await;
    // Closing does not wait for the end of the alarm.
    let other = fixture_publishing_while_blocked(&fixture).await;
    within_deadline("closing under the alarm", other.close()).await;
    let cleared = broker.clone();
    let set = tokio::task::spawn_blocking(move || cleared.set_memory_alarm(false)).await;
    set.unwrap().unwrap();
    let _ = until("publishing works again", async || {
        queue.publish(Target::Events, message(EVENTS)).await.ok()
    })
    .await;
    deliveries.stop();
    queue.close().await;
}

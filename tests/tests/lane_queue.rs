//! What the queue of a lane promises, on both implementations.

#![expect(
    clippy::unwrap_used,
    reason = "the rules are tests, written as functions to run on each queue"
)]

use std::sync::Arc;
use std::time::Duration;

use shared::config::{ConnectionUrl, DatabaseUrl, QueueBackend, QueueConfig};
use shared::database::Database;
use shared::queue::{
    self, Deliveries, Delivery, Message, Queue, Settled, Settlement, Source, Target,
};
use tempfile::TempDir;
use tests::backend::service_url;
use tests::broker;
use tests::database::unique_name;
use tests::wait::{until, within_deadline};

const LANE: Source = Source::Lane(7);
const TO_LANE: Target = Target::Lane(7);

/// A queue, and what removes it.
struct Fixture {
    queue: Arc<dyn Queue>,
    config: QueueConfig,
    _folder: TempDir,
}

impl Fixture {
    async fn open(backend: QueueBackend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!(
            "sqlite://{}?mode=rwc",
            folder.path().join("test.db").display()
        );
        let url = DatabaseUrl::Sqlite(ConnectionUrl::new(&url));
        let migrate = async |url: &str| migrations::apply(url).await;
        let database = Database::open(&url, migrate).await.unwrap();
        let config = QueueConfig {
            backend,
            prefix: unique_name(),
            prefetch: 100,
            publish_timeout: Duration::from_secs(5),
        };
        let queue = queue::open(&config, &database).await.unwrap();
        until("the connection", async || {
            queue.is_connected().then_some(())
        })
        .await;
        Self {
            queue,
            config,
            _folder: folder,
        }
    }

    async fn publish(&self, count: usize) {
        for number in 0..count {
            let message = Message::new("user_created", number.to_string());
            let _ = self.queue.publish(TO_LANE, message).await.unwrap();
        }
    }

    async fn depth(&self, expected: u64) {
        until("the depth of the lane", async || {
            (self.queue.depth(LANE).await.unwrap().waiting == expected).then_some(())
        })
        .await;
    }

    async fn close(self) {
        let _ = self.queue.remove_lane(7).await.unwrap();
        self.queue.close().await;
        if let QueueBackend::Amqp(url) = &self.config.backend {
            broker::remove(url.expose(), &self.config.prefix).await;
        }
    }
}

async fn take(deliveries: &mut Deliveries, count: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let delivery = within_deadline("a delivery", deliveries.next()).await;
        taken.push(delivery.unwrap());
    }
    taken
}

fn numbers(deliveries: &[Delivery]) -> Vec<usize> {
    deliveries
        .iter()
        .map(|delivery| {
            let body = std::str::from_utf8(&delivery.message.body).unwrap();
            body.parse().unwrap()
        })
        .collect()
}

fn ack(delivery: Delivery) {
    delivery.ack(Settlement::all([Settled::discarded()]));
}

async fn what_is_given_back_comes_again_in_its_order(fixture: &Fixture) {
    const WINDOW: usize = 64;
    fixture.publish(100).await;
    for round in 0..5 {
        let mut deliveries = fixture.queue.consume(LANE, 64);
        let taken = take(&mut deliveries, WINDOW).await;
        let first = round * 2;
        assert_eq!(numbers(&taken), (first..first + WINDOW).collect::<Vec<_>>());
        let stopping = deliveries.stop();
        // Settled in any order: two are done, the others are not.
        for (number, delivery) in taken.into_iter().enumerate().rev() {
            if number < 2 {
                ack(delivery);
            } else {
                delivery.give_back();
            }
        }
        within_deadline("the end of the consumer", stopping.done()).await;
    }
}

async fn the_head_stays_the_head_however_often_it_is_given_back(fixture: &Fixture) {
    fixture.publish(3).await;
    for _ in 0..30 {
        let mut deliveries = fixture.queue.consume(LANE, 1);
        let taken = take(&mut deliveries, 1).await;
        assert_eq!(numbers(&taken), [0]);
        let stopping = deliveries.stop();
        taken.into_iter().for_each(Delivery::give_back);
        within_deadline("the end of the consumer", stopping.done()).await;
    }
}

async fn one_consumer_receives_and_another_takes_over(fixture: &Fixture) {
    fixture.publish(4).await;
    let mut first = fixture.queue.consume(LANE, 2);
    let taken = take(&mut first, 2).await;
    let mut second = fixture.queue.consume(LANE, 2);
    taken.into_iter().for_each(ack);
    let taken = take(&mut first, 2).await;
    assert_eq!(numbers(&taken), [2, 3]);
    first.stop();
    taken.into_iter().for_each(Delivery::give_back);
    let taken = take(&mut second, 2).await;
    assert_eq!(numbers(&taken), [2, 3]);
    taken.into_iter().for_each(ack);
    second.stop();
}

async fn a_removed_lane_tells_how_many_waited_in_it_and_can_be_used_again(fixture: &Fixture) {
    fixture.depth(0).await;
    assert_eq!(fixture.queue.remove_lane(7).await.unwrap(), 0);
    fixture.publish(3).await;
    fixture.depth(3).await;
    assert_eq!(fixture.queue.remove_lane(7).await.unwrap(), 3);
    fixture.depth(0).await;
    // The first publish may find the queue missing; what counts is that none is taken for stored.
    let _ = until("a lane that is there again", async || {
        let message = Message::new("user_created", "0");
        fixture.queue.publish(TO_LANE, message).await.ok()
    })
    .await;
    fixture.depth(1).await;
}

macro_rules! on_both_queues {
    ($($case:ident),+ $(,)?) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    let fixture = super::Fixture::open(super::QueueBackend::Embedded).await;
                    super::$case(&fixture).await;
                    fixture.close().await;
                }
            )+
        }
        mod rabbit {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    let url = super::ConnectionUrl::new(&super::service_url("TEST_AMQP_URL"));
                    let fixture = super::Fixture::open(super::QueueBackend::Amqp(url)).await;
                    super::$case(&fixture).await;
                    fixture.close().await;
                }
            )+
        }
    };
}

on_both_queues!(
    what_is_given_back_comes_again_in_its_order,
    the_head_stays_the_head_however_often_it_is_given_back,
    one_consumer_receives_and_another_takes_over,
    a_removed_lane_tells_how_many_waited_in_it_and_can_be_used_again,
);

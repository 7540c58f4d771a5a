//! Publishes events straight to the broker, as a producer does.

use std::ops::Range;
use std::time::Duration;

use futures_util::future::join_all;
use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use tests::broker;
use tests::system::System;
use tokio::time::{MissedTickBehavior, interval};

use crate::ledger::{Ledger, event};

/// Publishes that wait for their confirm at a time.
const WINDOW: usize = 1_000;
/// How often a steady load publishes.
const TICK: Duration = Duration::from_millis(5);

/// A producer with its own connection.
pub(crate) struct Producer {
    channel: Channel,
    exchange: String,
    _connection: Connection,
}

impl Producer {
    pub(crate) async fn connect(system: &System) -> Self {
        let (connection, channel) = broker::confirming(system.amqp_url()).await;
        Self {
            channel,
            exchange: format!("{}.events", system.prefix()),
            _connection: connection,
        }
    }

    /// Publishes events as fast as the broker takes them; all are stored when it returns.
    pub(crate) async fn at_once(
        &self,
        ledger: &Ledger,
        group: &str,
        events: usize,
    ) -> Range<usize> {
        let numbers = ledger.take(events);
        let mut next = numbers.clone();
        loop {
            let batch: Vec<usize> = next.by_ref().take(WINDOW).collect();
            if batch.is_empty() {
                return numbers;
            }
            join_all(
                batch
                    .into_iter()
                    .map(|number| self.publish(ledger, group, number)),
            )
            .await;
        }
    }

    /// Publishes so many events a second for a time; each is stored when it returns.
    pub(crate) async fn steadily(
        &self,
        ledger: &Ledger,
        group: &str,
        rate: usize,
        time: Duration,
    ) -> Range<usize> {
        let ticks = time.as_millis() / TICK.as_millis();
        let ticks = usize::try_from(ticks).expect("a run takes seconds");
        let events = rate * ticks / 200;
        let numbers = ledger.take(events);
        let mut timer = interval(TICK);
        timer.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let ticking = async {
            let mut confirms = Vec::new();
            for tick in 0..ticks {
                timer.tick().await;
                let due = numbers.start + events * tick / ticks
                    ..numbers.start + events * (tick + 1) / ticks;
                for number in due {
                    confirms.push(self.send(ledger, group, number).await);
                }
            }
            for confirm in join_all(confirms).await {
                stored(confirm);
            }
        };
        ticking.await;
        numbers
    }

    async fn publish(&self, ledger: &Ledger, group: &str, number: usize) {
        stored(self.send(ledger, group, number).await.await);
    }

    async fn send(
        &self,
        ledger: &Ledger,
        group: &str,
        number: usize,
    ) -> impl Future<Output = lapin::Result<Confirmation>> + use<> {
        const PERSISTENT: u8 = 2;
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let body = event(number, group);
        ledger.published.note(number, ledger.now());
        self.channel
            .basic_publish(
                self.exchange.as_str().into(),
                "user_created".into(),
                options,
                &body,
                BasicProperties::default().with_delivery_mode(PERSISTENT),
            )
            .await
            .expect("the broker takes the message")
    }
}

fn stored(confirmation: lapin::Result<Confirmation>) {
    let confirmation = confirmation.expect("the broker confirms");
    // What came back is too long to be shown.
    let is_stored = confirmation == Confirmation::Ack(None);
    assert!(is_stored, "an event was not stored");
}

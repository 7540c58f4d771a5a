//! Every exchange and queue on RabbitMQ, with its arguments. Declared here and nowhere else.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};

use crate::queue::{Rung, Source, Target};

/// How often a message may be redelivered before it is rejected: one that ends its worker each time
/// must not go round for ever (RabbitMQ 3.10 has no limit of its own).
const DELIVERY_LIMIT: i64 = 100;
/// How often a message in a lane may be redelivered. Each failed try counts.
const LANE_DELIVERY_LIMIT: i64 = 1_000_000_000;
/// How long a question waits for a worker at most, in milliseconds; each has a limit of its own, too.
const QUESTION_TTL_MS: i64 = 30_000;

/// The names of all exchanges and queues.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    prefix: String,
}

/// Where a publish goes on the broker.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) exchange: ShortString,
    pub(super) routing_key: ShortString,
}

impl Topology {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// The topic exchange that producers publish to; the routing key is the event's type.
    pub(super) fn events_exchange(&self) -> ShortString {
        self.name("events")
    }

    /// The fan-out exchange of notices.
    pub(super) fn notices_exchange(&self) -> ShortString {
        self.name("notices")
    }

    pub(super) fn queue(&self, source: Source) -> ShortString {
        self.name(match source {
            Source::Events => "events",
            Source::Deliver => "deliver",
            Source::Lane(destination) => return self.name(&format!("lane.{destination}")),
            Source::Dead => "dead",
            Source::Rejected => "rejected",
        })
    }

    /// The queue of questions to workers.
    pub(super) fn questions(&self) -> ShortString {
        self.name("tests")
    }

    pub(super) fn address(&self, target: Target, event_type: &str) -> Address {
        let queue = |routing_key| Address {
            exchange: ShortString::default(),
            routing_key,
        };
        match target {
            Target::Events => Address {
                exchange: self.events_exchange(),
                routing_key: event_type.into(),
            },
            Target::Deliver => queue(self.queue(Source::Deliver)),
            Target::Retry(rung) => queue(self.rung(rung)),
            Target::Lane(destination) => queue(self.queue(Source::Lane(destination))),
            Target::Dead => queue(self.queue(Source::Dead)),
            Target::Rejected => queue(self.queue(Source::Rejected)),
        }
    }

    /// Declares everything. What exists with the same arguments is left as it is; other arguments
    /// are an error of the broker.
    pub(super) async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        self.declare_exchange(channel, self.events_exchange(), ExchangeKind::Topic)
            .await?;
        self.declare_exchange(channel, self.notices_exchange(), ExchangeKind::Fanout)
            .await?;
        let rejected = self.queue(Source::Rejected);
        declare_queue(channel, rejected.clone(), []).await?;
        declare_queue(channel, self.queue(Source::Dead), []).await?;
        for source in [Source::Events, Source::Deliver] {
            let limit = ("x-delivery-limit", AMQPValue::LongLongInt(DELIVERY_LIMIT));
            let dead_letters = dead_letters_to(&rejected);
            let arguments = std::iter::once(limit).chain(dead_letters);
            declare_queue(channel, self.queue(source), arguments).await?;
        }
        for rung in Rung::ALL {
            let millis =
                i64::try_from(rung.wait().as_millis()).expect("a rung waits hours at most");
            let wait = ("x-message-ttl", AMQPValue::LongLongInt(millis));
            let dead_letters = dead_letters_to(&self.queue(Source::Deliver));
            let arguments = std::iter::once(wait).chain(dead_letters);
            declare_queue(channel, self.rung(rung), arguments).await?;
        }
        channel
            .queue_bind(
                self.queue(Source::Events),
                self.events_exchange(),
                "#".into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await
    }

    /// Declares the queue of one destination's lane. One consumer receives at a time, so that the
    /// order holds while one drains it and another one takes over. What is given back counts as
    /// redelivered: a lane has its limit (without one a message that is given back goes to the tail)
    /// where it is never reached.
    pub(super) async fn declare_lane(
        &self,
        channel: &Channel,
        destination_id: i64,
    ) -> lapin::Result<()> {
        let arguments = [
            ("x-single-active-consumer", AMQPValue::Boolean(true)),
            (
                "x-delivery-limit",
                AMQPValue::LongLongInt(LANE_DELIVERY_LIMIT),
            ),
        ];
        declare_queue(channel, self.queue(Source::Lane(destination_id)), arguments).await
    }

    /// Declares the queue of questions, for whoever asks and whoever answers, so that nothing else depends
    /// on it. A classic one: nothing in it must survive.
    pub(super) async fn declare_questions(&self, channel: &Channel) -> lapin::Result<()> {
        let ttl = ("x-message-ttl", AMQPValue::LongLongInt(QUESTION_TTL_MS));
        declare_queue_of("classic", channel, self.questions(), [ttl]).await
    }

    async fn declare_exchange(
        &self,
        channel: &Channel,
        name: ShortString,
        kind: ExchangeKind,
    ) -> lapin::Result<()> {
        let options = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        channel
            .exchange_declare(name, kind, options, FieldTable::default())
            .await
    }

    pub(super) fn rung(&self, rung: Rung) -> ShortString {
        self.name(&format!("retry.{}", rung.name()))
    }

    fn name(&self, name: &str) -> ShortString {
        format!("{}.{name}", self.prefix).into()
    }
}

/// Dead-lettering that loses nothing: at-least-once needs `reject-publish` (without it RabbitMQ
/// silently falls back to at-most-once), and on a queue without a maximum length that refuses nobody.
fn dead_letters_to(queue: &ShortString) -> [(&'static str, AMQPValue); 4] {
    let text = |value: &str| AMQPValue::LongString(value.into());
    [
        ("x-dead-letter-exchange", text("")),
        ("x-dead-letter-routing-key", text(queue.as_str())),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
    ]
}

/// A quorum queue: replicated, and on disk before a publish is confirmed.
async fn declare_queue(
    channel: &Channel,
    name: ShortString,
    arguments: impl IntoIterator<Item = (&'static str, AMQPValue)>,
) -> lapin::Result<()> {
    declare_queue_of("quorum", channel, name, arguments).await
}

/// A durable queue of a type.
async fn declare_queue_of(
    queue_type: &str,
    channel: &Channel,
    name: ShortString,
    arguments: impl IntoIterator<Item = (&'static str, AMQPValue)>,
) -> lapin::Result<()> {
    let mut table = FieldTable::default();
    table.insert(
        "x-queue-type".into(),
        AMQPValue::LongString(queue_type.into()),
    );
    for (key, value) in arguments {
        table.insert(key.into(), value);
    }
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    channel.queue_declare(name, options, table).await?;
    Ok(())
}

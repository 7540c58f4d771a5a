//! What a test does on the broker itself: publishing straight to the exchange, keeping notices back,
//! and cleaning up.

use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use shared::config::{ConnectionUrl, QueueBackend, QueueConfig};
use shared::queue::Queue as _;
use shared::queue::amqp::AmqpQueue;

use crate::wait::until;

/// A channel on a connection of its own, which must be kept as long.
pub async fn channel(amqp_url: &str) -> (Connection, Channel) {
    let connection = Connection::connect(amqp_url, ConnectionProperties::default())
        .await
        .expect("the broker can be reached");
    let channel = connection
        .create_channel()
        .await
        .expect("a channel can be made");
    (connection, channel)
}

/// As [`channel`], where the broker confirms what is published.
pub async fn confirming(amqp_url: &str) -> (Connection, Channel) {
    let (connection, channel) = channel(amqp_url).await;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await
        .expect("the broker confirms");
    (connection, channel)
}

/// The services' own queue on a broker, once it is connected.
pub async fn queue(amqp_url: &str, prefix: &str) -> AmqpQueue {
    let url = ConnectionUrl::new(amqp_url);
    let config = QueueConfig {
        backend: QueueBackend::Amqp(url.clone()),
        prefix: prefix.to_owned(),
        prefetch: 100,
        publish_timeout: Duration::from_secs(5),
    };
    let queue = AmqpQueue::open(url, &config);
    until("the connection", async || {
        queue.is_connected().then_some(())
    })
    .await;
    queue
}

/// A channel with confirms, on a connection of its own.
struct Confirming {
    channel: Channel,
    prefix: String,
    _connection: Connection,
}

impl Confirming {
    async fn connect(amqp_url: &str, prefix: &str) -> Self {
        let (connection, channel) = confirming(amqp_url).await;
        Self {
            channel,
            prefix: prefix.to_owned(),
            _connection: connection,
        }
    }

    /// Publishes to an exchange and waits for the broker's word; mandatory, so that a message which
    /// no queue takes comes back with it.
    async fn publish(
        &self,
        exchange: &str,
        routing_key: &str,
        body: &[u8],
    ) -> lapin::Result<Confirmation> {
        const PERSISTENT: u8 = 2;
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        self.channel
            .basic_publish(
                format!("{}.{exchange}", self.prefix).into(),
                routing_key.into(),
                options,
                body,
                BasicProperties::default().with_delivery_mode(PERSISTENT),
            )
            .await?
            .await
    }
}

/// Publishes to the exchange of events.
pub struct Producer(Confirming);

impl Producer {
    /// Connects to the broker.
    pub async fn connect(amqp_url: &str, prefix: &str) -> Self {
        Self(Confirming::connect(amqp_url, prefix).await)
    }

    /// Publishes bytes and waits for the confirm.
    pub async fn publish(&self, event_type: &str, body: &[u8]) {
        let confirmation = self.0.publish("events", event_type, body).await;
        let confirmation = confirmation.expect("the broker takes the message");
        assert_eq!(confirmation, Confirmation::Ack(None));
    }
}

/// The exchange of notices.
pub struct Notices(Confirming);

impl Notices {
    /// Connects to the broker.
    pub async fn connect(amqp_url: &str, prefix: &str) -> Self {
        Self(Confirming::connect(amqp_url, prefix).await)
    }

    /// Deletes the exchange, and with it the bindings of all who listen now.
    pub async fn cut_off(&self) {
        let exchange = format!("{}.notices", self.0.prefix);
        self.0
            .channel
            .exchange_delete(exchange.into(), ExchangeDeleteOptions::default())
            .await
            .expect("the exchange can be deleted");
    }

    /// Whether anybody listens. Without the exchange the channel ends with the question.
    pub async fn reach_somebody(self) -> bool {
        // It is no notice, so who hears it takes it for none.
        let confirmation = self.0.publish("notices", "", b"").await;
        matches!(confirmation, Ok(Confirmation::Ack(None)))
    }
}

/// How many messages and how many consumers a queue has, when it is there.
pub async fn messages_and_consumers(amqp_url: &str, queue: &str) -> Option<(u32, u32)> {
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let (_connection, channel) = channel(amqp_url).await;
    let declared = channel.queue_declare(queue.into(), options, FieldTable::default());
    let queue = declared.await.ok()?;
    Some((queue.message_count(), queue.consumer_count()))
}

/// Takes a message from a queue and loses the connection; false when none came within seconds.
pub async fn take_and_drop(amqp_url: &str, queue: &str) -> bool {
    const SOON: Duration = Duration::from_secs(5);
    let (connection, channel) = channel(amqp_url).await;
    let mut consumer = channel
        .basic_consume(
            queue.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
        .expect("the queue can be consumed");
    let taken = tokio::time::timeout(SOON, consumer.next()).await;
    let taken = matches!(taken, Ok(Some(Ok(_))));
    // A test that goes on before the broker has noticed would count a message once for twice.
    connection
        .close(200, "lost".into())
        .await
        .expect("the connection can be closed");
    taken
}

/// Deletes every queue and exchange of a test.
pub async fn remove(amqp_url: &str, prefix: &str) {
    let Ok(connection) = Connection::connect(amqp_url, ConnectionProperties::default()).await
    else {
        return;
    };
    let Ok(channel) = connection.create_channel().await else {
        return;
    };
    let queues = [
        "events",
        "deliver",
        "dead",
        "rejected",
        "retry.5s",
        "retry.30s",
        "retry.2m",
        "retry.10m",
        "retry.1h",
        "tests",
    ];
    // The first destinations of a database have the first numbers.
    let lanes = (1..=30).map(|destination| format!("lane.{destination}"));
    for queue in queues.into_iter().map(str::to_owned).chain(lanes) {
        // What is not there need not be deleted; the broker of a run is thrown away in the end.
        let _ = channel
            .queue_delete(
                format!("{prefix}.{queue}").into(),
                QueueDeleteOptions::default(),
            )
            .await;
    }
    for exchange in ["events", "notices"] {
        let _ = channel
            .exchange_delete(
                format!("{prefix}.{exchange}").into(),
                ExchangeDeleteOptions::default(),
            )
            .await;
    }
}

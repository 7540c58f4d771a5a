//! A producer that publishes straight to the exchange, and cleaning up.

use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions, QueueDeleteOptions,
};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};

/// A connection with confirms.
pub struct Producer {
    channel: Channel,
    prefix: String,
    _connection: Connection,
}

impl Producer {
    /// Connects to the broker.
    pub async fn connect(amqp_url: &str, prefix: &str) -> Self {
        let connection = Connection::connect(amqp_url, ConnectionProperties::default())
            .await
            .expect("the broker can be reached");
        let channel = connection
            .create_channel()
            .await
            .expect("a channel can be made");
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .expect("the broker confirms");
        Self {
            channel,
            prefix: prefix.to_owned(),
            _connection: connection,
        }
    }

    /// Publishes bytes to the exchange of events and waits for the confirm.
    pub async fn publish(&self, event_type: &str, body: &[u8]) {
        const PERSISTENT: u8 = 2;
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let confirmation = self
            .channel
            .basic_publish(
                format!("{}.events", self.prefix).into(),
                event_type.into(),
                options,
                body,
                BasicProperties::default().with_delivery_mode(PERSISTENT),
            )
            .await
            .expect("the broker takes the message")
            .await
            .expect("the broker answers");
        assert_eq!(confirmation, Confirmation::Ack(None));
    }
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
    ];
    for queue in queues {
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

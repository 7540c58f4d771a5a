//! Publishes with confirms: what counts as stored is decided here.

use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection, PublisherConfirm};

use super::connection::Session;
use super::headers;
use super::topology::Topology;
use crate::queue::{Message, Notice, PublishError, Stored, Target};

/// A connection for publishing alone: under a memory or disk alarm the broker stops reading it, and
/// acknowledgements on the same socket would stop with it, so the alarm would never clear.
pub(super) struct Publishing {
    connection: Connection,
    // A channel for each kind of target: lapin gives a returned message to whichever confirm comes
    // next on the channel, so what can be routed must not share one with what cannot.
    events: Channel,
    retry: Channel,
    dead: Channel,
    rejected: Channel,
    notices: Channel,
}

impl Session for Publishing {
    fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Publishing {
    pub(super) async fn start(connection: Connection, topology: Topology) -> lapin::Result<Self> {
        let notices = connection.create_channel().await?;
        topology.declare(&notices).await?;
        Ok(Self {
            events: confirming(&connection).await?,
            retry: confirming(&connection).await?,
            dead: confirming(&connection).await?,
            rejected: confirming(&connection).await?,
            notices,
            connection,
        })
    }

    /// Publishes and waits for the broker's word, at most `limit`.
    pub(super) async fn publish(
        &self,
        topology: &Topology,
        target: Target,
        message: &Message,
        limit: Duration,
    ) -> Result<Stored, PublishError> {
        // Known to be refused for now: do not pile up what the socket would not take.
        if self.connection.status().blocked() {
            return Err(PublishError::Unavailable(
                "the broker takes no messages for want of memory or disk".to_owned(),
            ));
        }
        let channel = match target {
            Target::Events => &self.events,
            Target::Retry(_) => &self.retry,
            Target::Dead => &self.dead,
            Target::Rejected => &self.rejected,
        };
        let address = topology.address(target, &message.event_type);
        let publish = channel.basic_publish(
            address.exchange,
            address.routing_key,
            // Without it an unroutable message is confirmed as if it had been stored.
            BasicPublishOptions {
                mandatory: true,
                ..BasicPublishOptions::default()
            },
            &message.body,
            headers::to_properties(&message.headers),
        );
        let deadline = tokio::time::Instant::now() + limit;
        let mut confirm = tokio::time::timeout_at(deadline, publish)
            .await
            .map_err(|_| PublishError::Timeout)?
            .map_err(unavailable)?;
        if let Ok(confirmation) = tokio::time::timeout_at(deadline, &mut confirm).await {
            stored(confirmation.map_err(unavailable)?)
        } else {
            forget(confirm);
            Err(PublishError::Timeout)
        }
    }

    /// Sends to all processes, unconfirmed.
    pub(super) async fn announce(&self, topology: &Topology, notice: Notice) -> lapin::Result<()> {
        let body = serde_json::to_vec(&notice).expect("a notice can be written as JSON");
        self.notices
            .basic_publish(
                topology.notices_exchange(),
                "".into(),
                BasicPublishOptions::default(),
                &body,
                BasicProperties::default(),
            )
            .await?;
        Ok(())
    }
}

/// An ack stands for "stored" only when the message was not returned beside it.
fn stored(confirmation: Confirmation) -> Result<Stored, PublishError> {
    match confirmation {
        Confirmation::Ack(None) => Ok(Stored::confirmed()),
        Confirmation::Ack(Some(returned)) => {
            Err(PublishError::Unroutable(returned.reply_text.to_string()))
        }
        Confirmation::Nack(_) | Confirmation::NotRequested => Err(PublishError::Refused),
    }
}

/// Waits for a late confirm apart: one that is dropped stays in lapin's memory for ever.
fn forget(confirm: PublisherConfirm) {
    tokio::spawn(confirm);
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unavailable(error: lapin::Error) -> PublishError {
    PublishError::Unavailable(error.to_string())
}

async fn confirming(connection: &Connection) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    Ok(channel)
}

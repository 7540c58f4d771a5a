//! Publishes with confirms: what counts as stored is decided here.

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection, PublisherConfirm};
use tokio::time::{Instant, timeout_at};

use super::connection::Session;
use super::headers;
use super::lane_channels::{LaneChannels, Lent};
use super::topology::Topology;
use crate::queue::{Message, Notice, PublishError, Rung, Stored, Target};

/// The channels of a connection for publishing alone: under a memory or disk alarm the broker stops
/// reading it, and acknowledgements on the same socket would stop with it, so the alarm would never
/// clear.
pub(super) struct Publishing {
    // A channel for each kind of target: lapin gives a returned message to whichever confirm comes
    // next on the channel, so what can be routed must not share one with what cannot.
    events: Channel,
    deliver: Channel,
    rungs: Vec<Channel>,
    dead: Channel,
    rejected: Channel,
    notices: Channel,
    lanes: LaneChannels,
}

impl Publishing {
    pub(super) async fn open(
        connection: Connection,
        topology: Topology,
    ) -> lapin::Result<(Connection, Self)> {
        let notices = connection.create_channel().await?;
        topology.declare(&notices).await?;
        let mut rungs = Vec::with_capacity(Rung::ALL.len());
        for _ in Rung::ALL {
            rungs.push(confirming(&connection).await?);
        }
        let channels = Self {
            events: confirming(&connection).await?,
            deliver: confirming(&connection).await?,
            rungs,
            dead: confirming(&connection).await?,
            rejected: confirming(&connection).await?,
            notices,
            lanes: LaneChannels::default(),
        };
        Ok((connection, channels))
    }

    /// The channel of a target that has one for good; none for lanes.
    fn channel(&self, target: Target) -> Option<&Channel> {
        Some(match target {
            Target::Events => &self.events,
            Target::Deliver => &self.deliver,
            Target::Retry(rung) => &self.rungs[rung.step()],
            Target::Dead => &self.dead,
            Target::Rejected => &self.rejected,
            Target::Lane(_) => return None,
        })
    }
}

impl Session<Publishing> {
    /// Publishes and waits for the broker's word until `deadline`.
    pub(super) async fn publish(
        &self,
        topology: &Topology,
        target: Target,
        message: &Message,
        deadline: Instant,
    ) -> Result<Stored, PublishError> {
        self.unless_blocked()?;
        if let Target::Lane(lane) = target {
            return self
                .publish_to_lane(topology, lane, message, deadline)
                .await;
        }
        let channel = self.channels.channel(target).expect("it is no lane");
        let answer = confirmed(channel, topology, target, message, deadline).await;
        let channel_died = !channel.status().connected();
        // What was deleted on the broker, an exchange, a queue or its binding, is there again in the
        // next session; a channel that died would refuse everything from here on.
        if channel_died || matches!(answer, Err(PublishError::Unroutable(_))) {
            self.over().cancel();
        }
        answer
    }

    /// A lane's queue is declared before the first message. One that is missing later was deleted with
    /// its destination, or by somebody at the broker: no reason to end a session.
    async fn publish_to_lane(
        &self,
        topology: &Topology,
        lane: i64,
        message: &Message,
        deadline: Instant,
    ) -> Result<Stored, PublishError> {
        let lanes = &self.channels.lanes;
        let channel = self.lend(topology, lane, deadline).await?;
        let target = Target::Lane(lane);
        let answer = confirmed(&channel.channel, topology, target, message, deadline).await;
        if matches!(answer, Err(PublishError::Unroutable(_))) {
            lanes.forget(lane);
        }
        answer
    }

    /// Declares a lane's queue, unless this session has done so; whether it did it now.
    pub(super) async fn prepare_lane(
        &self,
        topology: &Topology,
        lane: i64,
        deadline: Instant,
    ) -> Result<bool, PublishError> {
        if self.channels.lanes.is_declared(lane) {
            return Ok(false);
        }
        self.unless_blocked()?;
        self.lend(topology, lane, deadline).await?;
        Ok(true)
    }

    /// Known to be refused for now: what the socket would not take must not pile up, to be done much later.
    fn unless_blocked(&self) -> Result<(), PublishError> {
        if self.connection().status().blocked() {
            return Err(PublishError::Unavailable(
                "the broker takes no messages for want of memory or disk".to_owned(),
            ));
        }
        Ok(())
    }

    async fn lend(
        &self,
        topology: &Topology,
        lane: i64,
        deadline: Instant,
    ) -> Result<Lent<'_>, PublishError> {
        let lanes = &self.channels.lanes;
        timeout_at(deadline, lanes.lend(self.connection(), topology, lane))
            .await
            .map_err(|_| PublishError::Timeout)?
            .map_err(unavailable)
    }

    /// Sends to all processes, unconfirmed.
    pub(super) async fn announce(&self, topology: &Topology, notice: Notice) -> lapin::Result<()> {
        let body = serde_json::to_vec(&notice).expect("a notice can be written as JSON");
        self.channels
            .notices
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

/// Publishes on a channel and waits for the broker's word until `deadline`.
async fn confirmed(
    channel: &Channel,
    topology: &Topology,
    target: Target,
    message: &Message,
    deadline: Instant,
) -> Result<Stored, PublishError> {
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
    let mut confirm = timeout_at(deadline, publish)
        .await
        .map_err(|_| PublishError::Timeout)?
        .map_err(unavailable)?;
    if let Ok(confirmation) = timeout_at(deadline, &mut confirm).await {
        return stored(confirmation.map_err(unavailable)?);
    }
    forget(confirm);
    Err(PublishError::Timeout)
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

pub(super) async fn confirming(connection: &Connection) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    Ok(channel)
}

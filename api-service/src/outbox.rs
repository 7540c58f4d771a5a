//! Events that were accepted and are not on the queue yet.

use sea_orm::{ActiveModelTrait as _, ActiveValue, DatabaseTransaction, DbErr};
use shared::clock::Timestamp;
use shared::entities::outbox::{self, Column, Entity, Model};
use shared::queue::{Message, Target};

use crate::publishing::OutgoingEvent;
use crate::relay::Waiting;

/// Writes an event in the transaction of the change that it tells of, so that there is never one
/// without the other. After the commit, [`crate::relay::Wake::wake`] gets it going.
pub async fn write(
    transaction: &DatabaseTransaction,
    event: &OutgoingEvent,
    config_version: i64,
    now: Timestamp,
) -> Result<(), DbErr> {
    let row = outbox::ActiveModel {
        id: ActiveValue::NotSet,
        event_type: ActiveValue::Set(event.event_type.clone()),
        body: ActiveValue::Set(event.body.to_vec()),
        traceparent: ActiveValue::Set(event.traceparent.clone()),
        config_version: ActiveValue::Set(config_version),
        claimed_until: ActiveValue::Set(0),
        created_at: ActiveValue::Set(now.0),
    };
    row.insert(transaction).await?;
    Ok(())
}

/// The outbox, for the relay.
pub(crate) struct Outbox;

impl Waiting for Outbox {
    type Table = Entity;
    const AND_WAITS: &'static str = "";
    const ORDER: &'static str = "id";
    const ID: Column = Column::Id;
    const CLAIMED_UNTIL: Column = Column::ClaimedUntil;

    fn id(row: &Model) -> i64 {
        row.id
    }

    async fn message(&self, row: Model) -> (Target, Message) {
        let mut message =
            Message::new(row.event_type, row.body).at_config_version(row.config_version);
        message.headers.traceparent = row.traceparent;
        message.headers.accepted_at = Some(Timestamp(row.created_at));
        (Target::Events, message)
    }
}

//! Events that were accepted and are not on the queue yet.

mod relay;

use std::sync::Arc;

use sea_orm::{ActiveModelTrait as _, ActiveValue, DatabaseTransaction, DbErr};
use shared::clock::Timestamp;
use shared::entities::outbox;
use tokio::sync::Notify;

use crate::publishing::OutgoingEvent;

pub(crate) use relay::relay;

/// Writes an event in the transaction of the change that it tells of, so that there is never one
/// without the other. After the commit, [`Outbox::wake`] gets it going.
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

/// Gets the relay going. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbox(Arc<Notify>);

impl Outbox {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Notify::new()))
    }

    /// To be called after a commit that wrote to the outbox. Without it the relay comes by within a
    /// second.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    async fn woken(&self) {
        self.0.notified().await;
    }
}

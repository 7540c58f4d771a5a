//! Messages that were rejected, as a worker writes them down.

use sea_orm::{ActiveModelTrait as _, ActiveValue, DatabaseConnection};
use shared::clock::Clock;
use shared::entities::rejected_messages;

/// Writes a rejected message down, of which so many bytes there were.
pub async fn reject(database: &DatabaseConnection, reason: &str, body: &[u8], body_bytes: usize) {
    let row = rejected_messages::ActiveModel {
        id: ActiveValue::NotSet,
        reason: ActiveValue::Set(reason.to_owned()),
        body: ActiveValue::Set(body.to_vec()),
        body_bytes: ActiveValue::Set(body_bytes.try_into().expect("a message is not so long")),
        rejected_at: ActiveValue::Set(Clock::default().now().0),
        replay_requested_at: ActiveValue::Set(None),
        claimed_until: ActiveValue::Set(0),
    };
    row.insert(database).await.expect("the row can be written");
}

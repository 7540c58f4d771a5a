//! Moves dead letters and rejected messages from the queue into their tables, where they can be
//! seen. A message is acked after the commit.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, DbErr, EntityTrait as _};
use shared::backoff;
use shared::clock::Timestamp;
use shared::entities::{dead_letters, destinations, rejected_messages};
use shared::event::Envelope;
use shared::foundation::Foundation;
use shared::queue::{Message, Settlement, Source};
use tokio_util::sync::CancellationToken;

/// Messages held at hand. They are stored one after another: dead letters and rejected messages are
/// rare.
const WINDOW: u16 = 16;
/// Bytes kept of a rejected message that is larger than an event may be.
const EXCERPT: usize = 64 * 1024;

/// Runs until it is stopped.
pub(crate) async fn run(foundation: Foundation, stop: CancellationToken) {
    let mut dead = foundation.queue.consume(Source::Dead, WINDOW);
    let mut rejected = foundation.queue.consume(Source::Rejected, WINDOW);
    loop {
        let (delivery, source) = tokio::select! {
            () = stop.cancelled() => break,
            Some(delivery) = dead.next() => (delivery, Source::Dead),
            Some(delivery) = rejected.next() => (delivery, Source::Rejected),
            else => break,
        };
        let now = foundation.clock.now();
        let store = backoff::until_ok("the database", || {
            store(&foundation, source, &delivery.message, now)
        });
        let stored = tokio::select! {
            () = stop.cancelled() => false,
            () = store => true,
        };
        if stored {
            delivery.ack(Settlement::committed());
        } else {
            delivery.give_back();
        }
    }
    for deliveries in [dead, rejected] {
        deliveries.stop();
    }
}

async fn store(
    foundation: &Foundation,
    source: Source,
    message: &Message,
    now: Timestamp,
) -> Result<(), DbErr> {
    match source {
        Source::Dead => store_dead(foundation, message, now).await,
        _ => store_rejected(foundation, message, now).await,
    }
}

/// The same event of a destination replaces its row: it may arrive twice, and die twice.
async fn store_dead(
    foundation: &Foundation,
    message: &Message,
    now: Timestamp,
) -> Result<(), DbErr> {
    let headers = &message.headers;
    let (Some(destination_id), Ok(event)) =
        (headers.destination_id, Envelope::parse(&message.body))
    else {
        // Only a foreign publisher puts such a message here.
        return store_rejected(foundation, message, now).await;
    };
    let row = dead_letters::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(destination_id),
        event_id: ActiveValue::Set(event.id.into_owned()),
        event_type: ActiveValue::Set(event.event_type.into_owned()),
        body: ActiveValue::Set(message.body.to_vec()),
        attempts: ActiveValue::Set(i64::from(headers.attempt)),
        last_status: ActiveValue::Set(headers.last_status.map(i64::from)),
        last_error: ActiveValue::Set(storable(headers.last_error.as_deref().unwrap_or_default())),
        first_seen_at: ActiveValue::Set(headers.first_seen.unwrap_or(now).0),
        died_at: ActiveValue::Set(now.0),
        last_attempt_at: ActiveValue::Set(headers.last_attempt.map(|moment| moment.0)),
        // One that died again after its replay can be replayed again.
        replay_requested_at: ActiveValue::Set(None),
        claimed_until: ActiveValue::Set(0),
    };
    let transaction = foundation.database.begin().await?;
    let destination = destinations::Entity::find_by_id(destination_id)
        .one(&transaction)
        .await?;
    // With its destination destroyed nobody can look at it any more.
    if destination.is_some() {
        let replace = OnConflict::columns([
            dead_letters::Column::DestinationId,
            dead_letters::Column::EventId,
        ])
        .update_columns([
            dead_letters::Column::EventType,
            dead_letters::Column::Body,
            dead_letters::Column::FirstSeenAt,
            dead_letters::Column::Attempts,
            dead_letters::Column::LastStatus,
            dead_letters::Column::LastError,
            dead_letters::Column::DiedAt,
            dead_letters::Column::LastAttemptAt,
            dead_letters::Column::ReplayRequestedAt,
            dead_letters::Column::ClaimedUntil,
        ])
        .to_owned();
        dead_letters::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(&transaction)
            .await?;
    }
    transaction.commit().await
}

/// PostgreSQL refuses NUL in texts, and a foreign publisher can put one into a header.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

async fn store_rejected(
    foundation: &Foundation,
    message: &Message,
    now: Timestamp,
) -> Result<(), DbErr> {
    let kept = if message.body.len() > foundation.config.limits.event_bytes {
        &message.body[..EXCERPT.min(message.body.len())]
    } else {
        &message.body[..]
    };
    let row = rejected_messages::ActiveModel {
        id: ActiveValue::NotSet,
        reason: ActiveValue::Set(storable(
            message
                .headers
                .reason
                .as_deref()
                .unwrap_or("no reason was given"),
        )),
        body: ActiveValue::Set(kept.to_vec()),
        body_bytes: ActiveValue::Set(i64::try_from(message.body.len()).unwrap_or(i64::MAX)),
        rejected_at: ActiveValue::Set(now.0),
        replay_requested_at: ActiveValue::Set(None),
        claimed_until: ActiveValue::Set(0),
    };
    rejected_messages::Entity::insert(row)
        .exec_without_returning(foundation.database.writer())
        .await
        .map(drop)
}

//! Brings the outbox's events to the queue.

#[cfg(test)]
mod tests;

use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DbBackend, DbErr, EntityTrait as _, QueryFilter as _, Statement};
use shared::backoff::Schedule;
use shared::clock::Timestamp;
use shared::entities::outbox;
use shared::foundation::Foundation;
use shared::queue::{Message, Target};
use tokio_util::sync::CancellationToken;

use super::Outbox;

/// Most events that are taken at once.
const MOST: u64 = 64;
/// How often the table is looked at without being woken: another process may have written and died,
/// or the queue may be back.
const IDLE: Duration = Duration::from_secs(1);
/// How much longer than a publish may take a claim lasts.
const CLAIM_MARGIN: Duration = Duration::from_secs(10);
/// How long an event that failed alone lets the others go first.
const PUT_OFF: Duration = Duration::from_secs(5);

/// Brings events to the queue in their order until it is stopped; a round that is under way is
/// ended first. Several processes may relay from one table.
///
/// An event is deleted after the queue has stored it. A crash between the two makes a duplicate, the
/// other order would make a loss.
pub(crate) async fn relay(foundation: Foundation, outbox: Outbox, stop: CancellationToken) {
    let mut schedule = Schedule::reconnect();
    let mut take = MOST;
    while !stop.is_cancelled() {
        // A queue that is known to be away costs no claims, and is noticed when it is back.
        let taken = if foundation.queue.is_connected() {
            round(&foundation, take).await
        } else {
            Ok(Round::default())
        };
        let wait = match taken {
            Ok(Round { taken: 0, .. }) => None,
            Ok(Round { failed: 0, .. }) => {
                schedule.reset();
                take = (take * 2).min(MOST);
                continue;
            }
            // One event after the other, so that one which the broker never takes is found out and
            // holds up nothing but itself.
            Ok(_) => {
                take = 1;
                Some(schedule.next_wait())
            }
            Err(error) => {
                let wait = schedule.next_wait();
                tracing::warn!(error = %error, retry_in_ms = wait.as_millis(), "the outbox cannot be read");
                Some(wait)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait.unwrap_or(IDLE)) => {}
            () = outbox.woken(), if wait.is_none() => {}
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Round {
    taken: usize,
    failed: usize,
}

/// Takes at most `most` events, publishes them at once, deletes what was stored and frees the rest.
async fn round(foundation: &Foundation, most: u64) -> Result<Round, DbErr> {
    let rows = claim(foundation, most).await?;
    let taken = rows.len();
    // No transaction is open here: the embedded queue needs SQLite's only writer.
    let published = join_all(rows.into_iter().map(async |row| {
        let id = row.id;
        publish(foundation, row).await.map(|()| id).map_err(|()| id)
    }))
    .await;
    let (stored, failed): (Vec<_>, Vec<_>) = published.into_iter().partition(Result::is_ok);
    let stored: Vec<i64> = stored.into_iter().filter_map(Result::ok).collect();
    let failed: Vec<i64> = failed.into_iter().filter_map(Result::err).collect();
    if !stored.is_empty() {
        outbox::Entity::delete_many()
            .filter(outbox::Column::Id.is_in(stored))
            .exec(foundation.database.writer())
            .await?;
    }
    if !failed.is_empty() {
        let until = if taken == 1 {
            foundation.clock.now() + PUT_OFF
        } else {
            Timestamp(0)
        };
        outbox::Entity::update_many()
            .col_expr(outbox::Column::ClaimedUntil, Expr::value(until.0))
            .filter(outbox::Column::Id.is_in(failed.iter().copied()))
            .exec(foundation.database.writer())
            .await?;
    }
    Ok(Round {
        taken,
        failed: failed.len(),
    })
}

async fn publish(foundation: &Foundation, row: outbox::Model) -> Result<(), ()> {
    let mut message = Message::new(row.event_type, row.body).at_config_version(row.config_version);
    message.headers.traceparent = row.traceparent;
    match foundation.queue.publish(Target::Events, message).await {
        Ok(_stored) => Ok(()),
        Err(error) => {
            tracing::debug!(outbox.id = row.id, error = %error, "an event stays in the outbox");
            Err(())
        }
    }
}

/// Marks the first events that nobody holds as taken. A process that dies holding them loses them to
/// the others when the claim has run out.
async fn claim(foundation: &Foundation, most: u64) -> Result<Vec<outbox::Model>, DbErr> {
    let backend = foundation.database.backend();
    // Another relay's events are passed over instead of waited for. SQLite has one writer anyway.
    let lock = match backend {
        DbBackend::Postgres => "FOR UPDATE SKIP LOCKED",
        _ => "",
    };
    let sql = format!(
        "WITH next AS MATERIALIZED (
            SELECT id FROM outbox WHERE claimed_until <= $1 ORDER BY id LIMIT $2 {lock}
        )
        UPDATE outbox SET claimed_until = $3 WHERE id IN (SELECT id FROM next) RETURNING *"
    );
    let now = foundation.clock.now();
    let until = now + foundation.config.queue.publish_timeout + CLAIM_MARGIN;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let statement =
        Statement::from_sql_and_values(backend, sql, [now.0.into(), most.into(), until.0.into()]);
    let mut rows = outbox::Entity::find()
        .from_raw_sql(statement)
        .all(foundation.database.writer())
        .await?;
    rows.sort_unstable_by_key(|row| row.id);
    Ok(rows)
}

//! Writes what was collected of deliveries, and forgets what is too old.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue, ColumnTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use shared::clock::millis;
use shared::database::execute;
use shared::entities::{delivery_stats, destinations, failed_attempts};
use shared::foundation::Foundation;
use tokio::time::Instant;

use super::{Failed, Tally};

/// How often rows that are too old are looked for.
const FORGET_EVERY: std::time::Duration = std::time::Duration::from_hours(1);
/// Destinations in one transaction at most: a lock on many rows holds up others.
const AT_ONCE: usize = 200;

/// Writes, and remembers when it last looked for old rows.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    forgot_at: Option<Instant>,
}

impl Keeper {
    /// Writes all of it or, on an error, perhaps a part: counts may be written twice then.
    pub(super) async fn write(
        &mut self,
        foundation: &Foundation,
        tallies: &HashMap<i64, Tally>,
    ) -> Result<(), DbErr> {
        if !tallies.is_empty() {
            // In one order everywhere, so that two workers do not wait for one another.
            let mut destinations: Vec<i64> = tallies.keys().copied().collect();
            destinations.sort_unstable();
            for some in destinations.chunks(AT_ONCE) {
                let transaction = foundation.database.begin().await?;
                // Of what was destroyed meanwhile nothing is to be told.
                for id in existing(&transaction, some).await? {
                    if let Some(tally) = tallies.get(&id) {
                        write_one(&transaction, id, tally).await?;
                    }
                }
                transaction.commit().await?;
            }
        }
        if self
            .forgot_at
            .is_none_or(|moment| moment.elapsed() >= FORGET_EVERY)
        {
            let oldest = foundation.clock.now().0 - millis(delivery_stats::KEPT);
            delivery_stats::Entity::delete_many()
                .filter(delivery_stats::Column::Minute.lt(oldest))
                .exec(foundation.database.writer())
                .await?;
            self.forgot_at = Some(Instant::now());
        }
        Ok(())
    }
}

async fn existing(transaction: &DatabaseTransaction, ids: &[i64]) -> Result<Vec<i64>, DbErr> {
    destinations::Entity::find()
        .select_only()
        .column(destinations::Column::Id)
        .filter(destinations::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(destinations::Column::Id)
        .into_tuple()
        .all(transaction)
        .await
}

async fn write_one(transaction: &DatabaseTransaction, id: i64, tally: &Tally) -> Result<(), DbErr> {
    for (minute, counts) in &tally.minutes {
        execute(transaction,
            "INSERT INTO delivery_stats (destination_id, minute, delivered, failed, lag_ms) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (destination_id, minute) DO UPDATE SET
             delivered = delivery_stats.delivered + excluded.delivered,
             failed = delivery_stats.failed + excluded.failed,
             lag_ms = CASE WHEN excluded.lag_ms > delivery_stats.lag_ms THEN excluded.lag_ms ELSE delivery_stats.lag_ms END",
            [
                id.into(),
                (*minute).into(),
                counts.delivered.into(),
                counts.failed.into(),
                counts.lag_ms.into(),
            ],
        )
        .await?;
    }
    execute(
        transaction,
        "INSERT INTO destination_health (destination_id, lane_state, changed_at, last_success_at)
         VALUES ($1, 'closed', 0, $2)
         ON CONFLICT (destination_id) DO UPDATE SET
         last_success_at = coalesce(excluded.last_success_at, destination_health.last_success_at)",
        [id.into(), tally.last_success.map(|moment| moment.0).into()],
    )
    .await?;
    if let Some(last) = tally.failures.back() {
        write_last_failure(transaction, id, last).await?;
        write_failures(transaction, id, tally).await?;
    }
    Ok(())
}

async fn write_last_failure(
    transaction: &DatabaseTransaction,
    id: i64,
    last: &Failed,
) -> Result<(), DbErr> {
    execute(
        transaction,
        "UPDATE destination_health SET last_failure_at = $1, last_failure_status = $2,
         last_failure_error = $3, last_failure_response = $4 WHERE destination_id = $5",
        [
            last.at.0.into(),
            last.failure.status.map(i64::from).into(),
            last.failure.error.clone().into(),
            last.failure.response.clone().into(),
            id.into(),
        ],
    )
    .await
    .map(drop)
}

async fn write_failures(
    transaction: &DatabaseTransaction,
    id: i64,
    tally: &Tally,
) -> Result<(), DbErr> {
    let rows = tally
        .failures
        .iter()
        .map(|failed| failed_attempts::ActiveModel {
            id: ActiveValue::NotSet,
            destination_id: ActiveValue::Set(id),
            event_id: ActiveValue::Set(failed.event_id.clone()),
            event_type: ActiveValue::Set(failed.event_type.clone()),
            attempted_at: ActiveValue::Set(failed.at.0),
            duration_ms: ActiveValue::Set(millis(failed.took)),
            status: ActiveValue::Set(failed.failure.status.map(i64::from)),
            error: ActiveValue::Set(failed.failure.error.clone()),
            response: ActiveValue::Set(failed.failure.response.clone()),
        });
    failed_attempts::Entity::insert_many(rows)
        .exec_without_returning(transaction)
        .await?;
    let kept = failed_attempts::Entity::find()
        .select_only()
        .column(failed_attempts::Column::Id)
        .filter(failed_attempts::Column::DestinationId.eq(id))
        .order_by_desc(failed_attempts::Column::Id)
        .offset(failed_attempts::KEPT)
        .limit(1)
        .into_tuple::<i64>()
        .one(transaction)
        .await?;
    if let Some(last_too_many) = kept {
        failed_attempts::Entity::delete_many()
            .filter(failed_attempts::Column::DestinationId.eq(id))
            .filter(failed_attempts::Column::Id.lte(last_too_many))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

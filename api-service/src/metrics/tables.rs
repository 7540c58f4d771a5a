//! Numbers that are in tables: asked for now and then, whoever scrapes how often.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait as _, DbErr, EntityName, EntityTrait as _, QueryOrder as _, QuerySelect as _,
    Statement,
};
use shared::database::Database;
use shared::entities::{dead_letters, outbox, rejected_messages};
use shared::foundation::Foundation;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Metrics;

/// Rows that are counted at most: an index is walked for each, and nobody needs to know it more exactly.
const MOST_COUNTED: i64 = 100_000;
/// How long the database may take to tell all numbers.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Renews the numbers every `metrics.refresh_interval` until it is stopped.
pub(crate) async fn refresh(foundation: Foundation, metrics: Metrics, stop: CancellationToken) {
    let mut renewal = tokio::time::interval(foundation.config.metrics.refresh_interval);
    renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = renewal.tick() => {}
        }
        let read = tokio::time::timeout(TIMEOUT, read(&foundation)).await;
        let numbers = read.ok().and_then(|read| {
            read.inspect_err(|error| tracing::debug!(error = %error, "metrics cannot be renewed"))
                .ok()
        });
        metrics.service.database_answered(numbers.is_some());
        metrics.show(numbers);
    }
}

impl Metrics {
    /// Shows what the tables hold; nothing, when that is not known.
    fn show(&self, numbers: Option<Numbers>) {
        self.outbox_events.set(numbers.map(|all| all.outbox_events));
        self.outbox_oldest_age
            .set(numbers.map(|all| all.outbox_oldest_age));
        self.dead_letters.set(numbers.map(|all| all.dead_letters));
        self.rejected_messages
            .set(numbers.map(|all| all.rejected_messages));
    }
}

#[derive(Debug, Clone, Copy)]
struct Numbers {
    outbox_events: i64,
    /// In seconds.
    outbox_oldest_age: i64,
    dead_letters: i64,
    rejected_messages: i64,
}

async fn read(foundation: &Foundation) -> Result<Numbers, DbErr> {
    let database = &foundation.database;
    // The first by number is the oldest, but for transactions that ended in another order.
    let oldest: Option<i64> = outbox::Entity::find()
        .select_only()
        .column(outbox::Column::CreatedAt)
        .order_by_asc(outbox::Column::Id)
        .into_tuple()
        .one(database.reader())
        .await?;
    let now = foundation.clock.now();
    Ok(Numbers {
        outbox_events: count(database, outbox::Entity).await?,
        outbox_oldest_age: oldest.map_or(0, |made| (now.0 - made).max(0) / 1000),
        dead_letters: count(database, dead_letters::Entity).await?,
        rejected_messages: count(database, rejected_messages::Entity).await?,
    })
}

/// How many rows a table has, [`MOST_COUNTED`] at most.
async fn count(database: &Database, table: impl EntityName) -> Result<i64, DbErr> {
    let table = table.table_name();
    let sql =
        format!("SELECT count(*) FROM (SELECT id FROM {table} LIMIT {MOST_COUNTED}) AS counted");
    let statement = Statement::from_string(database.backend(), sql);
    let row = database.reader().query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("a count has a row".to_owned()))?;
    row.try_get_by_index(0)
}

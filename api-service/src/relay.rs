//! Brings rows that wait in a table to the queue, whatever table it is.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, DbBackend, DbErr, EntityName as _, EntityTrait, FromQueryResult,
    QueryFilter as _, Statement,
};
use shared::backoff::Schedule;
use shared::clock::Timestamp;
use shared::foundation::Foundation;
use shared::queue::{Message, Target};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::metrics::Published;

/// Most rows that are taken at once.
const MOST: u64 = 64;
/// How often the table is looked at without being woken: another process may have written and died,
/// or the queue may be back.
const IDLE: Duration = Duration::from_secs(1);
/// How much longer than a publish may take a claim lasts.
const CLAIM_MARGIN: Duration = Duration::from_secs(10);
/// How long a row that failed alone lets the others go first.
const PUT_OFF: Duration = Duration::from_secs(5);

/// A table with rows that are to come onto the queue.
pub(crate) trait Waiting: Send + Sync + 'static {
    /// The table.
    type Table: EntityTrait<Model: Send + Sync>;
    /// What of it waits, as SQL behind another condition; nothing, when all of it does.
    const AND_WAITS: &'static str;
    /// The column by which the first ones are taken.
    const ORDER: &'static str;
    /// Numbers of the rows.
    const ID: <Self::Table as EntityTrait>::Column;
    /// Until when a relay holds a row, in milliseconds since 1970.
    const CLAIMED_UNTIL: <Self::Table as EntityTrait>::Column;

    /// Number of a row.
    fn id(row: &<Self::Table as EntityTrait>::Model) -> i64;

    /// What is to be published of it, and where to.
    fn message(
        &self,
        row: <Self::Table as EntityTrait>::Model,
    ) -> impl Future<Output = (Target, Message)> + Send;
}

/// Gets a relay going. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Wake(Arc<Notify>);

impl Wake {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Notify::new()))
    }

    /// To be called after a commit that left something for the relay. Without it the relay comes by
    /// within a second.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    async fn woken(&self) {
        self.0.notified().await;
    }
}

/// Brings rows to the queue in their order until it is stopped; a round that is under way is ended
/// first. Several processes may relay from one table.
///
/// A row is deleted after the queue has stored it. A crash between the two makes a duplicate, the
/// other order would make a loss.
pub(crate) async fn relay<W: Waiting>(
    foundation: Foundation,
    waiting: W,
    wake: Wake,
    published: Published,
    stop: CancellationToken,
) {
    let mut schedule = Schedule::reconnect();
    let mut take = MOST;
    while !stop.is_cancelled() {
        // A queue that is known to be away costs no claims, and is noticed when it is back.
        let taken = if foundation.queue.is_connected() {
            round(&foundation, &published, &waiting, take).await
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
            // One row after the other, so that one which the broker never takes is found out and
            // holds up nothing but itself.
            Ok(_) => {
                take = 1;
                Some(schedule.next_wait())
            }
            Err(error) => {
                let wait = schedule.next_wait();
                let table = table::<W>();
                tracing::warn!(table, error = %error, retry_in_ms = wait.as_millis(), "what waits for the queue cannot be read");
                Some(wait)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait.unwrap_or(IDLE)) => {}
            () = wake.woken(), if wait.is_none() => {}
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Round {
    taken: usize,
    failed: usize,
}

/// Takes at most `most` rows and brings them to the queue.
async fn round<W: Waiting>(
    foundation: &Foundation,
    published: &Published,
    waiting: &W,
    most: u64,
) -> Result<Round, DbErr> {
    let claim = claim::<W>(foundation, most).await?;
    bring(foundation, published, waiting, claim).await
}

/// Publishes rows at once, deletes what was stored and frees the rest.
async fn bring<W: Waiting>(
    foundation: &Foundation,
    published: &Published,
    waiting: &W,
    claim: Claim<W>,
) -> Result<Round, DbErr> {
    let Claim { rows, until } = claim;
    let taken = rows.len();
    // No transaction is open here: the embedded queue needs SQLite's only writer.
    let brought = join_all(rows.into_iter().map(async |row| {
        let id = W::id(&row);
        publish(foundation, published, waiting, row)
            .await
            .map(|()| id)
            .map_err(|()| id)
    }))
    .await;
    let (stored, failed): (Vec<_>, Vec<_>) = brought.into_iter().partition(Result::is_ok);
    let stored: Vec<i64> = stored.into_iter().filter_map(Result::ok).collect();
    let failed: Vec<i64> = failed.into_iter().filter_map(Result::err).collect();
    // A row that was replaced meanwhile, or that another relay took after the claim ran out, is not
    // ours any more.
    let held = |ids: &[i64]| {
        Condition::all()
            .add(W::ID.is_in(ids.iter().copied()))
            .add(W::CLAIMED_UNTIL.eq(until.0))
    };
    if !stored.is_empty() {
        W::Table::delete_many()
            .filter(held(&stored))
            .exec(foundation.database.writer())
            .await?;
    }
    if !failed.is_empty() {
        let free_from = if taken == 1 {
            foundation.clock.now() + PUT_OFF
        } else {
            Timestamp(0)
        };
        W::Table::update_many()
            .col_expr(W::CLAIMED_UNTIL, Expr::value(free_from.0))
            .filter(held(&failed))
            .exec(foundation.database.writer())
            .await?;
    }
    Ok(Round {
        taken,
        failed: failed.len(),
    })
}

async fn publish<W: Waiting>(
    foundation: &Foundation,
    published: &Published,
    waiting: &W,
    row: <W::Table as EntityTrait>::Model,
) -> Result<(), ()> {
    let id = W::id(&row);
    let (target, message) = waiting.message(row).await;
    let publish = foundation.queue.publish(target, message);
    match published.measure(publish).await {
        Ok(_stored) => Ok(()),
        Err(error) => {
            let table = table::<W>();
            tracing::debug!(table, row.id = id, error = %error, "a row stays in its table");
            Err(())
        }
    }
}

/// Rows that this relay holds, and until when.
struct Claim<W: Waiting> {
    rows: Vec<<W::Table as EntityTrait>::Model>,
    until: Timestamp,
}

/// Marks the first rows that nobody holds as taken. A process that dies holding them loses them to
/// the others when the claim has run out.
async fn claim<W: Waiting>(foundation: &Foundation, most: u64) -> Result<Claim<W>, DbErr> {
    let backend = foundation.database.backend();
    // Another relay's rows are passed over instead of waited for. SQLite has one writer anyway.
    let lock = match backend {
        DbBackend::Postgres => "FOR UPDATE SKIP LOCKED",
        _ => "",
    };
    let (table, and_waits, order) = (table::<W>(), W::AND_WAITS, W::ORDER);
    let sql = format!(
        "WITH next AS MATERIALIZED (
            SELECT id FROM {table} WHERE claimed_until <= $1 {and_waits} ORDER BY {order} LIMIT $2 {lock}
        )
        UPDATE {table} SET claimed_until = $3 WHERE id IN (SELECT id FROM next) RETURNING *"
    );
    let now = foundation.clock.now();
    let until = now + foundation.config.queue.publish_timeout + CLAIM_MARGIN;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let statement =
        Statement::from_sql_and_values(backend, sql, [now.0.into(), most.into(), until.0.into()]);
    let mut rows = <W::Table as EntityTrait>::Model::find_by_statement(statement)
        .all(foundation.database.writer())
        .await?;
    rows.sort_unstable_by_key(W::id);
    Ok(Claim { rows, until })
}

pub(crate) fn table<W: Waiting>() -> &'static str {
    W::Table::default().table_name()
}

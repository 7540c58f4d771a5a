//! What the database knows of lanes: whether they are open, who drains them, when they are tried next.
//! Leases are compared on the database's clock, which all workers share.

use std::collections::HashSet;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait as _, DbBackend, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Statement,
};
use shared::clock::{Timestamp, millis};
use shared::database::{Database, execute};
use shared::entities::destination_health as health;
use shared::entities::destinations;
use shared::entities::destroyed_destinations as destroyed;

/// How long a worker holds a lane without renewing: another one takes over so soon after it has died.
const LEASE: Duration = Duration::from_secs(10);
/// How often a closed lane is looked into.
const SWEEP: Duration = Duration::from_secs(30);
/// Lanes that are swept at a time.
const SWEPT_AT_ONCE: u64 = 50;

/// What came of opening a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opened {
    /// It is open.
    Open,
    /// The destination is no more.
    Destroyed,
}

/// Opens a lane; one that is open stays as it is.
pub(super) async fn open(
    database: &Database,
    id: i64,
    now: Timestamp,
    probe_at: Timestamp,
) -> Result<Opened, DbErr> {
    let written = execute(database.writer(),
        "INSERT INTO destination_health (destination_id, lane_state, changed_at, next_probe_at, failed_probes, oldest_at)
         SELECT id, 'open', $2, $3, 1, $2 FROM destinations WHERE id = $1
         ON CONFLICT (destination_id) DO UPDATE SET lane_state = 'open', changed_at = excluded.changed_at,
         next_probe_at = excluded.next_probe_at, failed_probes = 1, head_event_id = NULL, head_failures = 0,
         oldest_at = excluded.oldest_at
         WHERE destination_health.lane_state = 'closed'",
        [id.into(), now.0.into(), probe_at.0.into()],
    )
    .await?;
    if written > 0 {
        return Ok(Opened::Open);
    }
    let row = health::Entity::find_by_id(id)
        .one(database.writer())
        .await?;
    match row {
        None => Ok(Opened::Destroyed),
        Some(row) if row.lane_state == health::OPEN => Ok(Opened::Open),
        // Closed in between: who asks tries again.
        Some(_) => Err(DbErr::Custom("the lane is being closed".to_owned())),
    }
}

/// The lanes that are open, and those that this worker holds.
pub(super) async fn open_or_held(
    database: &Database,
    worker: &str,
) -> Result<Vec<health::Model>, DbErr> {
    health::Entity::find()
        .filter(
            Condition::any()
                .add(health::Column::LaneState.eq(health::OPEN))
                .add(health::Column::LeaseHolder.eq(worker)),
        )
        .all(database.reader())
        .await
}

/// Lanes of active destinations that are open, those that have been for the longest first; `most` of them.
/// A paused destination's lane stays open, and waits because somebody wanted it to: that is no trouble.
pub(crate) async fn longest_open(
    database: &Database,
    most: u64,
) -> Result<Vec<health::Model>, DbErr> {
    let active = Query::select()
        .expr(Expr::val(1))
        .from(destinations::Entity)
        .and_where(
            Expr::col((destinations::Entity, destinations::Column::Id))
                .equals((health::Entity, health::Column::DestinationId)),
        )
        .and_where(Expr::col((destinations::Entity, destinations::Column::Active)).eq(true))
        .to_owned();
    health::Entity::find()
        .filter(health::Column::LaneState.eq(health::OPEN))
        // For each lane: to read all that are active is more work, where there are many of them.
        .filter(Expr::exists(active))
        .order_by_asc(health::Column::ChangedAt)
        .limit(most)
        .all(database.reader())
        .await
}

/// Takes the lease of an open lane, unless another worker has it; the row as it is then.
pub(super) async fn lease(
    database: &Database,
    id: i64,
    worker: &str,
) -> Result<Option<health::Model>, DbErr> {
    let now = now(database.backend());
    let taken = execute(
        database.writer(),
        &format!(
            "UPDATE destination_health SET lease_holder = $2, lease_until = {now} + $3
             WHERE destination_id = $1 AND lane_state = 'open'
             AND (lease_holder IS NULL OR lease_holder = $2 OR lease_until < {now})"
        ),
        [id.into(), worker.into(), millis(LEASE).into()],
    )
    .await?;
    if taken == 0 {
        return Ok(None);
    }
    health::Entity::find_by_id(id).one(database.writer()).await
}

/// Renews all leases of a worker; the lanes that it still holds.
pub(super) async fn renew(database: &Database, worker: &str) -> Result<HashSet<i64>, DbErr> {
    let now = now(database.backend());
    // Locked in the order in which history writes, or the two wait for one another.
    let lock = match database.backend() {
        DbBackend::Postgres => "FOR UPDATE",
        _ => "",
    };
    let renew = format!(
        "UPDATE destination_health SET lease_until = {now} + $2 WHERE destination_id IN (
             SELECT destination_id FROM destination_health WHERE lease_holder = $1
             ORDER BY destination_id {lock}
         )"
    );
    execute(
        database.writer(),
        &renew,
        [worker.into(), millis(LEASE).into()],
    )
    .await?;
    let held: Vec<i64> = health::Entity::find()
        .select_only()
        .column(health::Column::DestinationId)
        .filter(health::Column::LeaseHolder.eq(worker))
        .into_tuple()
        .all(database.writer())
        .await?;
    Ok(held.into_iter().collect())
}

/// What a worker notes of a lane that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Note {
    /// A try failed, or there is nothing to try yet.
    Waiting {
        next_probe_at: Timestamp,
        failed_probes: i64,
        head_event_id: Option<String>,
        head_failures: i64,
        oldest_at: Option<Timestamp>,
    },
    /// It is empty, and what is left of it is drained on.
    Closed(Timestamp),
    /// There is something in it again.
    Open(Timestamp),
    /// What its owner wanted moved away then has been.
    Purged(Option<i64>),
}

/// Writes a note; false when the lane is no longer held by the worker.
pub(super) async fn note(
    database: &Database,
    id: i64,
    worker: &str,
    note: &Note,
) -> Result<bool, DbErr> {
    let held = "WHERE destination_id = $1 AND lease_holder = $2";
    let written = match note {
        Note::Waiting {
            next_probe_at,
            failed_probes,
            head_event_id,
            head_failures,
            oldest_at,
        } => {
            let sql = format!(
                "UPDATE destination_health SET next_probe_at = $3, failed_probes = $4, head_event_id = $5,
                 head_failures = $6, oldest_at = coalesce($7, oldest_at) {held}"
            );
            let values = [
                id.into(),
                worker.into(),
                next_probe_at.0.into(),
                (*failed_probes).into(),
                head_event_id.clone().into(),
                (*head_failures).into(),
                oldest_at.map(|moment| moment.0).into(),
            ];
            execute(database.writer(), &sql, values).await?
        }
        Note::Closed(at) => {
            let sql = format!(
                "UPDATE destination_health SET lane_state = 'closed', changed_at = $3, failed_probes = 0,
                 head_event_id = NULL, head_failures = 0, oldest_at = NULL, purge_requested_at = NULL {held}"
            );
            execute(
                database.writer(),
                &sql,
                [id.into(), worker.into(), at.0.into()],
            )
            .await?
        }
        Note::Open(at) => {
            let sql = format!(
                "UPDATE destination_health SET lane_state = 'open', changed_at = $3, oldest_at = $3 {held}"
            );
            execute(
                database.writer(),
                &sql,
                [id.into(), worker.into(), at.0.into()],
            )
            .await?
        }
        Note::Purged(requested_at) => {
            let sql = format!(
                "UPDATE destination_health SET purge_requested_at = NULL, oldest_at = NULL {held}
                 AND purge_requested_at = $3"
            );
            execute(
                database.writer(),
                &sql,
                [id.into(), worker.into(), (*requested_at).into()],
            )
            .await?
        }
    };
    Ok(written > 0)
}

/// Gives a lane's lease up.
pub(super) async fn release(database: &Database, id: i64, worker: &str) -> Result<(), DbErr> {
    execute(
        database.writer(),
        "UPDATE destination_health SET lease_holder = NULL, lease_until = 0
         WHERE destination_id = $1 AND lease_holder = $2",
        [id.into(), worker.into()],
    )
    .await
    .map(drop)
}

/// Closed lanes that nobody has looked into for a while; each is told to one worker.
pub(super) async fn to_sweep(database: &Database) -> Result<Vec<i64>, DbErr> {
    let backend = database.backend();
    let now = now(backend);
    let lock = match backend {
        DbBackend::Postgres => "FOR UPDATE SKIP LOCKED",
        _ => "",
    };
    let sql = format!(
        "UPDATE destination_health SET swept_at = {now} WHERE destination_id IN (
             SELECT destination_id FROM destination_health
             WHERE lane_state = 'closed' AND changed_at > 0 AND swept_at < {now} - $1
             ORDER BY swept_at LIMIT $2 {lock}
         ) RETURNING destination_id"
    );
    let limit = i64::try_from(SWEPT_AT_ONCE).unwrap_or(i64::MAX);
    let values = [millis(SWEEP).into(), limit.into()];
    let rows = database
        .writer()
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    rows.iter()
        .map(|row| row.try_get("", "destination_id"))
        .collect()
}

/// Whether there is anything to sweep, so that an idle worker does not write.
pub(super) async fn has_closed(database: &Database) -> Result<bool, DbErr> {
    let row = health::Entity::find()
        .filter(health::Column::LaneState.eq(health::CLOSED))
        .filter(health::Column::ChangedAt.gt(0))
        .one(database.reader())
        .await?;
    Ok(row.is_some())
}

/// Destinations that are no more, whose lane may still be on the broker.
pub(super) async fn of_destroyed(database: &Database) -> Result<Vec<i64>, DbErr> {
    destroyed::Entity::find()
        .select_only()
        .column(destroyed::Column::DestinationId)
        .filter(destroyed::Column::HadLane.eq(true))
        .order_by_asc(destroyed::Column::DestinationId)
        .into_tuple()
        .all(database.reader())
        .await
}

/// The lane of a destroyed destination is gone.
pub(super) async fn removed(database: &Database, id: i64) -> Result<(), DbErr> {
    execute(
        database.writer(),
        "UPDATE destroyed_destinations SET had_lane = false WHERE destination_id = $1",
        [id.into()],
    )
    .await
    .map(drop)
}

/// The database's clock in milliseconds since 1970.
fn now(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
        _ => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    }
}

#[cfg(test)]
mod tests;

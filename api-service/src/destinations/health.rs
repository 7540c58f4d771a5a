//! How deliveries to destinations go: their state, their figures by minute, and the last failed attempts.
//! Workers write it.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use shared::clock::Timestamp;
use shared::entities::destination_health::OPEN;
use shared::entities::{delivery_stats, destination_health, failed_attempts};
use shared::queue::Source;

use super::{Failure, numbers};
use crate::app::App;
use crate::domain::Destination;
use crate::domain::health::{Health, LastFailure};

/// Most rows of figures that are read at once: those of five destinations, which is the default limit, in
/// all minutes that are kept.
const MOST_FIGURES: usize = 5 * 20_160;

/// What a destination got in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// The first moment of the minute.
    pub minute: Timestamp,
    /// Events that it took.
    pub delivered: i64,
    /// Attempts that failed.
    pub failed: i64,
    /// The longest that an event had waited when it was tried, in milliseconds.
    pub lag_ms: i64,
}

/// The health of destinations by their numbers; of one without any delivery nothing is said.
pub async fn health(
    app: &App,
    of: &[Arc<Destination>],
) -> Result<HashMap<i64, Arc<Health>>, Failure> {
    let rows = destination_health::Entity::find()
        .filter(destination_health::Column::DestinationId.is_in(numbers(of)))
        .all(app.foundation.database.reader())
        .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| (row.destination_id, Arc::new(row.into())))
        .collect())
}

impl From<destination_health::Model> for Health {
    fn from(row: destination_health::Model) -> Self {
        // 0: never.
        let some = |at: i64| (at > 0).then_some(Timestamp(at));
        let lane_is_open = row.lane_state == OPEN;
        Self {
            lane_is_open,
            lane_changed_at: some(row.changed_at),
            oldest_at: row.oldest_at.filter(|_| lane_is_open).map(Timestamp),
            next_attempt_at: some(row.next_probe_at),
            last_success_at: row.last_success_at.map(Timestamp),
            last_failure: row.last_failure_at.map(|at| LastFailure {
                at: Timestamp(at),
                status: row.last_failure_status,
                error: row.last_failure_error.unwrap_or_default(),
                response: row.last_failure_response,
            }),
        }
    }
}

/// How many events wait for a destination; none, when the queue cannot tell.
pub async fn backlog(app: &App, destination_id: i64, health: &Health) -> Option<u64> {
    // Without a lane there is nothing that the queue could be asked for.
    if health.lane_changed_at.is_none() {
        return Some(0);
    }
    let queue = &app.foundation.queue;
    if !queue.is_connected() {
        return None;
    }
    let depth = queue.depth(Source::Lane(destination_id)).await.ok()?;
    Some(depth.waiting)
}

/// Of how many destinations the figures of so many minutes are read at once.
pub fn figures_at_once(minutes: i32) -> usize {
    let minutes = usize::try_from(minutes).unwrap_or(1).max(1);
    (MOST_FIGURES / minutes).max(1)
}

/// The figures of destinations since a minute, by their numbers, in order; minutes without any are left
/// out.
pub async fn figures(
    app: &App,
    of: &[Arc<Destination>],
    since: Timestamp,
) -> Result<HashMap<i64, Arc<[Figures]>>, Failure> {
    use delivery_stats::Column;
    let rows = delivery_stats::Entity::find()
        .filter(Column::DestinationId.is_in(numbers(of)))
        .filter(Column::Minute.gte(since.0))
        .order_by_asc(Column::Minute)
        .all(app.foundation.database.reader())
        .await?;
    let rows = rows.into_iter().map(|row| {
        let figures = Figures {
            minute: Timestamp(row.minute),
            delivered: row.delivered,
            failed: row.failed,
            lag_ms: row.lag_ms,
        };
        (row.destination_id, figures)
    });
    Ok(grouped(rows, usize::MAX))
}

/// The last attempts of destinations that failed, by their numbers, the newest first.
pub async fn last_failed_attempts(
    app: &App,
    of: &[Arc<Destination>],
) -> Result<HashMap<i64, Arc<[failed_attempts::Model]>>, Failure> {
    let rows = failed_attempts::Entity::find()
        .filter(failed_attempts::Column::DestinationId.is_in(numbers(of)))
        .order_by_desc(failed_attempts::Column::Id)
        .all(app.foundation.database.reader())
        .await?;
    let rows = rows.into_iter().map(|row| (row.destination_id, row));
    // Older ones may be there until a worker clears them away.
    let kept = usize::try_from(failed_attempts::KEPT).unwrap_or(usize::MAX);
    Ok(grouped(rows, kept))
}

/// The first `most` items of each destination, in their order.
fn grouped<T>(items: impl Iterator<Item = (i64, T)>, most: usize) -> HashMap<i64, Arc<[T]>> {
    let mut groups: HashMap<i64, Vec<T>> = HashMap::new();
    for (of, item) in items {
        let group = groups.entry(of).or_default();
        if group.len() < most {
            group.push(item);
        }
    }
    let groups = groups.into_iter();
    groups.map(|(of, group)| (of, group.into())).collect()
}

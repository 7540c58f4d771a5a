//! How deliveries to a destination go, as objects.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use shared::clock::Timestamp;
use shared::entities::failed_attempts;

use super::batches::Batches;
use super::destination_list::{beside, root_field};
use super::time::time;
use super::{app, errors};
use crate::destinations::{self, Figures};
use crate::domain::Destination;
use crate::domain::health::{Health, LastFailure, MOST_MINUTES, State, first_minute};

/// What was read for one request so far.
#[derive(Default)]
pub(super) struct HealthOfRequest {
    health: Batches<(), Arc<Health>>,
    figures: Batches<i32, Arc<[Figures]>>,
    failed_attempts: Batches<(), Arc<[failed_attempts::Model]>>,
}

/// Whether a destination gets its events.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "AuditEventStreamingHealthState", remote = "State")]
pub(super) enum StateName {
    /// It gets them as they come.
    Healthy,
    /// Deliveries fail. What is for it waits, and it is tried again from time to time.
    Troubled,
    /// It is not active.
    Paused,
}

/// The health of a destination.
pub(super) async fn of(
    ctx: &Context<'_>,
    destination: &Arc<Destination>,
) -> Result<DestinationHealth> {
    let of_request: &HealthOfRequest = ctx.data_unchecked();
    let health = of_request
        .health
        .get(
            (root_field(ctx), ()),
            destination,
            || beside(ctx),
            usize::MAX,
            async |all| destinations::health(app(ctx), &all).await,
        )
        .await?;
    Ok(DestinationHealth {
        destination: destination.clone(),
        health: health.unwrap_or_default(),
    })
}

/// How deliveries to a destination go.
pub(super) struct DestinationHealth {
    destination: Arc<Destination>,
    health: Arc<Health>,
}

/// How deliveries to a destination go.
#[Object(name = "AuditEventStreamingHealth")]
impl DestinationHealth {
    /// Whether the destination gets its events.
    async fn state(&self) -> StateName {
        self.health.state(&self.destination).into()
    }

    /// Since when it is in this state; null, when that is not known.
    async fn since(&self) -> Option<DateTime<Utc>> {
        time(self.health.since(&self.destination))
    }

    /// How many events wait for it; null, when the queue cannot tell now.
    async fn backlog_size(&self, ctx: &Context<'_>) -> Option<u64> {
        destinations::backlog(app(ctx), self.destination.id, &self.health).await
    }

    /// When the oldest event that waits was first tried, or began to wait; null, when none waits.
    async fn backlog_oldest_at(&self) -> Option<DateTime<Utc>> {
        time(self.health.oldest_at)
    }

    /// When it is tried next; null, when it is not in trouble.
    async fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        time(self.health.next_attempt_at(&self.destination))
    }

    /// When it last took an event; null: never.
    async fn last_success_at(&self) -> Option<DateTime<Utc>> {
        time(self.health.last_success_at)
    }

    /// The last attempt that failed; null, when none did.
    async fn last_failure(&self) -> Option<LastFailureObject> {
        let failure = self.health.last_failure.clone();
        failure.map(LastFailureObject::from)
    }

    /// What became of its deliveries in each of the last minutes, the current one included, in order.
    /// Minutes without any are left out.
    async fn stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many minutes, at most 20160, which are 14 days.",
            default = 60
        )]
        minutes: i32,
    ) -> Result<Option<Vec<MinuteFigures>>> {
        if !(1..=MOST_MINUTES).contains(&minutes) {
            let sentence = format!("minutes must be from 1 to {MOST_MINUTES}");
            return Err(errors::bad_input(sentence));
        }
        let of_request: &HealthOfRequest = ctx.data_unchecked();
        let since = first_minute(app(ctx).foundation.clock.now(), minutes);
        let figures = of_request
            .figures
            .get(
                (root_field(ctx), minutes),
                &self.destination,
                || beside(ctx),
                destinations::figures_at_once(minutes),
                async |all| destinations::figures(app(ctx), &all, since).await,
            )
            .await?;
        let figures = figures.unwrap_or_default();
        Ok(Some(
            figures.iter().copied().map(MinuteFigures::from).collect(),
        ))
    }

    /// The last 50 attempts that failed, the newest first.
    async fn failed_attempts(&self, ctx: &Context<'_>) -> Result<Option<Vec<FailedAttempt>>> {
        let of_request: &HealthOfRequest = ctx.data_unchecked();
        let attempts = of_request
            .failed_attempts
            .get(
                (root_field(ctx), ()),
                &self.destination,
                || beside(ctx),
                usize::MAX,
                async |all| destinations::last_failed_attempts(app(ctx), &all).await,
            )
            .await?;
        let attempts = attempts.unwrap_or_default();
        Ok(Some(attempts.iter().map(FailedAttempt::from).collect()))
    }
}

/// The last attempt of deliveries to a destination that failed.
#[derive(SimpleObject)]
#[graphql(name = "AuditEventStreamingLastFailure")]
pub(super) struct LastFailureObject {
    /// When.
    at: DateTime<Utc>,
    /// Status of the response; null, when there was none.
    status: Option<i64>,
    /// What went wrong.
    error: String,
    /// The beginning of the response's body; null, when there was none.
    response: Option<String>,
}

impl From<LastFailure> for LastFailureObject {
    fn from(failure: LastFailure) -> Self {
        Self {
            at: failure.at.to_datetime(),
            status: failure.status,
            error: failure.error,
            response: failure.response,
        }
    }
}

/// What became of the deliveries to a destination in a minute.
#[derive(SimpleObject)]
#[graphql(name = "AuditEventStreamingMinute")]
pub(super) struct MinuteFigures {
    /// The minute's first moment.
    minute: DateTime<Utc>,
    /// Events that the destination took.
    delivered: i64,
    /// Attempts that failed.
    failed: i64,
    /// The longest that an event had been on its way, from its acceptance, when it was tried, in
    /// milliseconds.
    lag_ms: i64,
}

impl From<Figures> for MinuteFigures {
    fn from(figures: Figures) -> Self {
        Self {
            minute: figures.minute.to_datetime(),
            delivered: figures.delivered,
            failed: figures.failed,
            lag_ms: figures.lag_ms,
        }
    }
}

/// An attempt to deliver an event that failed.
#[derive(SimpleObject)]
#[graphql(name = "AuditEventStreamingFailedAttempt")]
pub(super) struct FailedAttempt {
    /// Id of the event.
    event_id: String,
    /// Name of the event's type.
    event_type: String,
    /// When it began.
    attempted_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    duration_ms: i64,
    /// Status of the response; null, when there was none.
    status: Option<i64>,
    /// What went wrong.
    error: String,
    /// The beginning of the response's body; null, when there was none.
    response: Option<String>,
}

impl From<&failed_attempts::Model> for FailedAttempt {
    fn from(row: &failed_attempts::Model) -> Self {
        Self {
            event_id: row.event_id.clone(),
            event_type: row.event_type.clone(),
            attempted_at: Timestamp(row.attempted_at).to_datetime(),
            duration_ms: row.duration_ms,
            status: row.status,
            error: row.error.clone(),
            response: row.response.clone(),
        }
    }
}

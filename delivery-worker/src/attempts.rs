//! Tries to bring an event to a destination, and takes note of what came of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use shared::clock::{Clock, Timestamp};
use shared::traces::{SpanKind, Traces};
use tokio::time::{Instant, sleep, timeout};

use crate::classification::Ending;
use crate::dispatch::{Connection, Dispatcher, Sending};
use crate::endpoint::Endpoint;
use crate::feed::Feed;
use crate::history::{Attempt, History};
use crate::metrics::{Age, Metrics};
use crate::outcome::Outcome;
use crate::snapshot::reload::Snapshots;
use crate::spans;
use crate::window::Window;

/// How long a receiver gets before a second try in place, as a share of the patience.
const PAUSE: u32 = 4;

/// What an attempt needs to know of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) id: &'a str,
    /// The name of its type.
    pub(crate) kind: &'a str,
    /// The trace that the attempt is a part of.
    pub(crate) traceparent: Option<&'a str>,
    pub(crate) body: &'a Bytes,
    /// Since when it is on its way.
    pub(crate) age: Age,
}

/// The destination was destroyed: nobody waits for the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Destroyed;

/// What attempts need. Shared by the fast path and all drains.
pub(crate) struct Attempts {
    pub(crate) snapshots: Arc<Snapshots>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) history: Arc<History>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Clock,
    pub(crate) traces: Traces,
    pub(crate) window: Arc<Window>,
    /// `delivery.patience`.
    pub(crate) patience: Duration,
}

impl Attempts {
    /// Tries, and once more in place when that may help and the first try took no longer than the
    /// patience: one failure in a thousand is no trouble.
    pub(crate) async fn with_second_try(
        &self,
        destination_id: i64,
        event: &Event<'_>,
    ) -> Result<Outcome, Destroyed> {
        let began = Instant::now();
        let first = self.once(destination_id, event, Connection::Pooled).await?;
        let Outcome::Troubled(trouble) = &first else {
            return Ok(first);
        };
        if !trouble.how.second_try || began.elapsed() >= self.patience {
            return Ok(first);
        }
        // A connection that the receiver had closed meanwhile says nothing of the receiver.
        if trouble.failure.status.is_some() {
            sleep(self.patience / PAUSE).await;
        }
        // Boxed since it is seldom: the future of each delivery would be twice as large.
        Box::pin(self.once(destination_id, event, Connection::Fresh)).await
    }

    /// Tries once, by the configuration of this very moment: a destination may have been deactivated
    /// since its event was routed.
    pub(crate) async fn once(
        &self,
        destination_id: i64,
        event: &Event<'_>,
        connection: Connection,
    ) -> Result<Outcome, Destroyed> {
        let snapshot = self.snapshots.current();
        let endpoint = snapshot.find(destination_id).ok_or(Destroyed)?;
        if !endpoint.filters.active {
            let error = "the destination is not active";
            return Ok(Outcome::without_answer(Ending::Inactive, error));
        }
        let (at, began) = (self.clock.now(), Instant::now());
        let outcome = self.dispatch(endpoint, event, connection, at).await;
        let outcome = endpoint.state.judge(outcome, began);
        self.metrics.attempted(&outcome);
        let delivered = matches!(outcome, Outcome::Delivered(_));
        endpoint.state.count(delivered);
        if delivered {
            self.metrics.arrived(&event.age, self.clock.now());
        }
        log_change(endpoint, &outcome);
        let attempt = Attempt {
            destination_id,
            event,
            at,
            took: began.elapsed(),
            outcome: &outcome,
        };
        self.history.record(&attempt);
        self.feed.record(&attempt);
        Ok(outcome)
    }

    async fn dispatch(
        &self,
        endpoint: &Endpoint,
        event: &Event<'_>,
        connection: Connection,
        at: Timestamp,
    ) -> Outcome {
        let head = match &endpoint.request {
            Ok(head) => head,
            Err(problem) => {
                let error = format!("the destination cannot be used: {problem}");
                return Outcome::without_answer(Ending::Unusable, error);
            }
        };
        let mut span = self
            .traces
            .begin(SpanKind::Client, "POST destination", event.traceparent);
        let own = span.traceparent();
        let sending = Sending {
            event_id: event.id,
            event_type: event.kind,
            traceparent: own.as_deref().or(event.traceparent),
            body: event.body,
            at,
        };
        let under_way = self.metrics.begin_request();
        let timer = self.metrics.delivery_duration.start_timer();
        let mut attempt = std::pin::pin!(self.dispatcher.attempt(head, &sending, connection));
        let outcome = match timeout(self.patience, &mut attempt).await {
            Ok(outcome) => outcome,
            // What is sent from a lane holds nothing of the window.
            Err(_elapsed) if endpoint.state.lane_is_open() => attempt.await,
            Err(_elapsed) => {
                let _slow = self.window.hold_slow();
                if self.window.has_too_many_slow() {
                    endpoint.state.permits.restart();
                }
                attempt.await
            }
        };
        timer.observe_duration();
        drop(under_way);
        spans::of_attempt(&mut span, endpoint, event, &outcome);
        outcome
    }
}

/// Once when a destination begins to fail and once when it is over, not for each event.
fn log_change(endpoint: &Endpoint, outcome: &Outcome) {
    match outcome.failure() {
        Some(failure) if endpoint.state.changes_to(true) => tracing::warn!(
            destination.id = endpoint.id,
            destination.name = %endpoint.name,
            error = %failure.error,
            "deliveries to a destination fail, they are tried again later"
        ),
        None if endpoint.state.changes_to(false) => tracing::info!(
            destination.id = endpoint.id,
            destination.name = %endpoint.name,
            "deliveries to a destination succeed again"
        ),
        _ => {}
    }
}

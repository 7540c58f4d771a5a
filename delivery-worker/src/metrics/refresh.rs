//! Numbers for which database, queue or all destinations must be asked: now and then, whoever scrapes how
//! often, and apart from deliveries.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use shared::clock::Timestamp;
use shared::entities::destination_health as health;
use shared::foundation::Foundation;
use shared::queue::{QueueAway, Source};
use tokio::time::{MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;

use super::destinations::choose;
use super::{Busiest, Metrics};
use crate::attempts::Attempts;
use crate::lane::longest_open;

/// Destinations in trouble that are shown at most, those that have been for the longest. The broker is
/// asked for the lane of each.
const MOST_TROUBLED: u64 = 100;
/// How long database and queue may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Queues whose depth is told, with the label for each.
const QUEUES: [(Source, &str); 4] = [
    (Source::Events, "events"),
    (Source::Deliver, "deliver"),
    (Source::Dead, "dead"),
    (Source::Rejected, "rejected"),
];

/// Renews the numbers of one worker.
pub(crate) struct Refresh {
    pub(crate) foundation: Foundation,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) metrics: Metrics,
    pub(crate) busiest: Busiest,
}

impl Refresh {
    /// Runs every `metrics.refresh_interval` until it is stopped.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut renewal = tokio::time::interval(self.foundation.config.metrics.refresh_interval);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // With labels that are set one by one, what is gone must be taken away one by one.
        let mut shown = HashSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = renewal.tick() => {}
            }
            let window = i64::try_from(self.attempts.window.held()).unwrap_or(i64::MAX);
            self.metrics.window_held.set(window);
            let age = self.attempts.snapshots.age().as_secs();
            let age = i64::try_from(age).unwrap_or(i64::MAX);
            self.metrics.snapshot_age.set(age);
            let mut asking = Asking {
                // One that is known to be away is not waited for.
                answers: self.foundation.queue.is_connected(),
            };
            let asked = async {
                self.destinations(&mut shown, &mut asking).await;
                self.queues(&mut asking).await;
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = asked => {}
            }
        }
    }

    /// The destinations that have series of their own, and their lanes.
    async fn destinations(&self, shown: &mut HashSet<i64>, asking: &mut Asking) {
        let open = longest_open(&self.foundation.database, MOST_TROUBLED);
        let open = timeout(TIMEOUT, open)
            .await
            .unwrap_or_else(|_| Err(DbErr::Custom("the database does not answer".to_owned())));
        self.metrics.service.database_answered(open.is_ok());
        // While nobody can tell, what was last known of the troubled would only look as if it were known.
        let open = open.unwrap_or_default();
        let troubled: HashSet<i64> = open.iter().map(|row| row.destination_id).collect();
        let snapshot = self.attempts.snapshots.current();
        let most = self.foundation.config.metrics.top_destinations;
        self.busiest
            .show(&choose(snapshot.endpoints(), &troubled, most));
        for gone in shown.difference(&troubled) {
            self.forget(*gone);
        }
        for row in &open {
            self.lane(row, asking).await;
        }
        *shown = troubled;
    }

    async fn lane(&self, row: &health::Model, asking: &mut Asking) {
        let id = row.destination_id;
        let label = id.to_string();
        let now = self.foundation.clock.now();
        // None waits after its owner has moved all away.
        let age = row
            .oldest_at
            .map_or(0, |oldest| now.since(Timestamp(oldest)).as_secs());
        let age = i64::try_from(age).unwrap_or(i64::MAX);
        self.metrics
            .lane_oldest_age
            .with_label_values(&[&label])
            .set(age);
        match self.depth(Source::Lane(id), asking).await {
            Some(events) => {
                let gauge = self.metrics.lane_events.with_label_values(&[&label]);
                gauge.set(events);
            }
            // Already absent, when it was not known the last time either.
            None => drop(self.metrics.lane_events.remove_label_values(&[&label])),
        }
    }

    /// Takes away what is shown of a lane.
    fn forget(&self, id: i64) {
        let label = id.to_string();
        for gauges in [&self.metrics.lane_events, &self.metrics.lane_oldest_age] {
            // Absent already, when it was never known.
            let _ = gauges.remove_label_values(&[&label]);
        }
    }

    async fn queues(&self, asking: &mut Asking) {
        for (source, label) in QUEUES {
            match self.depth(source, asking).await {
                Some(messages) => {
                    let gauge = self.metrics.queue_messages.with_label_values(&[label]);
                    gauge.set(messages);
                }
                None => drop(self.metrics.queue_messages.remove_label_values(&[label])),
            }
        }
        let waiting = asking.ask(self.foundation.queue.retries_waiting()).await;
        self.metrics.retries_waiting.set(waiting.map(number));
    }

    async fn depth(&self, source: Source, asking: &mut Asking) -> Option<i64> {
        let depth = asking.ask(self.foundation.queue.depth(source)).await?;
        Some(number(depth.waiting))
    }
}

/// Asks the queue, until it does not answer once: a hundred lanes are not waited for one by one.
struct Asking {
    answers: bool,
}

impl Asking {
    async fn ask<T>(&mut self, question: impl Future<Output = Result<T, QueueAway>>) -> Option<T> {
        if !self.answers {
            return None;
        }
        let answer = timeout(TIMEOUT, question).await;
        let answer = answer.ok().and_then(Result::ok);
        self.answers = answer.is_some();
        answer
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

//! Keeps the lanes: follows which are open, takes the lease of those that are due and has them drained.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use shared::clock::Timestamp;
use shared::entities::destination_health::{self as health, OPEN};
use shared::queue::Notice;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::drain::Drain;
use super::{Lanes, book};
use crate::attempts::Attempts;
use crate::endpoint::Endpoint;

/// How often the database is asked which lanes are open, whatever notices are lost.
const LOOK: Duration = Duration::from_secs(1);
/// The shortest time between two looks.
const SHORTEST: Duration = Duration::from_millis(20);
/// How often leases are renewed.
const RENEW: Duration = Duration::from_secs(3);
/// Lanes that one worker drains at once: each has a channel of the broker and a window of its own.
const AT_ONCE: usize = 128;

/// A drain that is under way.
struct Draining {
    stop: CancellationToken,
    /// What its owner had asked for when it began.
    purge_requested_at: Option<i64>,
}

/// Keeps the lanes of one worker.
pub(crate) struct Keeper {
    lanes: Arc<Lanes>,
    attempts: Arc<Attempts>,
    /// Tells this worker from others.
    worker: Arc<str>,
    tasks: TaskTracker,
    draining: HashMap<i64, Draining>,
    /// Destinations as they were when last tried for: one that was changed since is tried at once.
    seen: HashMap<i64, Arc<Endpoint>>,
    renewed_at: Instant,
    away: bool,
}

impl Keeper {
    /// Drains run in `tasks`.
    pub(crate) fn new(lanes: Arc<Lanes>, attempts: Arc<Attempts>, tasks: TaskTracker) -> Self {
        Self {
            lanes,
            attempts,
            worker: uuid::Uuid::new_v4().to_string().into(),
            tasks,
            draining: HashMap::new(),
            seen: HashMap::new(),
            renewed_at: Instant::now(),
            away: false,
        }
    }

    /// Runs until it is stopped. Drains end by themselves then.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut notices = self.lanes.foundation.queue.notices();
        let mut wait = Duration::ZERO;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
                () = self.lanes.wake.notified() => {}
                () = lanes_changed(&mut notices) => {}
            }
            // Many lanes may be opened at once: one look is enough for those of a moment.
            tokio::time::sleep(SHORTEST).await;
            match self.look(&stop).await {
                Ok(next) => {
                    if std::mem::take(&mut self.away) {
                        tracing::info!("lanes are looked after again");
                    }
                    wait = next;
                }
                Err(error) => {
                    // Once, not every second.
                    if !std::mem::replace(&mut self.away, true) {
                        tracing::warn!(error = %error, "lanes cannot be looked after, the database is away");
                    }
                    wait = LOOK;
                }
            }
        }
    }

    /// Does what is to be done; how long there will be nothing more to do.
    async fn look(&mut self, stop: &CancellationToken) -> Result<Duration, DbErr> {
        self.draining
            .retain(|_, draining| !draining.stop.is_cancelled());
        self.renew().await?;
        let asked_at = Instant::now();
        let rows = book::open_or_held(&self.lanes.foundation.database, &self.worker).await?;
        self.follow(&rows, asked_at);
        let mut next = LOOK;
        for row in rows.iter().filter(|row| row.lane_state == OPEN) {
            if let Some(draining) = self.draining.get(&row.destination_id) {
                // It ends, and the next one begins with the purge.
                if row.purge_requested_at > draining.purge_requested_at {
                    draining.stop.cancel();
                }
                continue;
            }
            if self.draining.len() >= AT_ONCE {
                break;
            }
            let snapshot = self.attempts.snapshots.current();
            let Some(endpoint) = snapshot.find(row.destination_id) else {
                continue;
            };
            let now = self.lanes.foundation.clock.now();
            if self.is_due(row, endpoint, now) {
                self.drain(row, endpoint, stop).await?;
            } else {
                next = next.min(Timestamp(row.next_probe_at).since(now));
            }
        }
        Ok(next.max(SHORTEST))
    }

    async fn renew(&mut self) -> Result<(), DbErr> {
        if self.draining.is_empty() || self.renewed_at.elapsed() < RENEW {
            return Ok(());
        }
        // With the database away drains go on: one active consumer is the fence.
        let held = book::renew(&self.lanes.foundation.database, &self.worker).await?;
        self.renewed_at = Instant::now();
        for (id, draining) in &self.draining {
            if !held.contains(id) {
                draining.stop.cancel();
            }
        }
        Ok(())
    }

    /// Lets the fast path know which lanes are open, by what the database said when it was asked at
    /// `asked_at`.
    fn follow(&mut self, rows: &[health::Model], asked_at: Instant) {
        let open: HashSet<i64> = rows
            .iter()
            .filter(|row| row.lane_state == OPEN)
            .map(|row| row.destination_id)
            .collect();
        let mut in_trouble = 0;
        // Every one: this worker may have opened a lane that another has closed before this look.
        for endpoint in self.attempts.snapshots.current().endpoints() {
            if open.contains(&endpoint.id) {
                endpoint.state.set_lane_open(true);
                // A paused one waits because somebody wanted it to.
                in_trouble += i64::from(endpoint.filters.active);
            } else {
                endpoint.state.close_lane_unless_opened_since(asked_at);
            }
        }
        self.seen.retain(|id, _| open.contains(id));
        self.attempts.metrics.lanes_open.set(in_trouble);
    }

    fn is_due(&mut self, row: &health::Model, endpoint: &Arc<Endpoint>, now: Timestamp) -> bool {
        let before = self.seen.insert(row.destination_id, endpoint.clone());
        let changed = before.is_some_and(|before| !Arc::ptr_eq(&before, endpoint));
        changed || row.purge_requested_at.is_some() || row.next_probe_at <= now.0
    }

    async fn drain(
        &mut self,
        seen: &health::Model,
        endpoint: &Arc<Endpoint>,
        stop: &CancellationToken,
    ) -> Result<(), DbErr> {
        let (id, seen_probe_at) = (seen.destination_id, seen.next_probe_at);
        let database = &self.lanes.foundation.database;
        let Some(row) = book::lease(database, id, &self.worker).await? else {
            return Ok(());
        };
        // Another worker may have tried since this one looked.
        if row.next_probe_at > seen_probe_at && row.purge_requested_at.is_none() {
            return book::release(database, id, &self.worker).await;
        }
        let stop = stop.child_token();
        let draining = Draining {
            stop: stop.clone(),
            purge_requested_at: row.purge_requested_at,
        };
        self.draining.insert(id, draining);
        let drain = Drain {
            lanes: self.lanes.clone(),
            attempts: self.attempts.clone(),
            worker: self.worker.clone(),
            endpoint: endpoint.clone(),
            row,
            stop: stop.clone(),
        };
        let lanes = self.lanes.clone();
        let ended = stop.drop_guard();
        self.tasks.spawn(async move {
            // Dropped by a panic too.
            let ended = ended;
            drain.run().await;
            drop(ended);
            lanes.wake.notify_one();
        });
        Ok(())
    }
}

/// Resolves when a lane may have changed.
async fn lanes_changed(notices: &mut tokio::sync::broadcast::Receiver<Notice>) {
    loop {
        match notices.recv().await {
            Ok(Notice::LanesChanged) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

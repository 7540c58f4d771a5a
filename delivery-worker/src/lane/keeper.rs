//! Keeps the lanes: follows which are open, takes the lease of those that are due and has them drained,
//! looks into closed ones, and removes those of destroyed destinations.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use shared::clock::Timestamp;
use shared::entities::destination_health::{self as health, OPEN};
use shared::queue::{Notice, Source};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::drain::Drain;
use super::{Lanes, Wait, book};
use crate::attempts::Attempts;
use crate::endpoint::Endpoint;

/// How often the database is asked which lanes are open, whatever notices are lost.
const LOOK: Duration = Duration::from_secs(1);
/// The shortest time between two looks.
const SHORTEST: Duration = Duration::from_millis(20);
/// How often leases are renewed.
const RENEW: Duration = Duration::from_secs(3);
/// How often closed lanes and those of destroyed destinations are looked for.
const CLEAN: Duration = Duration::from_secs(5);
/// How long a lane is left alone after its destination was destroyed: longer than any worker's view of
/// the destinations can be stale.
const REMOVE_AFTER: Duration = Duration::from_secs(10);

/// Keeps the lanes of one worker.
pub(crate) struct Keeper {
    lanes: Arc<Lanes>,
    attempts: Arc<Attempts>,
    /// Tells this worker from others.
    worker: Arc<str>,
    tasks: TaskTracker,
    draining: HashMap<i64, CancellationToken>,
    open: HashSet<i64>,
    /// Destinations as they were when last tried for: one that was changed since is tried at once.
    seen: HashMap<i64, Arc<Endpoint>>,
    renewed_at: Instant,
    cleaned_at: Option<Instant>,
    destroyed: HashMap<i64, Instant>,
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
            open: HashSet::new(),
            seen: HashMap::new(),
            renewed_at: Instant::now(),
            cleaned_at: None,
            destroyed: HashMap::new(),
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
        self.draining.retain(|_, stop| !stop.is_cancelled());
        self.renew().await?;
        let rows = book::open_or_held(&self.lanes.foundation.database, &self.worker).await?;
        self.follow(&rows);
        let mut next = LOOK;
        for row in rows.iter().filter(|row| row.lane_state == OPEN) {
            if self.draining.contains_key(&row.destination_id) {
                continue;
            }
            let snapshot = self.attempts.snapshots.current();
            let Some(endpoint) = snapshot.find(row.destination_id) else {
                continue;
            };
            let now = self.lanes.foundation.clock.now();
            if self.is_due(row, endpoint, now) {
                self.drain(row.destination_id, endpoint, stop).await?;
            } else {
                next = next.min(Timestamp(row.next_probe_at).since(now));
            }
        }
        if self
            .cleaned_at
            .is_none_or(|moment| moment.elapsed() >= CLEAN)
        {
            self.cleaned_at = Some(Instant::now());
            self.sweep().await?;
            self.remove_destroyed().await?;
        }
        Ok(next.max(SHORTEST))
    }

    async fn renew(&mut self) -> Result<(), DbErr> {
        if self.draining.is_empty() || self.renewed_at.elapsed() < RENEW {
            return Ok(());
        }
        // With the database away nobody else can take them, so drains go on.
        let held = book::renew(&self.lanes.foundation.database, &self.worker).await?;
        self.renewed_at = Instant::now();
        for (id, stop) in &self.draining {
            if !held.contains(id) {
                stop.cancel();
            }
        }
        Ok(())
    }

    /// Lets the fast path know which lanes are open.
    fn follow(&mut self, rows: &[health::Model]) {
        let open: HashSet<i64> = rows
            .iter()
            .filter(|row| row.lane_state == OPEN)
            .map(|row| row.destination_id)
            .collect();
        let snapshot = self.attempts.snapshots.current();
        for id in self.open.union(&open) {
            if let Some(endpoint) = snapshot.find(*id) {
                endpoint.state.set_lane_open(open.contains(id));
            }
        }
        self.seen.retain(|id, _| open.contains(id));
        self.open = open;
        self.attempts
            .metrics
            .lanes_open
            .set(i64::try_from(self.open.len()).unwrap_or(i64::MAX));
    }

    fn is_due(&mut self, row: &health::Model, endpoint: &Arc<Endpoint>, now: Timestamp) -> bool {
        let before = self.seen.insert(row.destination_id, endpoint.clone());
        let changed = before.is_some_and(|before| !Arc::ptr_eq(&before, endpoint));
        changed || row.purge_requested_at.is_some() || row.next_probe_at <= now.0
    }

    async fn drain(
        &mut self,
        id: i64,
        endpoint: &Arc<Endpoint>,
        stop: &CancellationToken,
    ) -> Result<(), DbErr> {
        let database = &self.lanes.foundation.database;
        let Some(row) = book::lease(database, id, &self.worker).await? else {
            return Ok(());
        };
        let stop = stop.child_token();
        self.draining.insert(id, stop.clone());
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

    /// A worker whose view was too old, or that stood still for long, may have put something into a
    /// closed lane.
    async fn sweep(&self) -> Result<(), DbErr> {
        let foundation = &self.lanes.foundation;
        if !book::has_closed(&foundation.database).await? {
            return Ok(());
        }
        for id in book::to_sweep(&foundation.database).await? {
            let snapshot = self.attempts.snapshots.current();
            let Some(endpoint) = snapshot.find(id) else {
                continue;
            };
            match foundation.queue.depth(Source::Lane(id)).await {
                Ok(0) => {}
                Ok(depth) => {
                    tracing::info!(
                        destination.id = id,
                        depth,
                        "a closed lane holds events, it is opened again"
                    );
                    // What cannot be opened is found by the next sweep.
                    let _ = self.lanes.open(endpoint, Wait::Not).await;
                }
                Err(error) => {
                    tracing::debug!(error = %error, destination.id = id, "a closed lane cannot be looked into");
                }
            }
        }
        Ok(())
    }

    async fn remove_destroyed(&mut self) -> Result<(), DbErr> {
        let foundation = &self.lanes.foundation;
        let ids = book::of_destroyed(&foundation.database).await?;
        self.destroyed.retain(|id, _| ids.contains(id));
        for id in ids {
            let since = self.destroyed.entry(id).or_insert_with(Instant::now);
            if since.elapsed() < REMOVE_AFTER {
                continue;
            }
            match foundation.queue.remove_lane(id).await {
                Ok(events) => {
                    self.attempts.metrics.discarded.inc_by(events);
                    book::removed(&foundation.database, id).await?;
                    tracing::info!(
                        destination.id = id,
                        events,
                        "the lane of a destroyed destination was removed"
                    );
                }
                Err(error) => {
                    tracing::debug!(error = %error, destination.id = id, "a lane cannot be removed yet");
                }
            }
        }
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

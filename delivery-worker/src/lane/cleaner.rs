//! Looks into closed lanes, and removes those of destroyed destinations.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use shared::queue::Source;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Lanes, Wait, book};

/// How often closed lanes and those of destroyed destinations are looked for.
const CLEAN: Duration = Duration::from_secs(5);
/// How long a lane is left alone after its destination was destroyed: longer than any worker's view of
/// the destinations can be stale.
const REMOVE_AFTER: Duration = Duration::from_secs(10);

/// Apart from what keeps the lanes: it asks the broker, which may take its time.
pub(crate) struct Cleaner {
    lanes: Arc<Lanes>,
    /// Since when a destroyed destination is known.
    destroyed: HashMap<i64, Instant>,
}

impl Cleaner {
    pub(crate) fn new(lanes: Arc<Lanes>) -> Self {
        Self {
            lanes,
            destroyed: HashMap::new(),
        }
    }

    /// Runs until it is stopped.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(CLEAN) => {}
            }
            for cleaned in [self.sweep().await, self.remove_destroyed().await] {
                if let Err(error) = cleaned {
                    tracing::debug!(error = %error, "closed lanes cannot be looked for");
                }
            }
        }
    }

    /// A worker whose view was too old, or that stood still for long, may have put something into a
    /// closed lane.
    async fn sweep(&self) -> Result<(), DbErr> {
        let foundation = &self.lanes.foundation;
        if !book::has_closed(&foundation.database).await? {
            return Ok(());
        }
        for id in book::to_sweep(&foundation.database).await? {
            let snapshot = self.lanes.snapshots.current();
            let Some(endpoint) = snapshot.find(id) else {
                continue;
            };
            match foundation.queue.depth(Source::Lane(id)).await {
                Ok(depth) if depth.waiting == 0 => {}
                Ok(depth) => {
                    tracing::info!(
                        destination.id = id,
                        depth = depth.waiting,
                        "a closed lane holds events, it is opened again"
                    );
                    // What cannot be opened is found by the next sweep.
                    let _ = self.lanes.note_open(endpoint, Wait::Not).await;
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
                    self.lanes.handover.metrics.discarded.inc_by(events);
                    book::removed(&foundation.database, id).await?;
                    tracing::debug!(
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

//! Has the lanes of some destinations ready before anything is put into them.
//!
//! A quorum queue costs the broker tens of milliseconds of work. When many destinations get into trouble in one
//! moment, that work would stand in the way of the events of all others.

use std::sync::Arc;
use std::time::Duration;

use shared::backoff::Schedule;
use shared::foundation::Foundation;
use shared::queue::QueueAway;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::snapshot::Snapshot;
use crate::snapshot::reload::Snapshots;

/// How often it is looked whether the destinations have changed.
const LOOK: Duration = Duration::from_secs(1);
/// How often all are gone through whatever has changed: another session of the broker knows of none.
const ROUND: Duration = Duration::from_secs(10);
/// How long the broker is left alone between two lanes, ±50 %: other workers do the same.
const REST: Duration = Duration::from_millis(200);
/// The longest wait after failures.
const LONGEST: Duration = Duration::from_mins(5);
/// Up to which age a view of the destinations is taken: shorter than the time after which the lane of a destroyed
/// one is removed (10 s), by far, as nobody would remove one that is made later.
const FRESH: Duration = Duration::from_secs(3);

/// Prepares lanes, apart from all that deliver.
pub(crate) struct Ahead {
    foundation: Foundation,
    snapshots: Arc<Snapshots>,
}

impl Ahead {
    pub(crate) fn new(foundation: Foundation, snapshots: Arc<Snapshots>) -> Self {
        Self {
            foundation,
            snapshots,
        }
    }

    /// Runs until it is stopped.
    pub(crate) async fn run(self, stop: CancellationToken) {
        if self.most() == 0 {
            return stop.cancelled().await;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.go_round() => {}
        }
    }

    async fn go_round(&self) {
        let mut after_failures = Schedule::new(LOOK, LONGEST, 0.5);
        let mut done: Option<(i64, Instant)> = None;
        loop {
            let snapshot = self.snapshots.current();
            let is_done = done
                .is_some_and(|(version, at)| version == snapshot.version() && at.elapsed() < ROUND);
            let mut wait = LOOK;
            if !is_done {
                match self.prepare(&snapshot).await {
                    Ok(()) => {
                        after_failures.reset();
                        done = Some((snapshot.version(), Instant::now()));
                    }
                    Err(error) => {
                        wait = after_failures.next_wait();
                        tracing::debug!(error = %error, "lanes cannot be made ready");
                    }
                }
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Makes what is missing for a snapshot; the last error, when one lane could not be made.
    async fn prepare(&self, snapshot: &Snapshot) -> Result<(), QueueAway> {
        let active = snapshot.endpoints().filter(|one| one.filters.active);
        let mut outcome = Ok(());
        for id in first(active.map(|endpoint| endpoint.id), self.most()) {
            // Of what was destroyed meanwhile no lane is made: nobody would remove it.
            let is_known = self.snapshots.age() < FRESH;
            if !is_known || self.snapshots.current().find(id).is_none() {
                continue;
            }
            match self.foundation.queue.prepare_lane(id).await {
                Ok(false) => {}
                Ok(true) => rest().await,
                // One that can never be made must not keep the others from it; with the broker away there are none.
                Err(error) if self.foundation.queue.is_connected() => {
                    outcome = Err(error);
                    rest().await;
                }
                Err(error) => return Err(error),
            }
        }
        outcome
    }

    fn most(&self) -> usize {
        let most = self.foundation.config.delivery.lanes_ahead;
        usize::try_from(most).unwrap_or(usize::MAX)
    }
}

async fn rest() {
    tokio::time::sleep(Schedule::new(REST, REST, 0.5).next_wait()).await;
}

/// The `most` lowest of some numbers, in their order: those that have been there for the longest.
fn first(ids: impl Iterator<Item = i64>, most: usize) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.collect();
    if most < ids.len() {
        ids.select_nth_unstable(most);
        ids.truncate(most);
    }
    ids.sort_unstable();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_destinations_that_are_there_for_the_longest_have_their_lanes_ready() {
        for (ids, most, expected) in [
            (vec![9, 2, 7, 4], 2, vec![2, 4]),
            (vec![9, 2], 2, vec![2, 9]),
            (vec![9, 2], 5, vec![2, 9]),
            (vec![9, 2], 0, vec![]),
            (vec![], 5, vec![]),
        ] {
            assert_eq!(first(ids.iter().copied(), most), expected, "{ids:?} {most}");
        }
    }
}

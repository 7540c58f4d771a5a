//! Has the lanes of some destinations ready before anything is put into them.
//!
//! A quorum queue costs the broker tens of milliseconds of work. When many destinations get into trouble in one
//! moment, that work would stand in the way of the events of all others.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use shared::foundation::Foundation;
use tokio_util::sync::CancellationToken;

use crate::snapshot::Snapshot;
use crate::snapshot::reload::Snapshots;

/// How often it is looked for destinations without a lane.
const LOOK: Duration = Duration::from_secs(1);
/// How long the broker is left alone between two lanes.
const REST: Duration = Duration::from_millis(100);

/// Prepares lanes, apart from all that deliver.
pub(crate) struct Ahead {
    foundation: Foundation,
    snapshots: Arc<Snapshots>,
    /// Those that are known to be there.
    ready: HashSet<i64>,
}

impl Ahead {
    pub(crate) fn new(foundation: Foundation, snapshots: Arc<Snapshots>) -> Self {
        Self {
            foundation,
            snapshots,
            ready: HashSet::new(),
        }
    }

    /// Runs until it is stopped.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let prepare = async {
            let mut version = None;
            loop {
                let snapshot = self.snapshots.current();
                if version != Some(snapshot.version()) && self.prepare(&snapshot).await {
                    version = Some(snapshot.version());
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = prepare => {}
        }
    }

    /// Whether the lanes of a snapshot are ready now.
    async fn prepare(&mut self, snapshot: &Snapshot) -> bool {
        let most = self.foundation.config.delivery.lanes_ahead;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let wanted = first(snapshot.endpoints().map(|endpoint| endpoint.id), most);
        self.ready.retain(|id| wanted.contains(id));
        for id in wanted {
            // Of what was destroyed meanwhile no lane is made: nobody would remove it.
            if self.ready.contains(&id) || self.snapshots.current().find(id).is_none() {
                continue;
            }
            if let Err(error) = self.foundation.queue.prepare_lane(id).await {
                tracing::debug!(error = %error, destination.id = id, "a lane cannot be made ready");
                return false;
            }
            self.ready.insert(id);
            tokio::time::sleep(REST).await;
        }
        true
    }
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

//! Drains one lane: tries its head, and when that succeeds sends what follows, with more at once the
//! longer it goes well, until the lane is empty and closed.

use std::sync::Arc;
use std::time::Duration;

use shared::clock::Timestamp;
use shared::entities::destination_health as health;
use shared::queue::{Deliveries, Delivery, Depth, Notice, Source};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::book::{self, Note};
use super::probe::Probed;
use super::trial::{Failed, Tried, Tries};
use super::{Lanes, schedule, turn};
use crate::attempts::Attempts;
use crate::endpoint::Endpoint;
use crate::handover::Interrupted;

/// Messages taken at a time while the lane is drained: more than are sent at once, so that the next is
/// there while an ack is on its way to the broker. What was not sent is given back in its order.
const WINDOW: u16 = 256;
/// After so long without a message the lane is looked into.
const IDLE: Duration = Duration::from_millis(100);
/// How long after its opening the queue of a lane may still be starting.
const FRESH: Duration = Duration::from_secs(2);
/// How long a closed lane is drained on: longer than any worker's view of it can be stale.
const GRACE: Duration = Duration::from_secs(5);

/// One worker's work on one lane, under its lease.
#[derive(Clone)]
pub(super) struct Drain {
    pub(super) lanes: Arc<Lanes>,
    pub(super) attempts: Arc<Attempts>,
    pub(super) worker: Arc<str>,
    /// As it was when the lease was taken.
    pub(super) endpoint: Arc<Endpoint>,
    /// As the lease found it.
    pub(super) row: health::Model,
    /// The worker ends, or the lease is lost.
    pub(super) stop: CancellationToken,
}

/// What a drain has under way.
#[derive(Default)]
struct Sending {
    running: JoinSet<(Delivery, Result<Tried, Interrupted>)>,
    /// What is to be given back.
    back: Vec<Delivery>,
    /// Whether the receiver took anything.
    progress: bool,
}

impl Sending {
    /// Settles what has been tried; a reason to end, if it is one.
    fn settle(
        &mut self,
        done: Result<(Delivery, Result<Tried, Interrupted>), JoinError>,
    ) -> Option<End> {
        // A task that panicked has dropped its delivery, which goes back by that.
        let (delivery, tried) = done.ok()?;
        match tried {
            Ok(Tried::Taken(settlement)) => {
                self.progress = true;
                delivery.ack(settlement);
                None
            }
            Ok(Tried::Elsewhere(settlement)) => {
                delivery.ack(settlement);
                None
            }
            Ok(Tried::Failed(failed)) => {
                self.back.push(delivery);
                Some(End::Failed(failed))
            }
            Err(Interrupted) => {
                self.back.push(delivery);
                Some(End::Stopped)
            }
        }
    }
}

/// Why a drain ended.
enum End {
    Failed(Failed),
    Closed,
    Stopped,
}

impl Drain {
    /// Runs until a try fails, the lane is closed, or it is stopped; gives the lease up then.
    pub(super) async fn run(self) {
        self.work().await;
        let _turn = turn(&self.lanes.writes).await;
        let database = &self.lanes.foundation.database;
        if let Err(error) = book::release(database, self.id(), &self.worker).await {
            // It runs out by itself.
            tracing::debug!(error = %error, destination.id = self.id(), "a lease cannot be given up");
        }
    }

    async fn work(&self) {
        self.until_filled().await;
        if self.row.purge_requested_at.is_some() && !self.purge().await {
            return;
        }
        match self.probe().await {
            Ok(Probed::Passed) => self.drain().await,
            Ok(Probed::Failed) | Err(Interrupted) => {}
        }
    }

    /// Waits until there is something in a lane that was opened just now. While one process declares a
    /// quorum queue, RabbitMQ 3.10 answers a second declaration at once, and ends the connection of who
    /// consumes before the queue has started.
    async fn until_filled(&self) {
        let fresh_until = Timestamp(self.row.changed_at) + FRESH;
        while self.now() < fresh_until
            && !self.stop.is_cancelled()
            && self.depth().await.is_none_or(|depth| depth.waiting == 0)
        {
            tokio::time::sleep(IDLE).await;
        }
    }

    pub(super) fn id(&self) -> i64 {
        self.endpoint.id
    }

    pub(super) fn now(&self) -> Timestamp {
        self.lanes.foundation.clock.now()
    }

    pub(super) fn consume(&self, window: u16) -> Deliveries {
        let source = Source::Lane(self.id());
        self.lanes.foundation.queue.consume(source, window)
    }

    /// What is in the lane; none when the queue cannot be asked.
    pub(super) async fn depth(&self) -> Option<Depth> {
        let source = Source::Lane(self.id());
        self.lanes.foundation.queue.depth(source).await.ok()
    }

    /// Whether nothing is in the lane, asked while this worker consumes it. Another consumer, of a worker
    /// whose lease has run out, may hold messages that come back.
    pub(super) async fn is_empty(&self) -> bool {
        let depth = self.depth().await;
        depth.is_some_and(|depth| depth.waiting == 0 && depth.consumers <= 1)
    }

    /// Writes a note; false when this worker does not hold the lane any more, or cannot know.
    pub(super) async fn note(&self, note: &Note) -> bool {
        let _turn = turn(&self.lanes.writes).await;
        let database = &self.lanes.foundation.database;
        match book::note(database, self.id(), &self.worker, note).await {
            Ok(held) => held,
            Err(error) => {
                tracing::debug!(error = %error, destination.id = self.id(), "a lane's state cannot be written");
                false
            }
        }
    }

    /// Sends what is in the lane, in order but for what is under way at once.
    async fn drain(&self) {
        let permits = &self.endpoint.state.permits;
        permits.restart();
        let mut deliveries = self.consume(WINDOW);
        let mut sending = Sending::default();
        let mut closed_at: Option<Instant> = None;
        let mut idle_since = Instant::now();
        let end = loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break End::Stopped,
                Some(done) = sending.running.join_next() => {
                    idle_since = Instant::now();
                    if let Some(end) = sending.settle(done) {
                        break end;
                    }
                }
                next = deliveries.next(), if sending.running.len() < permits.limit() => {
                    // Without a session there is nothing to settle any more.
                    let Some(delivery) = next else { break End::Stopped };
                    idle_since = Instant::now();
                    let drain = self.clone();
                    sending.running.spawn(async move {
                        let tried = drain.attempt(&delivery, Tries::Twice).await;
                        (delivery, tried)
                    });
                }
                () = tokio::time::sleep_until(idle_since + IDLE), if sending.running.is_empty() => {
                    idle_since = Instant::now();
                    let is_empty = self.is_empty().await;
                    match closed_at {
                        None if is_empty && self.close().await => {
                            closed_at = Some(Instant::now());
                        }
                        Some(since) if is_empty && since.elapsed() >= GRACE => break End::Closed,
                        _ => {}
                    }
                }
            }
        };
        // Before anything is given back: it would come again at once.
        let stopping = deliveries.stop();
        while let Some(done) = sending.running.join_next().await {
            // The first reason to end is the reason.
            let _ = sending.settle(done);
        }
        sending.back.into_iter().for_each(Delivery::give_back);
        stopping.done().await;
        self.ended(end, sending.progress, closed_at.is_some()).await;
    }

    async fn ended(&self, end: End, progress: bool, closed: bool) {
        match end {
            End::Failed(failed) => {
                if closed {
                    self.reopen().await;
                }
                let failures = if progress {
                    1
                } else {
                    self.row.failed_probes + 1
                };
                self.wait(&failed, failures, i64::from(failed.answered()))
                    .await;
            }
            // What came until the consumer had ended was given back.
            End::Closed | End::Stopped => {
                let left = self.depth().await.is_none_or(|depth| depth.waiting > 0);
                if closed && left {
                    self.reopen().await;
                } else if closed {
                    tracing::info!(
                        destination.id = self.id(),
                        destination.name = %self.endpoint.name,
                        "a destination has all its events, its lane is closed"
                    );
                }
            }
        }
    }

    /// Notes that a try failed, and when the next one is.
    pub(super) async fn wait(&self, failed: &Failed, failures: i64, head_failures: i64) {
        let wait = schedule::wait_after(failures, failed.retry_after);
        self.note(&Note::Waiting {
            next_probe_at: self.now() + wait,
            failed_probes: failures,
            head_event_id: Some(failed.event_id.clone()),
            head_failures,
            oldest_at: failed.first_seen,
        })
        .await;
    }

    /// Declares the lane closed. What is put into it until everybody knows is drained on.
    async fn close(&self) -> bool {
        let closed = self.note(&Note::Closed(self.now())).await;
        if closed {
            self.endpoint.state.set_lane_open(false);
            self.lanes.foundation.queue.announce(Notice::LanesChanged);
        }
        closed
    }

    async fn reopen(&self) {
        if self.note(&Note::Open(self.now())).await {
            self.endpoint.state.set_lane_open(true);
            self.lanes.foundation.queue.announce(Notice::LanesChanged);
        }
    }
}

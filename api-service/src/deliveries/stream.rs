//! What one client is sent, as server-sent events, until its stream ends.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use shared::queue::{Notice, Queue};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use tokio_util::sync::CancellationToken;

use super::access::Permission;
use super::places::{Doubted, Place};
use super::subscription::{Subscription, missed};

/// For how long workers take the word that somebody watches: some of them may be lost.
const WATCH_SECONDS: u64 = 6;

/// How often, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// How often workers are told that somebody watches, and the client that the connection is alive.
    pub(crate) alive: Duration,
    /// How often it is asked whether the client still may.
    pub(crate) check: Duration,
    /// How long a client that does not read keeps its place.
    pub(crate) unread: Duration,
    /// How long a stream goes on while nobody can tell whether the client still may.
    pub(crate) doubt: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            alive: Duration::from_secs(2),
            check: Duration::from_secs(10),
            unread: Duration::from_secs(15),
            doubt: Duration::from_mins(1),
        }
    }
}

/// The stream of a client.
pub(crate) struct Stream {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) subscription: Subscription,
    /// Cancelled when the server is to stop.
    pub(crate) stop: CancellationToken,
    pub(crate) timing: Timing,
}

impl Stream {
    /// Sends what is told until the client has gone or does not read, may no more, or the server stops.
    /// Then the place is free.
    pub(crate) async fn run<Check: Future<Output = Permission>>(
        self,
        place: Place,
        check: impl Fn() -> Check,
        client: mpsc::Sender<Bytes>,
    ) {
        let Self {
            queue,
            subscription,
            stop,
            timing,
        } = self;
        tokio::select! {
            () = stop.cancelled() => {}
            () = client.closed() => {}
            () = permitted(&place, timing, check) => {}
            () = tell(queue.as_ref(), subscription, timing, &client) => {}
        }
        drop(place);
    }
}

/// Until the client may no more, or nobody could tell for too long.
async fn permitted<Check: Future<Output = Permission>>(
    place: &Place,
    timing: Timing,
    check: impl Fn() -> Check,
) {
    let mut turn = interval_at(Instant::now() + timing.check, timing.check);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut doubt = Doubt::default();
    let mut doubted: Option<Doubted> = None;
    loop {
        turn.tick().await;
        let permission = check().await;
        match doubt.after(&permission, Instant::now(), timing.doubt) {
            Step::GoOn => {
                if doubt.since.is_none() {
                    drop(doubted.take());
                }
            }
            Step::BeginToDoubt => {
                let (since_now, is_first) = place.doubt();
                doubted = Some(since_now);
                // The database is away for all of them.
                if is_first {
                    tracing::warn!(permission = ?permission, "it cannot be checked whether those who watch deliveries still may");
                }
            }
            Step::End => return,
        }
    }
}

/// Until the client does not read.
async fn tell(
    queue: &dyn Queue,
    mut subscription: Subscription,
    timing: Timing,
    client: &mpsc::Sender<Bytes>,
) {
    let mut notices = queue.notices();
    let mut alive = interval(timing.alive);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let text = tokio::select! {
            _ = alive.tick() => {
                queue.announce(Notice::WatchDeliveries { seconds: WATCH_SECONDS });
                // A comment, by which the client knows that the connection is alive.
                ":\n\n".to_owned()
            }
            notice = notices.recv() => match notice {
                Ok(Notice::Deliveries(reports)) => subscription.events(&reports),
                Ok(_) => continue,
                Err(RecvError::Lagged(_)) => missed(),
                Err(RecvError::Closed) => return,
            },
        };
        if text.is_empty() {
            continue;
        }
        let sent = client.send_timeout(Bytes::from(text), timing.unread).await;
        if sent.is_err() {
            return;
        }
    }
}

/// Since when nobody can tell whether the client still may.
#[derive(Debug, Default)]
struct Doubt {
    since: Option<Instant>,
}

/// What follows from an answer.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    GoOn,
    /// The stream goes on, and the operator is told.
    BeginToDoubt,
    End,
}

impl Doubt {
    /// Takes an answer of this moment.
    fn after(&mut self, permission: &Permission, now: Instant, longest: Duration) -> Step {
        match (permission, self.since) {
            (Permission::Given, _) => {
                self.since = None;
                Step::GoOn
            }
            (Permission::Withdrawn, _) => Step::End,
            (Permission::Unknown(_), None) => {
                self.since = Some(now);
                Step::BeginToDoubt
            }
            (Permission::Unknown(_), Some(since)) if now.duration_since(since) < longest => {
                Step::GoOn
            }
            (Permission::Unknown(_), Some(_)) => Step::End,
        }
    }
}

#[cfg(test)]
mod tests;

//! The lane of a destination in trouble: opened by whoever fails to deliver, drained by one worker at a
//! time, closed when it is empty.

mod ahead;
mod book;
mod cleaner;
mod drain;
mod keeper;
mod probe;
mod reap;
mod schedule;
mod trial;

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use shared::foundation::Foundation;
use shared::queue::{Message, Notice, Settled, Target};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

pub(crate) use self::ahead::Ahead;
use self::book::Opened;
pub(crate) use self::book::longest_open;
pub(crate) use self::cleaner::Cleaner;
pub(crate) use self::keeper::Keeper;
use crate::endpoint::Endpoint;
use crate::handover::{Handover, Interrupted, offers};
use crate::outcome::without_lane;
use crate::snapshot::reload::Snapshots;

/// How long the database may take to note that a lane is open.
const NOTE: Duration = Duration::from_secs(2);
/// Lanes that are written of at once, and as many of which consuming begins or ends: many destinations get
/// into trouble in one moment, as those of one receiver do.
const TURNS: usize = 2;
/// How long a turn is waited for at most: with the database or the broker away they do not end.
const TURN: Duration = Duration::from_secs(1);

/// Puts deliveries into lanes.
pub(crate) struct Lanes {
    foundation: Foundation,
    snapshots: Arc<Snapshots>,
    handover: Handover,
    /// Something is to be done about lanes.
    wake: Notify,
    /// Turns to write to the database. Each of those that wrote at once would have the database accept a
    /// connection more, which costs it more than what is written.
    writes: Semaphore,
    /// Turns to begin and to end consuming a lane. Twenty at once keep the broker from the events of others.
    consuming: Semaphore,
}

impl Lanes {
    pub(crate) fn new(
        foundation: Foundation,
        snapshots: Arc<Snapshots>,
        handover: Handover,
    ) -> Self {
        Self {
            foundation,
            snapshots,
            handover,
            wake: Notify::new(),
            writes: Semaphore::new(TURNS),
            consuming: Semaphore::new(TURNS),
        }
    }

    /// Puts a delivery into its destination's lane, and opens that first. When it cannot be opened, for
    /// want of the database, the delivery climbs a rung. `wait`: how long the destination is to be left
    /// alone when the lane is opened for this; `over`: that of the delivery which the message came with.
    pub(crate) async fn take(
        &self,
        endpoint: &Endpoint,
        message: &Message,
        wait: Wait,
        over: &CancellationToken,
    ) -> Result<Settled, Interrupted> {
        let mut offers = offers();
        loop {
            match self.open(endpoint, wait).await {
                Ok(Opened::Open) => {}
                Ok(Opened::Destroyed) => return Ok(self.handover.discard()),
                Err(CannotOpen) => return self.climb(endpoint, message, wait, over).await,
            }
            let target = Target::Lane(endpoint.id);
            if let Some(stored) = self.handover.offer(target, message).await {
                // It may have been closed while the broker stored this, for so long that nobody
                // looks into it any more.
                if !endpoint.state.lane_is_open() {
                    let _ = self.open(endpoint, Wait::Not).await;
                }
                return Ok(Settled::handed_on(stored));
            }
            self.handover.pause(&mut offers, over).await?;
        }
    }

    /// That the lane is open must be in the database before the first message is in the lane: nobody
    /// would come for it.
    async fn open(&self, endpoint: &Endpoint, wait: Wait) -> Result<Opened, CannotOpen> {
        // Of what was destroyed no lane may be made again.
        if self.snapshots.current().find(endpoint.id).is_none() {
            return Ok(Opened::Destroyed);
        }
        let state = &endpoint.state;
        if state.lane_is_open() {
            return Ok(Opened::Open);
        }
        if state.is_quiet() {
            return Err(CannotOpen);
        }
        let _turn = state.opening.lock().await;
        if state.lane_is_open() {
            return Ok(Opened::Open);
        }
        if state.is_quiet() {
            return Err(CannotOpen);
        }
        self.note_open(endpoint, wait).await
    }

    /// Notes that the lane is open, whatever this worker thinks of it.
    async fn note_open(&self, endpoint: &Endpoint, wait: Wait) -> Result<Opened, CannotOpen> {
        let state = &endpoint.state;
        let now = self.foundation.clock.now();
        let probe_at = now + wait.duration();
        let noted = async {
            let _turn = turn(&self.writes).await;
            book::open(&self.foundation.database, endpoint.id, now, probe_at).await
        };
        let noted = tokio::time::timeout(NOTE, noted)
            .await
            .unwrap_or_else(|_| Err(DbErr::Custom("the database does not answer".to_owned())));
        match noted {
            Ok(Opened::Destroyed) => Ok(Opened::Destroyed),
            Ok(Opened::Open) => {
                if state.set_lane_open(true) {
                    tracing::warn!(
                        destination.id = endpoint.id,
                        destination.name = %endpoint.name,
                        "a destination is in trouble, its events wait in its lane"
                    );
                }
                self.foundation.queue.announce(Notice::LanesChanged);
                self.wake.notify_one();
                Ok(Opened::Open)
            }
            Err(error) => {
                tracing::debug!(error = %error, destination.id = endpoint.id, "a lane cannot be opened");
                state.keep_quiet(schedule::probes, wait.duration());
                Err(CannotOpen)
            }
        }
    }

    async fn climb(
        &self,
        endpoint: &Endpoint,
        message: &Message,
        wait: Wait,
        over: &CancellationToken,
    ) -> Result<Settled, Interrupted> {
        endpoint.state.keep_quiet(schedule::probes, wait.duration());
        let retention = self.foundation.config.delivery.retention;
        let now = self.foundation.clock.now();
        let (next, headers) = without_lane(message.headers.clone(), now, retention);
        self.handover.next(next, message, headers, over).await
    }
}

/// A turn; none, when there was none in time, and it is done nevertheless.
async fn turn(turns: &Semaphore) -> Option<SemaphorePermit<'_>> {
    let turn = tokio::time::timeout(TURN, turns.acquire()).await;
    turn.ok()?.ok()
}

/// How long a destination is to be left alone when its lane is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// It did not fail, there are only too many events at once.
    Not,
    /// It failed; perhaps it said for how long.
    Failed(Option<Duration>),
}

impl Wait {
    fn duration(self) -> Duration {
        match self {
            Self::Not => Duration::ZERO,
            Self::Failed(retry_after) => schedule::wait_after(1, retry_after),
        }
    }
}

/// The database is away.
#[derive(Debug)]
struct CannotOpen;

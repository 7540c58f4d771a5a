//! A queue that looks at the database whenever something is put into a lane.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::EntityTrait as _;
use shared::database::Database;
use shared::entities::destination_health::{self as health, OPEN};
use shared::queue::{
    Answer, Deliveries, Depth, Message, Notice, PublishError, Questions, Queue, QueueAway, Source,
    Stored, Target, Unanswered,
};
use tokio::sync::broadcast;

/// What was seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// Messages that were put into lanes.
    pub(crate) into_lanes: AtomicUsize,
    /// Those of them for whose lane the database said something else than open.
    too_early: Mutex<Vec<String>>,
}

impl Seen {
    /// What the database said of the lanes of messages that came too early.
    pub(crate) fn too_early(&self) -> Vec<String> {
        self.locked().clone()
    }

    fn locked(&self) -> MutexGuard<'_, Vec<String>> {
        self.too_early.lock().expect("nobody has panicked")
    }
}

/// Passes everything on to the real queue.
pub(crate) struct WatchedQueue {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) database: Database,
    pub(crate) seen: Arc<Seen>,
}

impl WatchedQueue {
    async fn look(&self, destination_id: i64) {
        let row = health::Entity::find_by_id(destination_id)
            .one(self.database.reader())
            .await;
        let state = row.map(|row| row.map(|row| row.lane_state));
        if !matches!(&state, Ok(Some(state)) if state == OPEN) {
            self.seen.locked().push(format!("{state:?}"));
        }
        self.seen.into_lanes.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Queue for WatchedQueue {
    async fn publish(&self, target: Target, message: Message) -> Result<Stored, PublishError> {
        if let Target::Lane(destination_id) = target {
            self.look(destination_id).await;
        }
        self.queue.publish(target, message).await
    }

    fn consume(&self, source: Source, window: u16) -> Deliveries {
        self.queue.consume(source, window)
    }

    async fn depth(&self, source: Source) -> Result<Depth, QueueAway> {
        self.queue.depth(source).await
    }

    async fn retries_waiting(&self) -> Result<u64, QueueAway> {
        self.queue.retries_waiting().await
    }

    async fn prepare_lane(&self, destination_id: i64) -> Result<bool, QueueAway> {
        self.queue.prepare_lane(destination_id).await
    }

    async fn remove_lane(&self, destination_id: i64) -> Result<u64, QueueAway> {
        self.queue.remove_lane(destination_id).await
    }

    fn announce(&self, notice: Notice) {
        self.queue.announce(notice);
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.queue.notices()
    }

    async fn ask(&self, message: Message, patience: Duration) -> Result<Answer, Unanswered> {
        self.queue.ask(message, patience).await
    }

    fn questions(&self) -> Questions {
        self.queue.questions()
    }

    fn is_connected(&self) -> bool {
        self.queue.is_connected()
    }

    async fn close(&self) {
        self.queue.close().await;
    }
}

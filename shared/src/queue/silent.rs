//! A queue that carries nothing, for commands that only change the database.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    Answer, Deliveries, Depth, Message, Notice, PublishError, Questions, Queue, QueueAway, Source,
    Stored, Target, Unanswered,
};

/// Refuses every message and hears nothing. Unlike the embedded queue it can be opened beside a
/// server that is running.
#[derive(Debug)]
pub struct SilentQueue {
    notices: broadcast::Sender<Notice>,
}

impl Default for SilentQueue {
    fn default() -> Self {
        Self {
            notices: broadcast::channel(1).0,
        }
    }
}

#[async_trait]
impl Queue for SilentQueue {
    async fn publish(&self, _: Target, _: Message) -> Result<Stored, PublishError> {
        Err(PublishError::Unavailable(
            "this command has no queue".to_owned(),
        ))
    }

    fn consume(&self, _: Source, _: u16) -> Deliveries {
        let over = CancellationToken::new();
        over.cancel();
        Deliveries::new(mpsc::channel(1).1, over.clone(), over)
    }

    async fn depth(&self, _: Source) -> Result<Depth, QueueAway> {
        Err(QueueAway("this command has no queue".to_owned()))
    }

    async fn retries_waiting(&self) -> Result<u64, QueueAway> {
        Err(QueueAway("this command has no queue".to_owned()))
    }

    async fn prepare_lane(&self, _: i64) -> Result<bool, QueueAway> {
        Ok(false)
    }

    async fn remove_lane(&self, _: i64) -> Result<u64, QueueAway> {
        Err(QueueAway("this command has no queue".to_owned()))
    }

    fn announce(&self, _: Notice) {}

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    async fn ask(&self, _: Message, _: Duration) -> Result<Answer, Unanswered> {
        Err(Unanswered::Unavailable(
            "this command has no queue".to_owned(),
        ))
    }

    fn questions(&self) -> Questions {
        Questions::new(mpsc::channel(1).1, CancellationToken::new())
    }

    fn is_connected(&self) -> bool {
        false
    }

    async fn close(&self) {}
}

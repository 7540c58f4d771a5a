//! The queue in the SQLite database: durable, for one process.

mod claims;
mod lock;
mod writer;

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::writer::{Command, Insert};
use super::{Deliveries, Message, Notice, PublishError, Queue, Source, Stored, Target};
use crate::clock::Clock;
use crate::config::QueueConfig;
use crate::database::Database;

/// How often a message may be redelivered before it is rejected at the next start: one that ends its
/// process each time must not do so for ever.
const DELIVERY_LIMIT: i64 = 100;

/// Tables in the SQLite database.
pub struct EmbeddedQueue {
    commands: mpsc::UnboundedSender<Command>,
    wakers: Wakers,
    notices: broadcast::Sender<Notice>,
    publish_timeout: Duration,
    stop: CancellationToken,
    tasks: TaskTracker,
    _lock: File,
}

/// Wakes who waits for messages of a source.
#[derive(Clone)]
struct Wakers(Arc<HashMap<Source, Notify>>);

impl Wakers {
    fn new() -> Self {
        let sources = [
            Source::Events,
            Source::Deliver,
            Source::Dead,
            Source::Rejected,
        ];
        Self(Arc::new(
            sources
                .into_iter()
                .map(|source| (source, Notify::new()))
                .collect(),
        ))
    }

    fn of(&self, source: Source) -> &Notify {
        self.0.get(&source).expect("every source has its waker")
    }
}

/// The name of a queue in the table.
fn name(source: Source) -> &'static str {
    match source {
        Source::Events => "events",
        Source::Deliver => "deliver",
        Source::Dead => "dead",
        Source::Rejected => "rejected",
    }
}

impl EmbeddedQueue {
    /// Takes the queue for this process and releases what a process before it had claimed. Refused
    /// while another process has it.
    pub async fn open(database: Database, config: &QueueConfig) -> anyhow::Result<Self> {
        let lock = lock::acquire(&database).await?;
        writer::release_claims(&database).await?;
        let (commands, receiver) = mpsc::unbounded_channel();
        let wakers = Wakers::new();
        let (notices, _) = broadcast::channel(256);
        let tasks = TaskTracker::new();
        tasks.spawn(writer::run(database, receiver, wakers.clone()));
        Ok(Self {
            commands,
            wakers,
            notices,
            publish_timeout: config.publish_timeout,
            stop: CancellationToken::new(),
            tasks,
            _lock: lock,
        })
    }
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn publish(&self, target: Target, message: Message) -> Result<Stored, PublishError> {
        let (source, available_at) = match target {
            Target::Events => (Source::Events, 0),
            Target::Deliver => (Source::Deliver, 0),
            Target::Retry(rung) => (Source::Deliver, (Clock::System.now() + rung.wait()).0),
            Target::Dead => (Source::Dead, 0),
            Target::Rejected => (Source::Rejected, 0),
        };
        let (reply, stored) = oneshot::channel();
        let insert = Insert {
            source,
            available_at,
            message,
            reply,
        };
        let closed = || PublishError::Unavailable("the queue was closed".to_owned());
        self.commands
            .send(Command::Insert(insert))
            .map_err(|_| closed())?;
        match tokio::time::timeout(self.publish_timeout, stored).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(PublishError::Timeout),
        }
    }

    fn consume(&self, source: Source, window: u16) -> Deliveries {
        let (sender, receiver) = mpsc::channel(1);
        let stop = self.stop.child_token();
        self.tasks.spawn(claims::pump(
            source,
            window,
            self.commands.clone(),
            self.wakers.clone(),
            sender,
            stop.clone(),
        ));
        Deliveries::new(receiver, stop)
    }

    fn announce(&self, notice: Notice) {
        // Nobody may be listening.
        let _ = self.notices.send(notice);
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    fn is_connected(&self) -> bool {
        !self.commands.is_closed()
    }

    async fn close(&self) {
        self.stop.cancel();
        // What was settled before is written before; claims that are left are released at the next
        // start.
        let _ = self.commands.send(Command::Close);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests;

//! The queue in the SQLite database: durable, for one process.

mod asking;
mod claims;
mod lock;
mod writer;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{DbErr, Value};
use tokio::sync::{Notify, broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::asking::Asking;
use self::writer::{Command, Insert};
use super::{
    Answer, Deliveries, Depth, Message, Notice, PublishError, Questions, Queue, QueueAway, Source,
    Stored, Target, Unanswered,
};
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
    turns: Turns,
    database: Database,
    notices: broadcast::Sender<Notice>,
    asking: Asking,
    publish_timeout: Duration,
    stop: CancellationToken,
    tasks: TaskTracker,
    _lock: File,
}

/// Something for each source, made when it is first asked for.
struct BySource<T>(Arc<Mutex<HashMap<Source, Arc<T>>>>);

impl<T> Clone for BySource<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Default> BySource<T> {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn of(&self, source: Source) -> Arc<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(source).or_default().clone()
    }
}

/// Wakes who waits for messages of a source.
type Wakers = BySource<Notify>;
/// Lets one consumer of a lane receive at a time.
type Turns = BySource<tokio::sync::Mutex<()>>;

/// The name of a queue in the table.
fn name(source: Source) -> Cow<'static, str> {
    match source {
        Source::Events => "events".into(),
        Source::Deliver => "deliver".into(),
        Source::Lane(destination) => format!("lane.{destination}").into(),
        Source::Dead => "dead".into(),
        Source::Rejected => "rejected".into(),
    }
}

fn value(source: Source) -> Value {
    name(source).into_owned().into()
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
        tasks.spawn(writer::run(database.clone(), receiver, wakers.clone()));
        Ok(Self {
            commands,
            wakers,
            turns: Turns::new(),
            database,
            notices,
            asking: Asking::default(),
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
            Target::Lane(destination) => (Source::Lane(destination), 0),
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
            .send(Command::Insert(Box::new(insert)))
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
        let ended = CancellationToken::new();
        let guard = ended.clone().drop_guard();
        let pump = claims::pump(
            source,
            window,
            self.commands.clone(),
            self.wakers.clone(),
            sender,
            stop.clone(),
        );
        if let Source::Lane(_) = source {
            let turn = self.turns.of(source);
            let stop = stop.clone();
            self.tasks.spawn(async move {
                let _ended = guard;
                tokio::select! {
                    () = stop.cancelled() => {}
                    turn = turn.lock_owned() => {
                        pump.await;
                        drop(turn);
                    }
                }
            });
        } else {
            self.tasks.spawn(async move {
                let _ended = guard;
                pump.await;
            });
        }
        Deliveries::new(receiver, stop, ended)
    }

    async fn depth(&self, source: Source) -> Result<Depth, QueueAway> {
        let waiting = writer::depth(&self.database, source).await.map_err(away)?;
        // Of this one process, which consumes a queue once.
        Ok(Depth {
            waiting,
            consumers: 1,
        })
    }

    async fn retries_waiting(&self) -> Result<u64, QueueAway> {
        let now = Clock::System.now();
        writer::waiting_for_their_time(&self.database, now)
            .await
            .map_err(away)
    }

    async fn prepare_lane(&self, _: i64) -> Result<bool, QueueAway> {
        Ok(false)
    }

    async fn remove_lane(&self, destination_id: i64) -> Result<u64, QueueAway> {
        writer::remove(&self.database, Source::Lane(destination_id))
            .await
            .map_err(away)
    }

    fn announce(&self, notice: Notice) {
        // Nobody may be listening.
        let _ = self.notices.send(notice);
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    async fn ask(&self, message: Message, patience: Duration) -> Result<Answer, Unanswered> {
        self.asking.ask(message, patience).await
    }

    fn questions(&self) -> Questions {
        self.asking.questions(self.stop.child_token())
    }

    fn is_connected(&self) -> bool {
        !self.commands.is_closed()
    }

    async fn close(&self) {
        self.stop.cancel();
        self.asking.close();
        // What was settled before is written before; claims that are left are released at the next
        // start.
        let _ = self.commands.send(Command::Close);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn away(error: DbErr) -> QueueAway {
    QueueAway(error.to_string())
}

#[cfg(test)]
mod tests;

//! The queue on RabbitMQ, 3.10 and later.

mod asking;
mod connection;
mod consumer;
mod headers;
mod lane_channels;
mod publisher;
mod settle;
mod topology;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::asking::Hearing;
use self::connection::{Session, Sessions};
use self::consumer::Consuming;
use self::publisher::Publishing;
use self::topology::Topology;
use super::question::MOST_AT_ONCE;
use super::{
    Answer, Deliveries, Depth, Message, Notice, PublishError, Questions, Queue, QueueAway, Rung,
    Source, Stored, Target, Unanswered,
};
use crate::config::{ConnectionUrl, QueueConfig};

/// How long closing waits for deliveries that are still unsettled.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a lane is prepared for. Nobody waits for it, and it must be over long before a lane is removed.
const PREPARE: Duration = Duration::from_secs(3);

/// RabbitMQ, on two connections: one publishes, the other consumes and acknowledges.
pub struct AmqpQueue {
    topology: Topology,
    publishing: Arc<Sessions<Publishing>>,
    consuming: Sessions<Consuming>,
    notices: broadcast::Sender<Notice>,
    /// For questions that wait for an answer.
    room: Semaphore,
    publish_timeout: Duration,
    stop: CancellationToken,
    /// Everything that consumes or settles.
    tasks: TaskTracker,
}

impl AmqpQueue {
    /// Starts connecting; returns at once.
    pub fn open(url: ConnectionUrl, config: &QueueConfig) -> Self {
        let topology = Topology::new(&config.prefix);
        let (notices, _) = broadcast::channel(256);
        let publishing = {
            let topology = topology.clone();
            Sessions::keep(url.clone(), "publishing", move |connection, _over| {
                Publishing::open(connection, topology.clone())
            })
        };
        let consuming = {
            let topology = topology.clone();
            let notices = notices.clone();
            Sessions::keep(url, "consuming", move |connection, over| {
                Consuming::open(connection, topology.clone(), notices.clone(), over)
            })
        };
        Self {
            topology,
            publishing: Arc::new(publishing),
            consuming,
            notices,
            room: Semaphore::new(MOST_AT_ONCE),
            publish_timeout: config.publish_timeout,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }
}

impl AmqpQueue {
    /// The session for questions: that of consuming, which the broker reads under an alarm too.
    async fn asking(&self) -> Result<Arc<Session<Consuming>>, QueueAway> {
        tokio::time::timeout(self.publish_timeout, self.consuming.ready())
            .await
            .ok()
            .flatten()
            .ok_or_else(|| QueueAway("there is no connection to the broker".to_owned()))
    }
}

#[async_trait]
impl Queue for AmqpQueue {
    async fn publish(&self, target: Target, message: Message) -> Result<Stored, PublishError> {
        let deadline = Instant::now() + self.publish_timeout;
        let session = tokio::time::timeout_at(deadline, self.publishing.ready())
            .await
            .ok()
            .flatten()
            .ok_or_else(|| {
                PublishError::Unavailable("there is no connection to the broker".to_owned())
            })?;
        session
            .publish(&self.topology, target, &message, deadline)
            .await
    }

    fn consume(&self, source: Source, window: u16) -> Deliveries {
        // The window already bounds what is unsettled, so this channel needs no room of its own.
        let (sender, receiver) = mpsc::channel(1);
        let stop = self.stop.child_token();
        let ended = CancellationToken::new();
        let pump = consumer::Pump {
            sessions: self.consuming.watch(),
            window,
            source,
            topology: self.topology.clone(),
            deliveries: sender,
            stop: stop.clone(),
            tasks: self.tasks.clone(),
            ended: Arc::new(ended.clone().drop_guard()),
        };
        self.tasks.spawn(pump.run());
        Deliveries::new(receiver, stop, ended)
    }

    async fn depth(&self, source: Source) -> Result<Depth, QueueAway> {
        let session = self.asking().await?;
        session
            .depth(self.topology.queue(source))
            .await
            .map_err(|error| QueueAway(error.to_string()))
    }

    async fn retries_waiting(&self) -> Result<u64, QueueAway> {
        let session = self.asking().await?;
        let mut waiting = 0;
        for rung in Rung::ALL {
            let depth = session.depth(self.topology.rung(rung)).await;
            waiting += depth.map_err(|error| QueueAway(error.to_string()))?.waiting;
        }
        Ok(waiting)
    }

    async fn prepare_lane(&self, destination_id: i64) -> Result<bool, QueueAway> {
        let deadline = Instant::now() + PREPARE;
        let session = self
            .publishing
            .current()
            .ok_or_else(|| QueueAway("there is no connection to the broker".to_owned()))?;
        session
            .prepare_lane(&self.topology, destination_id, deadline)
            .await
            .map_err(|error| QueueAway(error.to_string()))
    }

    async fn remove_lane(&self, destination_id: i64) -> Result<u64, QueueAway> {
        let session = self.asking().await?;
        let lane = self.topology.queue(Source::Lane(destination_id));
        session
            .delete(lane)
            .await
            .map_err(|error| QueueAway(error.to_string()))
    }

    fn announce(&self, notice: Notice) {
        // This process hears it even when the broker is away.
        let _ = self.notices.send(notice.clone());
        let Some(session) = self.publishing.current() else {
            return;
        };
        let topology = self.topology.clone();
        tokio::spawn(async move {
            if let Err(error) = session.announce(&topology, notice).await {
                tracing::debug!(error = %error, "a notice was lost");
            }
        });
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    async fn ask(&self, message: Message, patience: Duration) -> Result<Answer, Unanswered> {
        let _room = self.room.try_acquire().map_err(|_| Unanswered::TooMany)?;
        let deadline = Instant::now() + patience;
        // As long as for a publish: it may be the first moment of the process.
        let connecting = self.publish_timeout.min(patience);
        let session = tokio::time::timeout(connecting, self.publishing.ready())
            .await
            .ok()
            .flatten()
            .ok_or_else(|| {
                Unanswered::Unavailable("there is no connection to the broker".to_owned())
            })?;
        let answered = session.ask(&self.topology, &message, deadline).await?;
        answered.ok_or(Unanswered::TooLate(patience))
    }

    fn questions(&self) -> Questions {
        let (sender, receiver) = mpsc::channel(1);
        let stop = self.stop.child_token();
        let hearing = Hearing {
            topology: self.topology.clone(),
            consuming: self.consuming.watch(),
            publishing: self.publishing.clone(),
            publish_timeout: self.publish_timeout,
            questions: sender,
            stop: stop.clone(),
        };
        self.tasks.spawn(hearing.run());
        Questions::new(receiver, stop)
    }

    fn is_connected(&self) -> bool {
        self.publishing.current().is_some() && self.consuming.current().is_some()
    }

    async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        // The last settlements must reach the broker before the connection ends, or their messages
        // come again. A delivery that is still held has its holder to blame.
        if tokio::time::timeout(SETTLE_TIMEOUT, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("deliveries were still unsettled when the queue was closed");
        }
        self.consuming.close().await;
        self.publishing.close().await;
    }
}

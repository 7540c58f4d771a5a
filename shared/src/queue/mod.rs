//! The queue between the services. Two implementations keep the same promises: RabbitMQ ([`amqp`])
//! and tables in the SQLite database ([`embedded`]).

pub mod amqp;
pub mod embedded;
mod message;
mod question;
mod reports;
mod settlement;
pub mod silent;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

pub use message::{Headers, Message};
pub use question::{Answer, Question, Questions, Tried, Unanswered};
pub use reports::{Report, Reports};
pub use settlement::{Accepted, Delivery, Settled, Settlement, Stored};
pub(crate) use settlement::{Ticket, Verdict};

use crate::config::{QueueBackend, QueueConfig};
use crate::database::Database;

/// Publishes, consumes and announces. A message that [`Queue::publish`] took is there after a crash
/// of any process; one that was consumed stays until its delivery is acked.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Stores a message. `Ok` means that it survives whatever happens next; after an error it may
    /// or may not be stored. Takes no longer than `queue.publish_timeout`.
    async fn publish(&self, target: Target, message: Message) -> Result<Stored, PublishError>;

    /// Takes messages, at most `window` unsettled ones at a time. Goes on by itself after a lost
    /// connection (what was unsettled then comes again), until it is stopped. A lane's ends with the
    /// connection instead: whoever drains it must ask again whether that is still its task.
    fn consume(&self, source: Source, window: u16) -> Deliveries;

    /// How many messages wait, and how many consumers there are.
    async fn depth(&self, source: Source) -> Result<Depth, QueueAway>;

    /// How many messages wait for the time of their rung.
    async fn retries_waiting(&self) -> Result<u64, QueueAway>;

    /// Makes the lane of a destination where that takes time, so that the first message finds it; without
    /// this, the first message makes it. Whether there was anything to do. Takes a few seconds at most.
    async fn prepare_lane(&self, destination_id: i64) -> Result<bool, QueueAway>;

    /// Removes the lane of a destination that is no more; how many messages waited in it.
    async fn remove_lane(&self, destination_id: i64) -> Result<u64, QueueAway>;

    /// Tells every process that uses this queue. For speed only: it may be lost.
    fn announce(&self, notice: Notice);

    /// What other processes and this one announce.
    fn notices(&self) -> broadcast::Receiver<Notice>;

    /// Has whichever worker comes first look at a message, which is not stored, and waits for the answer
    /// as long as the patience lasts. It is looked at once at most.
    async fn ask(&self, message: Message, patience: Duration) -> Result<Answer, Unanswered>;

    /// What [`Queue::ask`] was called with, here or in another process. Goes on by itself after a lost
    /// connection.
    fn questions(&self) -> Questions;

    /// Whether messages can be published and consumed now.
    fn is_connected(&self) -> bool;

    /// Closes the connections; unsettled messages go back.
    async fn close(&self);
}

/// Opens the queue that the configuration names. An unreachable broker is no error: it is waited for
/// in the background, and [`Queue::is_connected`] tells.
pub async fn open(config: &QueueConfig, database: &Database) -> anyhow::Result<Arc<dyn Queue>> {
    Ok(match &config.backend {
        QueueBackend::Embedded => {
            Arc::new(embedded::EmbeddedQueue::open(database.clone(), config).await?)
        }
        QueueBackend::Amqp(url) => Arc::new(amqp::AmqpQueue::open(url.clone(), config)),
    })
}

/// Where a message is published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Events for all the destinations that they match.
    Events,
    /// Single deliveries, for the destination that their headers name.
    Deliver,
    /// Waits for the time of the rung, then comes from [`Source::Deliver`].
    Retry(Rung),
    /// What waits for one destination, by its number, in the order in which it came.
    Lane(i64),
    /// Deliveries that were given up.
    Dead,
    /// Messages that are no valid events.
    Rejected,
}

/// Where messages are consumed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// New events.
    Events,
    /// Single deliveries: what waited on a rung, and what is delivered once more.
    Deliver,
    /// What waits for one destination. Of several consumers one receives, and another one when that
    /// has ended; what is given back goes to the front again, once the consumer has stopped.
    Lane(i64),
    /// Deliveries that were given up.
    Dead,
    /// Messages that are no valid events.
    Rejected,
}

/// A step of the retry ladder: how long a message waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung(usize);

impl Rung {
    /// Every rung, the shortest first. A queue has one time to live for all its messages, since
    /// only its head can expire.
    pub const ALL: [Self; 5] = [Self(0), Self(1), Self(2), Self(3), Self(4)];
    const WAITS: [(&'static str, Duration); 5] = [
        ("5s", Duration::from_secs(5)),
        ("30s", Duration::from_secs(30)),
        ("2m", Duration::from_mins(2)),
        ("10m", Duration::from_mins(10)),
        ("1h", Duration::from_hours(1)),
    ];

    /// The rung after so many failed attempts; the last one for all that follow.
    pub fn after_attempts(attempts: u32) -> Self {
        let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        Self(step.min(Self::ALL.len() - 1))
    }

    /// Its place on the ladder, from 0.
    pub fn step(self) -> usize {
        self.0
    }

    /// The name, as in `audit.retry.<name>`.
    pub fn name(self) -> &'static str {
        Self::WAITS[self.0].0
    }

    /// How long a message waits here.
    pub fn wait(self) -> Duration {
        Self::WAITS[self.0].1
    }
}

/// What one process tells the others.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The streaming configuration has this version now.
    ConfigVersion(i64),
    /// Users or tokens changed.
    AccessChanged,
    /// A lane was opened or closed, or its owner wants something of it.
    LanesChanged,
    /// Somebody watches deliveries: workers are to tell of them for so many seconds.
    WatchDeliveries {
        /// At most 60 count.
        seconds: u64,
    },
    /// A worker tells of deliveries.
    Deliveries(Arc<Reports>),
}

/// Why a message was not stored, as far as is known.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The broker cannot be reached, or takes no messages for want of memory or disk.
    #[error("the queue is not available: {0}")]
    Unavailable(String),
    /// No queue is bound for the message.
    #[error("the broker has no queue for the message: {0}")]
    Unroutable(String),
    /// The broker said no.
    #[error("the broker refused the message")]
    Refused,
    /// No answer within the publish timeout.
    #[error("the queue did not confirm in time")]
    Timeout,
}

/// What is in a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that no consumer holds.
    pub waiting: u64,
    /// Consumers, those included that wait for their turn. Another one than one's own may hold messages.
    pub consumers: u64,
}

/// The queue does not answer.
#[derive(Debug, thiserror::Error)]
#[error("the queue is not available: {0}")]
pub struct QueueAway(pub String);

/// Messages that arrive one by one.
#[derive(Debug)]
pub struct Deliveries {
    receiver: mpsc::Receiver<Delivery>,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Deliveries {
    /// `ended` is cancelled when the queue has been told all.
    pub(crate) fn new(
        receiver: mpsc::Receiver<Delivery>,
        stop: CancellationToken,
        ended: CancellationToken,
    ) -> Self {
        Self {
            receiver,
            stop,
            ended,
        }
    }

    /// The next message; none once it was stopped or the queue was closed.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.receiver.recv().await
    }

    /// Takes no more. What has arrived and was not taken yet is handed back; what was taken can
    /// still be settled.
    pub fn stop(mut self) -> Stopping {
        self.stop.cancel();
        self.receiver.close();
        while let Ok(delivery) = self.receiver.try_recv() {
            delivery.give_back();
        }
        Stopping(self.ended.clone())
    }
}

/// A consumer that is to end.
#[derive(Debug)]
pub struct Stopping(CancellationToken);

impl Stopping {
    /// Resolves when all that was taken has been settled and the queue knows: whoever consumes from
    /// then on finds the messages in their order. Never before the last delivery is settled.
    pub async fn done(self) {
        self.0.cancelled().await;
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failed_attempt_climbs_one_rung_and_the_last_is_kept() {
        let names: Vec<&str> = (0..8).map(|n| Rung::after_attempts(n).name()).collect();
        assert_eq!(names, ["5s", "5s", "30s", "2m", "10m", "1h", "1h", "1h"]);
    }
}

//! Consumes with manual acknowledgements, session after session.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::options::{
    BasicCancelOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Connection};
use tokio::sync::{Semaphore, broadcast, mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::connection::{Session, next};
use super::headers;
use super::settle::{self, GivingBack, Settling};
use super::topology::Topology;
use crate::queue::{Delivery, Depth, Message, Notice, Source, Ticket};

/// How long nothing must have come before the consumer of a lane is cancelled.
const QUIET: Duration = Duration::from_millis(50);

/// A connection for consuming and its acknowledgements alone. Its channels belong to the pumps.
pub(super) struct Consuming {
    /// Channels on which somebody has asked for a queue, to be asked on again: the depth of some queues
    /// is asked for every few seconds, and a channel of its own each time would cost thrice as much.
    idle: Mutex<Vec<Channel>>,
    /// Bounds how many ask at once, and so the channels: opening one costs more than waiting for a turn.
    asking: Semaphore,
}

/// Questions that are asked at once at most, each on a channel that is kept.
const ASKING: usize = 4;

impl Consuming {
    pub(super) async fn open(
        connection: Connection,
        topology: Topology,
        notices: broadcast::Sender<Notice>,
        over: CancellationToken,
    ) -> lapin::Result<(Connection, Self)> {
        let channel = connection.create_channel().await?;
        topology.declare(&channel).await?;
        listen(channel, &topology, notices, over).await?;
        let channels = Self {
            idle: Mutex::default(),
            asking: Semaphore::new(ASKING),
        };
        Ok((connection, channels))
    }
}

impl Consuming {
    fn take_idle(&self) -> Option<Channel> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop()).find(|channel| channel.status().connected())
    }

    fn keep_idle(&self, channel: Channel) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(channel);
    }
}

/// Brings the deliveries of one queue.
pub(super) struct Pump {
    pub(super) sessions: watch::Receiver<Option<Arc<Session<Consuming>>>>,
    pub(super) source: Source,
    pub(super) topology: Topology,
    pub(super) window: u16,
    pub(super) deliveries: mpsc::Sender<Delivery>,
    pub(super) stop: CancellationToken,
    /// Where the tasks that settle are counted.
    pub(super) tasks: TaskTracker,
    /// Dropped by the last who has something to tell the broker.
    pub(super) ended: Arc<DropGuard>,
}

impl Pump {
    /// Runs until it is stopped, session after session.
    pub(super) async fn run(mut self) {
        loop {
            let session = tokio::select! {
                () = self.stop.cancelled() => return,
                session = next(&mut self.sessions) => session,
            };
            let Some(session) = session else { return };
            if let Err(error) = self.consume(&session).await {
                tracing::warn!(source = ?self.source, error = %error, "consuming was interrupted");
            }
            // Who drains a lane begins anew.
            if matches!(self.source, Source::Lane(_))
                || self.stop.is_cancelled()
                || self.deliveries.is_closed()
            {
                return;
            }
            // Its queue was deleted, or an acknowledgement timed out.
            session.over().cancel();
        }
    }

    async fn consume(&self, session: &Session<Consuming>) -> lapin::Result<()> {
        static CONSUMERS: AtomicU64 = AtomicU64::new(0);
        let channel = session.connection().create_channel().await?;
        if let Source::Lane(lane) = self.source {
            self.topology.declare_lane(&channel, lane).await?;
        }
        channel
            .basic_qos(self.window, BasicQosOptions::default())
            .await?;
        let number = CONSUMERS.fetch_add(1, Ordering::Relaxed);
        let tag: ShortString = format!("auditstream-{}-{number}", std::process::id()).into();
        let mut consumer = channel
            .basic_consume(
                self.topology.queue(self.source),
                tag.clone(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        let (settle, settled) = mpsc::unbounded_channel();
        let giving_back = match self.source {
            Source::Lane(_) => GivingBack::AtTheEnd,
            _ => GivingBack::InTurn,
        };
        let settling = Settling {
            giving_back,
            stop: self.stop.clone(),
            ended: self.ended.clone(),
        };
        self.tasks
            .spawn(settle::run(channel.clone(), settled, settling));
        // Made once: each has to be entered into a list under a lock.
        let mut stopped = std::pin::pin!(self.stop.cancelled());
        loop {
            let arrived = tokio::select! {
                () = &mut stopped => break,
                arrived = consumer.next() => arrived,
            };
            let Some(arrived) = arrived else {
                return Ok(());
            };
            // Dropped when nobody takes it any more, it goes back.
            let delivery = delivery(arrived?, &settle, session.over());
            if self.deliveries.send(delivery).await.is_err() {
                break;
            }
        }
        // What the last acks made room for is under way.
        while giving_back == GivingBack::AtTheEnd
            && let Ok(Some(Ok(late))) = timeout(QUIET, consumer.next()).await
        {
            delivery(late, &settle, session.over()).give_back();
        }
        channel
            .basic_cancel(tag, BasicCancelOptions::default())
            .await?;
        // What came between the request and its answer goes back.
        while let Some(Ok(late)) = consumer.next().await {
            delivery(late, &settle, session.over()).give_back();
        }
        Ok(())
    }
}

impl Session<Consuming> {
    /// What is in a queue; nothing in one that is not there.
    pub(super) async fn depth(&self, queue: ShortString) -> lapin::Result<Depth> {
        let _turn = self.channels.asking.acquire().await;
        let channel = match self.channels.take_idle() {
            Some(channel) => channel,
            None => self.connection().create_channel().await?,
        };
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let asked = channel
            .queue_declare(queue, options, FieldTable::default())
            .await;
        match asked {
            Ok(queue) => {
                self.channels.keep_idle(channel);
                Ok(Depth {
                    waiting: queue.message_count().into(),
                    consumers: queue.consumer_count().into(),
                })
            }
            // The broker has ended the channel with its answer.
            Err(error) if is_not_found(&error) => Ok(Depth::default()),
            Err(error) => Err(error),
        }
    }

    /// Deletes a queue, which need not be there; how many messages were ready in it.
    pub(super) async fn delete(&self, queue: ShortString) -> lapin::Result<u64> {
        let channel = self.connection().create_channel().await?;
        let messages = channel
            .queue_delete(queue, QueueDeleteOptions::default())
            .await?;
        channel.close(200, "deleted".into()).await?;
        Ok(messages.into())
    }
}

fn is_not_found(error: &lapin::Error) -> bool {
    let lapin::ErrorKind::ProtocolError(error) = error.kind() else {
        return false;
    };
    *error.kind() == AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND)
}

fn delivery(
    arrived: lapin::message::Delivery,
    settle: &mpsc::UnboundedSender<settle::Settled>,
    over: &CancellationToken,
) -> Delivery {
    let message = Message {
        event_type: arrived.routing_key.to_string(),
        body: arrived.data.into(),
        headers: headers::from_properties(&arrived.properties),
    };
    let settle = settle.clone();
    let (tag, acker) = (arrived.delivery_tag, arrived.acker);
    let ticket = Ticket(Box::new(move |verdict| {
        // The receiver is gone only with the session, and then the message comes again.
        let _ = settle.send((tag, acker, verdict));
    }));
    Delivery::new(message, arrived.redelivered, ticket, over.clone())
}

/// Forwards notices from a queue that lives as long as the connection, and asks for another session
/// when it was deleted.
async fn listen(
    channel: Channel,
    topology: &Topology,
    notices: broadcast::Sender<Notice>,
    over: CancellationToken,
) -> lapin::Result<()> {
    let options = QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..QueueDeclareOptions::default()
    };
    let queue = channel
        .queue_declare("".into(), options, FieldTable::default())
        .await?;
    channel
        .queue_bind(
            queue.name().clone(),
            topology.notices_exchange(),
            "".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await?;
    let options = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    let mut consumer = channel
        .basic_consume(
            queue.name().clone(),
            "".into(),
            options,
            FieldTable::default(),
        )
        .await?;
    tokio::spawn(async move {
        while let Some(Ok(arrived)) = consumer.next().await {
            match serde_json::from_slice(&arrived.data) {
                // Nobody may be listening.
                Ok(notice) => drop(notices.send(notice)),
                Err(error) => tracing::debug!(error = %error, "a notice cannot be read"),
            }
        }
        drop(channel);
        // Without notices the session is deaf.
        over.cancel();
    });
    Ok(())
}

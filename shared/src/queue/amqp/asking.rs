//! Questions over the broker: each is a message that is not kept, and its answer comes by direct
//! reply-to. Both have channels of their own, and what goes wrong with these ends no session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Acker, BasicProperties, Channel};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::connection::{Session, Sessions, next};
use super::consumer::Consuming;
use super::headers;
use super::publisher::Publishing;
use super::topology::Topology;
use crate::backoff::Schedule;
use crate::queue::Message;
use crate::queue::question::{Answer, Asker, Question, Unanswered};

/// The broker's name for wherever the channel is that a question came from.
const REPLY_TO: &str = "amq.rabbitmq.reply-to";
const TRANSIENT: u8 = 1;

impl Session<Publishing> {
    /// Asks, and waits for the answer until the deadline; none, when there is none by then.
    pub(super) async fn ask(
        &self,
        topology: &Topology,
        message: &Message,
        deadline: Instant,
    ) -> Result<Option<Answer>, Unanswered> {
        if self.connection().status().blocked() {
            return Err(Unanswered::Unavailable(
                "the broker takes no messages for want of memory or disk".to_owned(),
            ));
        }
        let answered = async {
            // Closed when it is dropped, whatever the end.
            let channel = self.connection().create_channel().await?;
            question(&channel, topology, message, deadline).await
        };
        let answered = async {
            tokio::select! {
                answered = answered => answered.map_err(unavailable)?.ok_or(Unanswered::Lost),
                () = self.over().cancelled() => Err(Unanswered::Lost),
            }
        };
        timeout_at(deadline, answered).await.ok().transpose()
    }
}

/// Sends a question and waits for its answer; none, when the broker ended that.
async fn question(
    channel: &Channel,
    topology: &Topology,
    message: &Message,
    deadline: Instant,
) -> lapin::Result<Option<Answer>> {
    static QUESTIONS: AtomicU64 = AtomicU64::new(0);
    topology.declare_questions(channel).await?;
    let options = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    // On the channel of the question: the broker holds them together.
    let mut answers = channel
        .basic_consume(REPLY_TO.into(), "".into(), options, FieldTable::default())
        .await?;
    let number = QUESTIONS.fetch_add(1, Ordering::Relaxed).to_string();
    let left = deadline.saturating_duration_since(Instant::now());
    let properties = headers::to_properties(&message.headers)
        .with_delivery_mode(TRANSIENT)
        // Nobody is to look at it when the answer would come too late.
        .with_expiration(left.as_millis().to_string().into())
        .with_correlation_id(number.as_str().into())
        .with_reply_to(REPLY_TO.into());
    channel
        .basic_publish(
            ShortString::default(),
            topology.questions(),
            BasicPublishOptions::default(),
            &message.body,
            properties,
        )
        .await?;
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        let of = answer.properties.correlation_id().as_ref();
        if of.map(ShortString::as_str) != Some(number.as_str()) {
            continue;
        }
        match serde_json::from_slice(&answer.data) {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => tracing::debug!(error = %error, "an answer cannot be read"),
        }
    }
    Ok(None)
}

/// Brings questions, session after session.
pub(super) struct Hearing {
    pub(super) topology: Topology,
    pub(super) consuming: watch::Receiver<Option<Arc<Session<Consuming>>>>,
    pub(super) publishing: Arc<Sessions<Publishing>>,
    pub(super) publish_timeout: Duration,
    pub(super) questions: mpsc::Sender<Question>,
    pub(super) stop: CancellationToken,
}

impl Hearing {
    /// Runs until it is stopped. When its queue or its channel is lost it begins anew on the same
    /// session, which is there for the events.
    pub(super) async fn run(mut self) {
        let mut schedule = Schedule::reconnect();
        loop {
            let session = tokio::select! {
                () = self.stop.cancelled() => return,
                session = next(&mut self.consuming) => session,
            };
            let Some(session) = session else { return };
            let heard = tokio::select! {
                () = self.stop.cancelled() => return,
                heard = self.hear(&session, &mut schedule) => heard,
            };
            if let Err(error) = heard {
                tracing::debug!(error = %error, "questions are not heard for a moment");
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(schedule.next_wait()) => {}
            }
        }
    }

    async fn hear(
        &self,
        session: &Session<Consuming>,
        schedule: &mut Schedule,
    ) -> lapin::Result<()> {
        let channel = session.connection().create_channel().await?;
        self.topology.declare_questions(&channel).await?;
        // The next one stays with the broker, for whichever worker has time, until this is taken.
        channel.basic_qos(1, BasicQosOptions::default()).await?;
        let mut consumer = channel
            .basic_consume(
                self.topology.questions(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        schedule.reset();
        while let Some(arrived) = consumer.next().await {
            if self.questions.send(self.question(arrived?)).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn question(&self, arrived: Delivery) -> Question {
        let message = Message {
            event_type: arrived.routing_key.to_string(),
            headers: headers::from_properties(&arrived.properties),
            body: arrived.data.into(),
        };
        let patience = arrived.properties.expiration().as_ref();
        let patience = patience.and_then(|millis| millis.as_str().parse().ok());
        let asker = Remote {
            until: Instant::now() + Duration::from_millis(patience.unwrap_or(0)),
            acker: Some(arrived.acker),
            reply_to: arrived.properties.reply_to().clone(),
            correlation_id: arrived.properties.correlation_id().clone(),
            publishing: self.publishing.clone(),
            publish_timeout: self.publish_timeout,
        };
        Question::new(message, asker)
    }
}

/// Who asked over the broker.
struct Remote {
    /// When that one has gone at the latest.
    until: Instant,
    acker: Option<Acker>,
    reply_to: Option<ShortString>,
    correlation_id: Option<ShortString>,
    publishing: Arc<Sessions<Publishing>>,
    publish_timeout: Duration,
}

impl Asker for Remote {
    /// Acked before the attempt, so that no question is tried twice.
    fn take(&mut self) -> bool {
        if let Some(acker) = self.acker.take() {
            tokio::spawn(async move {
                if let Err(error) = acker.ack(BasicAckOptions::default()).await {
                    tracing::debug!(error = %error, "a question may come again");
                }
            });
        }
        // Anybody can write to the queue; an answer goes nowhere but to who waits for it.
        let reply_to = self.reply_to.as_ref();
        Instant::now() < self.until && reply_to.is_some_and(|to| to.as_str().starts_with(REPLY_TO))
    }

    fn answer(self: Box<Self>, answer: Answer) {
        tokio::spawn(async move {
            match timeout(self.publish_timeout, self.send(&answer)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(error = %error, "an answer was lost"),
                Err(_elapsed) => tracing::debug!("an answer was lost, the broker takes none"),
            }
        });
    }
}

impl Remote {
    /// On the connection that publishes: under an alarm the broker would not read the acks of the other
    /// one any more. Neither mandatory nor kept: who asked may have gone, and a mandatory one comes back
    /// though it has arrived.
    async fn send(self, answer: &Answer) -> lapin::Result<()> {
        let (Some(session), Some(to)) = (self.publishing.ready().await, self.reply_to) else {
            return Ok(());
        };
        let mut properties = BasicProperties::default().with_delivery_mode(TRANSIENT);
        if let Some(id) = self.correlation_id {
            properties = properties.with_correlation_id(id);
        }
        let body = serde_json::to_vec(answer).expect("an answer can be written as JSON");
        let channel = session.connection().create_channel().await?;
        channel
            .basic_publish(
                ShortString::default(),
                to,
                BasicPublishOptions::default(),
                &body,
                properties,
            )
            .await?;
        channel.close(200, "answered".into()).await
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unavailable(error: lapin::Error) -> Unanswered {
    Unanswered::Unavailable(error.to_string())
}

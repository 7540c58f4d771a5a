//! Brings events to the queue, by way of the outbox when the broker does not take them.

pub mod batch;
pub mod complete;
pub mod versions;

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use sea_orm::DbErr;
use shared::clock::Timestamp;
use shared::foundation::Foundation;
use shared::queue::{Message, Target};

use crate::auth::MayPublish;
use crate::metrics::{Metrics, Published, Refusal, Store};
use crate::outbox;
use crate::relay::Wake;
use versions::Versions;

/// Longest that the outbox may take to store what the broker did not take.
const OUTBOX_TIMEOUT: Duration = Duration::from_secs(5);

/// A complete event on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingEvent {
    /// The event's id, as text also when it is a number in the JSON.
    pub id: String,
    /// Name of its type.
    pub event_type: String,
    /// The JSON object, byte for byte as it is delivered.
    pub body: Bytes,
    /// The producer's trace (W3C `traceparent`).
    pub traceparent: Option<String>,
}

impl OutgoingEvent {
    /// The message that carries the event, not to be routed by an older configuration.
    pub(crate) fn into_message(self, config_version: i64, accepted_at: Timestamp) -> Message {
        let mut message =
            Message::new(self.event_type, self.body).at_config_version(config_version);
        message.headers.traceparent = self.traceparent;
        message.headers.accepted_at = Some(accepted_at);
        message
    }
}

/// The trace (W3C `traceparent`) that what a request publishes is a part of, if any.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProducerTrace(pub(crate) Option<String>);

/// How an event came in: a label of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// `POST /api/v1/audit_events`.
    Http,
    /// The mutation `auditEventCreate`.
    GraphQl,
}

/// Neither the queue nor the outbox took the events: the producer must come again.
#[derive(Debug, thiserror::Error)]
#[error("The event cannot be stored at the moment, try again later")]
pub struct Unavailable;

/// Brings events to the queue. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    foundation: Foundation,
    outbox: Wake,
    versions: Versions,
    metrics: Metrics,
    published: Published,
}

/// Events of one request, with what was so when they came.
struct Batch {
    via: Via,
    accepted_at: Timestamp,
    config_version: i64,
}

impl Publisher {
    pub(crate) fn new(
        foundation: Foundation,
        outbox: Wake,
        versions: Versions,
        metrics: Metrics,
    ) -> Self {
        Self {
            foundation,
            outbox,
            versions,
            published: metrics.published("request"),
            metrics,
        }
    }

    /// Stores events durably, all at once, and answers with their ids in order. What the queue does
    /// not take within the publish timeout goes to the outbox, in one transaction. After an error
    /// some may be stored: a producer that comes again makes duplicates of these, and loses none.
    pub async fn publish(
        &self,
        _permission: MayPublish,
        via: Via,
        events: Vec<OutgoingEvent>,
    ) -> Result<Vec<String>, Unavailable> {
        let batch = Batch {
            via,
            accepted_at: self.foundation.clock.now(),
            config_version: self.versions.current().await,
        };
        let ids = events.iter().map(|event| event.id.clone()).collect();
        let total = events.len();
        let left = self.send(events, &batch).await;
        self.metrics.accepted(via, Store::Queue, total - left.len());
        if !left.is_empty() {
            self.keep(left, &batch).await?;
        }
        Ok(ids)
    }

    /// Sends to the queue and gives back what it did not confirm.
    async fn send(&self, events: Vec<OutgoingEvent>, batch: &Batch) -> Vec<OutgoingEvent> {
        // A broker that is known to be away need not be waited for.
        if !self.foundation.queue.is_connected() {
            return events;
        }
        let attempts = events.into_iter().map(async |event| {
            let message = event.clone();
            let message = message.into_message(batch.config_version, batch.accepted_at);
            let publish = self.foundation.queue.publish(Target::Events, message);
            match self.published.measure(publish).await {
                Ok(_stored) => None,
                Err(error) => {
                    tracing::debug!(event.id = %event.id, error = %error, "an event goes to the outbox");
                    Some(event)
                }
            }
        });
        join_all(attempts).await.into_iter().flatten().collect()
    }

    async fn keep(&self, events: Vec<OutgoingEvent>, batch: &Batch) -> Result<(), Unavailable> {
        let kept = tokio::time::timeout(OUTBOX_TIMEOUT, self.write(&events, batch)).await;
        match kept {
            Ok(Ok(())) => {
                self.metrics
                    .accepted(batch.via, Store::Outbox, events.len());
                self.outbox.wake();
                return Ok(());
            }
            Ok(Err(error)) => {
                tracing::error!(error = %error, events = events.len(), "neither the queue nor the outbox takes events");
            }
            Err(_elapsed) => {
                tracing::error!(
                    events = events.len(),
                    "the queue takes no events and the outbox does not answer in time"
                );
            }
        }
        self.metrics
            .refused(batch.via, Refusal::Unavailable, events.len());
        Err(Unavailable)
    }

    async fn write(&self, events: &[OutgoingEvent], batch: &Batch) -> Result<(), DbErr> {
        let transaction = self.foundation.database.begin().await?;
        for event in events {
            outbox::write(&transaction, event, batch.config_version, batch.accepted_at).await?;
        }
        transaction.commit().await
    }
}

//! Hands a delivery on to where it is safe: a rung, the dead letters, the rejected messages, a lane.

use std::time::Duration;

use shared::backoff::Schedule;
use shared::clock::Timestamp;
use shared::event::InvalidEvent;
use shared::foundation::Foundation;
use shared::queue::{Delivery, Headers, Message, Settled, Settlement, Stored, Target};
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::outcome::{Next, after_refusal};

/// When a message that could not be handed on is offered to the queue again.
pub(crate) fn offers() -> Schedule {
    Schedule::new(Duration::from_millis(20), Duration::from_secs(1), 0.5)
}

/// The worker is ending and this message was not carried through: it goes back to its queue.
#[derive(Debug)]
pub(crate) struct Interrupted;

/// Hands on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Handover {
    pub(crate) foundation: Foundation,
    pub(crate) metrics: Metrics,
    /// The worker is to end: start nothing new.
    pub(crate) stopping: CancellationToken,
}

impl Handover {
    /// Offers the message until the queue has stored it: acking before that would lose it, and
    /// giving it back would repeat what other destinations already have. `over` is that of the delivery
    /// which the message came with.
    pub(crate) async fn store(
        &self,
        target: Target,
        message: &Message,
        over: &CancellationToken,
    ) -> Result<Stored, Interrupted> {
        let mut offers = offers();
        loop {
            if let Some(stored) = self.offer(target, message).await {
                return Ok(stored);
            }
            self.pause(&mut offers, over).await?;
        }
    }

    /// Offers the message once; nothing, when the queue did not store it.
    pub(crate) async fn offer(&self, target: Target, message: &Message) -> Option<Stored> {
        match self.foundation.queue.publish(target, message.clone()).await {
            Ok(stored) => {
                self.metrics.handed_on(target);
                Some(stored)
            }
            Err(error) => {
                tracing::debug!(error = %error, ?target, "a message could not be handed on yet");
                None
            }
        }
    }

    /// Waits until the message is to be offered again.
    pub(crate) async fn pause(
        &self,
        offers: &mut Schedule,
        over: &CancellationToken,
    ) -> Result<(), Interrupted> {
        tokio::select! {
            () = self.stopping.cancelled() => Err(Interrupted),
            // Its session has ended, and it is on its way to somebody else.
            () = over.cancelled() => Err(Interrupted),
            () = tokio::time::sleep(offers.next_wait()) => Ok(()),
        }
    }

    /// Takes note that nobody waits for a delivery any more.
    pub(crate) fn discard(&self) -> Settled {
        self.metrics.discarded.inc();
        Settled::discarded()
    }

    /// Sets a message that is no event aside, with the reason.
    pub(crate) async fn reject(
        &self,
        delivery: &Delivery,
        invalid: &InvalidEvent,
    ) -> Result<Settlement, Interrupted> {
        let message = &delivery.message;
        let rejected = Message {
            headers: Headers {
                reason: Some(invalid.to_string()),
                ..message.headers.clone()
            },
            ..message.clone()
        };
        let stored = self
            .store(Target::Rejected, &rejected, delivery.over())
            .await?;
        self.metrics.rejected.inc();
        tracing::warn!(reason = %invalid, "a message was rejected");
        Ok(Settlement::handed_on(stored))
    }

    /// Puts an event that its destination refused on the ladder, or gives it up; `headers` are those
    /// after the refusal.
    pub(crate) async fn refused(
        &self,
        message: &Message,
        headers: Headers,
        now: Timestamp,
        over: &CancellationToken,
    ) -> Result<Settled, Interrupted> {
        let next = after_refusal(&headers, now, self.foundation.config.delivery.retention);
        self.next(next, message, headers, over).await
    }

    /// Tries again later alone, or gives up.
    pub(crate) async fn next(
        &self,
        next: Next,
        message: &Message,
        headers: Headers,
        over: &CancellationToken,
    ) -> Result<Settled, Interrupted> {
        let target = match next {
            Next::Retry(rung) => Target::Retry(rung),
            Next::Dead => Target::Dead,
        };
        let message = Message {
            headers,
            ..message.clone()
        };
        let stored = self.store(target, &message, over).await?;
        Ok(Settled::handed_on(stored))
    }
}

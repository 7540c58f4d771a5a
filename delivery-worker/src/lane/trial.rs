//! Tries one message of a lane, and settles it when that can be.

use std::time::Duration;

use shared::clock::Timestamp;
use shared::event::Envelope;
use shared::queue::{Delivery, Settled, Settlement};

use super::drain::Drain;
use crate::attempts::{Destroyed, Event};
use crate::dispatch::Connection;
use crate::handover::Interrupted;
use crate::metrics::Age;
use crate::outcome::{Failure, Outcome, Trouble, refused};

/// What came of a message in the lane.
pub(super) enum Tried {
    /// The receiver took it.
    Taken(Settlement),
    /// It is settled without that.
    Elsewhere(Settlement),
    /// The destination is in trouble.
    Failed(Failed),
}

/// A try that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) event_id: String,
    pub(super) failure: Failure,
    pub(super) retry_after: Option<Duration>,
    pub(super) first_seen: Option<Timestamp>,
}

/// How often a message is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tries {
    Once,
    /// Twice, where the second try may help.
    Twice,
}

impl Failed {
    /// Whether the receiver answered: the event may be to blame.
    pub(super) fn answered(&self) -> bool {
        self.failure.status.is_some()
    }

    /// Whether it can only be the event, given that the receiver takes another one at the same time.
    fn blames_the_event(&self) -> bool {
        self.answered() && self.retry_after.is_none()
    }
}

impl Drain {
    /// Tries those again that were overtaken by one that was taken: the destination may have been down,
    /// and they not to blame. What is left from the first failure on that is not the event's stays.
    pub(super) async fn try_overtaken(
        &self,
        overtaken: &mut Vec<Delivery>,
    ) -> Result<(), Interrupted> {
        let mut waiting = std::mem::take(overtaken).into_iter();
        while let Some(delivery) = waiting.next() {
            match self.attempt(&delivery, Tries::Once).await {
                Ok(Tried::Taken(settlement) | Tried::Elsewhere(settlement)) => {
                    delivery.ack(settlement);
                }
                Ok(Tried::Failed(failed)) if failed.blames_the_event() => {
                    self.refuse(delivery, &failed.failure).await?;
                }
                Ok(Tried::Failed(_)) => {
                    overtaken.push(delivery);
                    overtaken.extend(waiting);
                    return Ok(());
                }
                Err(interrupted) => {
                    overtaken.push(delivery);
                    overtaken.extend(waiting);
                    return Err(interrupted);
                }
            }
        }
        Ok(())
    }

    /// Tries a message.
    pub(super) async fn attempt(
        &self,
        delivery: &Delivery,
        tries: Tries,
    ) -> Result<Tried, Interrupted> {
        let message = &delivery.message;
        let handover = &self.lanes.handover;
        let event = match Envelope::parse(&message.body) {
            Ok(event) => event,
            // Only a foreign publisher puts such a message here.
            Err(invalid) => {
                return Ok(Tried::Elsewhere(handover.reject(delivery, &invalid).await?));
            }
        };
        let sent = Event {
            id: &event.id,
            kind: &event.event_type,
            traceparent: message.headers.traceparent.as_deref(),
            body: &message.body,
            age: Age::of(&message.headers, self.now()),
        };
        let outcome = match tries {
            Tries::Once => {
                self.attempts
                    .once(self.id(), &sent, Connection::Pooled)
                    .await
            }
            Tries::Twice => self.attempts.with_second_try(self.id(), &sent).await,
        };
        let failed = |failure, retry_after| {
            Tried::Failed(Failed {
                event_id: event.id.clone().into_owned(),
                failure,
                retry_after,
                first_seen: message.headers.first_seen,
            })
        };
        Ok(match outcome {
            Err(Destroyed) => Tried::Elsewhere(Settlement::all([handover.discard()])),
            Ok(Outcome::Delivered(accepted)) => {
                Tried::Taken(Settlement::all([Settled::delivered(accepted)]))
            }
            Ok(Outcome::Refused(failure)) => {
                Tried::Elsewhere(self.to_the_ladder(delivery, &failure).await?)
            }
            Ok(Outcome::Troubled(Trouble {
                failure,
                retry_after,
                ..
            })) => failed(failure, retry_after),
            Ok(Outcome::Blocked(failure)) => failed(failure, None),
        })
    }

    /// Takes an event off the lane for which the destination fails while it takes one after it: it is
    /// this event that it does not want.
    pub(super) async fn refuse(
        &self,
        delivery: Delivery,
        failure: &Failure,
    ) -> Result<(), Interrupted> {
        let settlement = self.to_the_ladder(&delivery, failure).await?;
        delivery.ack(settlement);
        Ok(())
    }

    async fn to_the_ladder(
        &self,
        delivery: &Delivery,
        failure: &Failure,
    ) -> Result<Settlement, Interrupted> {
        let message = &delivery.message;
        let now = self.now();
        let headers = refused(message.headers.clone(), failure, now);
        let settled = self
            .lanes
            .handover
            .refused(message, headers, now, delivery.over())
            .await?;
        Ok(Settlement::all([settled]))
    }
}

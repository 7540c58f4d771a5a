//! Tries one message of a lane, and settles it when that can be.

use std::time::Duration;

use shared::clock::Timestamp;
use shared::event::Envelope;
use shared::queue::{Delivery, Headers, Message, Settled, Settlement, Target};

use super::drain::Drain;
use crate::attempts::{Destroyed, Event};
use crate::dispatch::Connection;
use crate::handover::Interrupted;
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
    /// Whether the receiver answered: the event may be to blame.
    pub(super) answered: bool,
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

impl Drain {
    /// Tries a message.
    pub(super) async fn attempt(
        &self,
        message: &Message,
        tries: Tries,
    ) -> Result<Tried, Interrupted> {
        let handover = &self.lanes.handover;
        let event = match Envelope::parse(&message.body) {
            Ok(event) => event,
            Err(invalid) => {
                // Only a foreign publisher puts such a message here.
                let rejected = Message {
                    headers: Headers {
                        reason: Some(invalid.to_string()),
                        ..message.headers.clone()
                    },
                    ..message.clone()
                };
                let stored = handover.store(Target::Rejected, &rejected).await?;
                return Ok(Tried::Elsewhere(Settlement::handed_on(stored)));
            }
        };
        let sent = Event {
            id: &event.id,
            kind: &event.event_type,
            traceparent: message.headers.traceparent.as_deref(),
            body: &message.body,
        };
        let outcome = match tries {
            Tries::Once => {
                self.attempts
                    .once(self.id(), &sent, Connection::Pooled)
                    .await
            }
            Tries::Twice => self.attempts.with_second_try(self.id(), &sent).await,
        };
        Ok(match outcome {
            Err(Destroyed) => {
                self.attempts.metrics.discarded.inc();
                Tried::Elsewhere(Settlement::all([Settled::discarded()]))
            }
            Ok(Outcome::Delivered(accepted)) => {
                Tried::Taken(Settlement::all([Settled::delivered(accepted)]))
            }
            Ok(Outcome::Refused(failure)) => {
                Tried::Elsewhere(self.to_the_ladder(message, &failure).await?)
            }
            Ok(Outcome::Troubled(Trouble {
                failure,
                retry_after,
                ..
            })) => Tried::Failed(Failed {
                event_id: event.id.into_owned(),
                answered: failure.status.is_some(),
                retry_after,
                first_seen: message.headers.first_seen,
            }),
            Ok(Outcome::Blocked(_)) => Tried::Failed(Failed {
                event_id: event.id.into_owned(),
                answered: false,
                retry_after: None,
                first_seen: message.headers.first_seen,
            }),
        })
    }

    /// Takes an event off the lane that failed again and again while one after it was taken: it is this
    /// event that the destination does not want.
    pub(super) async fn refuse(&self, delivery: Delivery) -> Result<(), Interrupted> {
        let failure = Failure {
            status: self
                .row
                .last_failure_status
                .and_then(|status| u16::try_from(status).ok()),
            error: "the destination fails for this event and takes others".to_owned(),
            response: None,
        };
        let settlement = self.to_the_ladder(&delivery.message, &failure).await?;
        delivery.ack(settlement);
        Ok(())
    }

    async fn to_the_ladder(
        &self,
        message: &Message,
        failure: &Failure,
    ) -> Result<Settlement, Interrupted> {
        let now = self.now();
        let headers = refused(message.headers.clone(), failure, now);
        let settled = self.lanes.handover.refused(message, headers, now).await?;
        Ok(Settlement::all([settled]))
    }
}

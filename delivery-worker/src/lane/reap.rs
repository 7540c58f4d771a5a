//! Moves events from a lane to the dead letters.

use std::time::Duration;

use shared::clock::Timestamp;
use shared::queue::{Delivery, Headers, Message, Settlement, Stored, Target};
use tokio::time::timeout;

use super::book::Note;
use super::drain::Drain;
use crate::handover::Interrupted;

/// Messages taken at a time.
const WINDOW: u16 = 64;
/// After so long without a message the lane is taken for empty.
const IDLE: Duration = Duration::from_secs(1);

impl Drain {
    /// Gives a delivery up, for a reason, with what is known of the destination's last failure: a message
    /// that goes back to its lane is not written anew, so its own headers tell of the first.
    pub(super) async fn bury(&self, delivery: Delivery, why: &str) -> Result<(), Interrupted> {
        let headers = &delivery.message.headers;
        // The row tells of the destination's last failure, unless that is not written yet.
        let of_row = self.row.last_failure_at.map(Timestamp);
        let (error, status, last_attempt) = if of_row > headers.last_attempt {
            let status = self.row.last_failure_status;
            let status = status.and_then(|status| u16::try_from(status).ok());
            (self.row.last_failure_error.as_ref(), status, of_row)
        } else {
            let error = headers.last_error.as_ref();
            (error, headers.last_status, headers.last_attempt)
        };
        let last_error = match error {
            Some(error) => format!("{why}; the last try failed: {error}"),
            None => why.to_owned(),
        };
        let message = Message {
            headers: Headers {
                last_error: Some(last_error),
                last_status: status,
                last_attempt,
                ..headers.clone()
            },
            ..delivery.message.clone()
        };
        let handover = &self.lanes.handover;
        let stored: Stored = handover
            .store(Target::Dead, &message, delivery.over())
            .await?;
        delivery.ack(Settlement::handed_on(stored));
        Ok(())
    }

    /// Moves what is in the lane now to the dead letters, as its owner asked; false when that was
    /// interrupted, and goes on later.
    pub(super) async fn purge(&self) -> bool {
        let Some(depth) = self.depth().await else {
            return false;
        };
        let mut left = depth.waiting;
        let mut deliveries = self.consume(WINDOW);
        let purged = loop {
            // What comes meanwhile nobody has asked to be moved.
            if left == 0 {
                break true;
            }
            let next = tokio::select! {
                () = self.stop.cancelled() => break false,
                next = timeout(IDLE, deliveries.next()) => next,
            };
            match next {
                Ok(Some(delivery)) => {
                    let why = "moved to the dead letters by its owner";
                    if self.bury(delivery, why).await.is_err() {
                        break false;
                    }
                    left -= 1;
                }
                // The session is over.
                Ok(None) => break false,
                Err(_elapsed) if self.is_empty().await => break true,
                Err(_elapsed) => {}
            }
        };
        deliveries.stop().done().await;
        purged && self.note(&Note::Purged(self.row.purge_requested_at)).await
    }
}

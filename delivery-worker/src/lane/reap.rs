//! Moves events from a lane to the dead letters.

use std::time::Duration;

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
    /// Gives a delivery up.
    pub(super) async fn bury(&self, delivery: Delivery, why: &str) -> Result<(), Interrupted> {
        let headers = &delivery.message.headers;
        let message = Message {
            headers: Headers {
                last_error: headers.last_error.clone().or_else(|| Some(why.to_owned())),
                ..headers.clone()
            },
            ..delivery.message.clone()
        };
        let stored: Stored = self.lanes.handover.store(Target::Dead, &message).await?;
        delivery.ack(Settlement::handed_on(stored));
        Ok(())
    }

    /// Moves what is in the lane now to the dead letters, as its owner asked; false when that was
    /// interrupted, and goes on later.
    pub(super) async fn purge(&self) -> bool {
        let Some(mut left) = self.depth().await else {
            return false;
        };
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
                Err(_elapsed) if self.depth().await == Some(0) => break true,
                Err(_elapsed) => {}
            }
        };
        deliveries.stop().done().await;
        purged && self.note(&Note::Purged).await
    }
}

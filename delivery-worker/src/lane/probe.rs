//! Tries whether a destination takes events again.

use std::time::Duration;

use shared::queue::{Deliveries, Delivery, Settlement};
use tokio::time::timeout;

use super::drain::Drain;
use super::trial::{Failed, Tried, Tries};
use super::turn;
use crate::handover::Interrupted;
use crate::outcome::is_expired;

/// How long the first message may take to come.
const FIRST: Duration = Duration::from_secs(2);
/// After so many failures of one event, to which the receiver answered, others are tried.
const FAILURES_OF_ONE: i64 = 3;
/// Which events after the head are tried then, one after another, before it is its turn again. Twelve bad
/// ones in a row do not keep the rest, nor do a hundred.
const OTHERS: [usize; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 40, 80, 160];

/// What came of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probed {
    /// The destination takes events, or nothing waits for it.
    Passed,
    /// It does not, or nobody can tell.
    Failed,
}

/// What a probe settles when its consumer is to stop.
#[derive(Default)]
struct Held {
    taken: Option<(Delivery, Settlement)>,
    back: Vec<Delivery>,
}

/// Which of the events in the lane is tried, counted from its head: an event for which the destination
/// fails must not keep the others for ever.
fn index(head_failures: i64) -> usize {
    let Ok(beyond) = usize::try_from(head_failures - FAILURES_OF_ONE) else {
        return 0;
    };
    let turn = beyond % (OTHERS.len() + 1);
    OTHERS.get(turn).copied().unwrap_or(0)
}

impl Drain {
    /// Tries an event of the lane; what is settled without the receiver is followed by the next at once.
    pub(super) async fn probe(&self) -> Result<Probed, Interrupted> {
        let index = index(self.row.head_failures);
        let window = u16::try_from(index + 1).unwrap_or(u16::MAX);
        let beginning = turn(&self.lanes.consuming).await;
        let mut deliveries = self.consume(window);
        let first = self.next(&mut deliveries).await;
        drop(beginning);
        let mut held = Held::default();
        let probed = self
            .probe_with(first, &mut deliveries, index, &mut held)
            .await;
        let _ending = turn(&self.lanes.consuming).await;
        // Before what was taken is settled: what an ack makes room for would come out of its order, and
        // what is given back would come again at once.
        let stopping = deliveries.stop();
        if let Some((delivery, settlement)) = held.taken {
            delivery.ack(settlement);
        }
        held.back.into_iter().for_each(Delivery::give_back);
        stopping.done().await;
        probed
    }

    async fn probe_with(
        &self,
        first: Option<Delivery>,
        deliveries: &mut Deliveries,
        index: usize,
        held: &mut Held,
    ) -> Result<Probed, Interrupted> {
        let mut next = first;
        loop {
            while held.back.len() < index
                && let Some(delivery) = next.take()
            {
                held.back.push(delivery);
                next = self.next(deliveries).await;
            }
            // With fewer events than that it is the last one's turn.
            let Some(delivery) = next.take().or_else(|| held.back.pop()) else {
                let is_empty = self.is_empty().await;
                return Ok(if is_empty {
                    Probed::Passed
                } else {
                    Probed::Failed
                });
            };
            match self.attempt(&delivery, Tries::Once).await {
                Ok(Tried::Taken(settlement)) => {
                    held.taken = Some((delivery, settlement));
                    self.try_overtaken(&mut held.back).await?;
                    return Ok(Probed::Passed);
                }
                Ok(Tried::Elsewhere(settlement)) => {
                    delivery.ack(settlement);
                    next = self.next(deliveries).await;
                }
                Ok(Tried::Failed(failed)) => {
                    let answered = failed.answered();
                    held.back.push(delivery);
                    let back = &mut held.back;
                    let at_head = self.reap_expired(deliveries, back, failed).await?;
                    let (failures, of_head) = self.count(&at_head, answered);
                    self.wait(&at_head, failures, of_head).await;
                    return Ok(Probed::Failed);
                }
                Err(interrupted) => {
                    held.back.push(delivery);
                    return Err(interrupted);
                }
            }
        }
    }

    async fn next(&self, deliveries: &mut Deliveries) -> Option<Delivery> {
        tokio::select! {
            () = self.stop.cancelled() => None,
            next = timeout(FIRST, deliveries.next()) => next.ok().flatten(),
        }
    }

    /// Moves events that waited for the whole retention from the head of the lane to the dead letters;
    /// the failure, told of the event that is the head then.
    async fn reap_expired(
        &self,
        deliveries: &mut Deliveries,
        held: &mut Vec<Delivery>,
        failed: Failed,
    ) -> Result<Failed, Interrupted> {
        let retention = self.lanes.foundation.config.delivery.retention;
        let mut first = None;
        let mut kept = Vec::new();
        let mut waiting = std::mem::take(held).into_iter();
        loop {
            let next = match waiting.next() {
                Some(delivery) => Some(delivery),
                // More are asked for only while all that came was too old.
                None if kept.is_empty() => self.next(deliveries).await,
                None => None,
            };
            let Some(delivery) = next else { break };
            if is_expired(&delivery.message.headers, self.now(), retention) && kept.is_empty() {
                self.bury(delivery, "it waited for the whole retention")
                    .await?;
                continue;
            }
            if first.is_none() {
                first = Some(Failed {
                    event_id: event_id(&delivery),
                    first_seen: delivery.message.headers.first_seen,
                    ..failed.clone()
                });
            }
            kept.push(delivery);
        }
        *held = kept;
        Ok(first.unwrap_or(failed))
    }

    /// Failures in a row of the destination, and of the event at the head.
    fn count(&self, head: &Failed, answered: bool) -> (i64, i64) {
        let same = self.row.head_event_id.as_deref() == Some(&*head.event_id);
        let before = if same { self.row.head_failures } else { 0 };
        (self.row.failed_probes + 1, before + i64::from(answered))
    }
}

fn event_id(delivery: &Delivery) -> String {
    shared::event::Envelope::parse(&delivery.message.body)
        .map(|event| event.id.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_three_failures_of_the_head_the_events_after_it_have_their_turns() {
        let turns: Vec<usize> = (0..20).map(index).collect();
        let expected = [
            0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 40, 80, 160, 0, 1, 2,
        ];
        assert_eq!(turns, expected);
    }
}

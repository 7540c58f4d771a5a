//! Settlement as types: a delivery can be acked only with the proof that each of its outcomes is
//! settled, and a delivery that is dropped goes back to its queue.

use tokio_util::sync::CancellationToken;

use super::Message;

/// Proof that the queue has stored a message for good.
#[derive(Debug)]
#[must_use]
pub struct Stored(());

impl Stored {
    /// Only implementations of the queue can tell.
    pub(crate) fn confirmed() -> Self {
        Self(())
    }
}

/// Proof that a receiver took an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted(u16);

impl Accepted {
    /// Any 2xx is success; nothing else is, a redirect neither (Standard Webhooks).
    pub fn of_status(status: u16) -> Option<Self> {
        (200..300).contains(&status).then_some(Self(status))
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.0
    }
}

/// Proof that the outcome for one destination is settled.
#[derive(Debug)]
#[must_use]
pub struct Settled(());

impl Settled {
    /// The receiver took the event.
    pub fn delivered(_accepted: Accepted) -> Self {
        Self(())
    }

    /// The delivery was durably handed on, to a lane, a rung or the dead letters.
    pub fn handed_on(_stored: Stored) -> Self {
        Self(())
    }

    /// The destination was destroyed, so nobody waits for the event.
    pub fn discarded() -> Self {
        Self(())
    }
}

/// Proof that nothing is lost when the message is acked.
#[derive(Debug)]
#[must_use]
pub struct Settlement(());

impl Settlement {
    /// Every destination's outcome is settled; none, when the event matched no destination.
    pub fn all(settled: impl IntoIterator<Item = Settled>) -> Self {
        settled.into_iter().for_each(drop);
        Self(())
    }

    /// The whole message was durably handed on.
    pub fn handed_on(_stored: Stored) -> Self {
        Self(())
    }

    /// The message is in the database: the transaction that holds it was committed.
    pub fn committed() -> Self {
        Self(())
    }
}

/// A message that was taken and must be settled.
#[derive(Debug)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Whether it was taken before, by this worker or another one.
    pub redelivered: bool,
    ticket: Option<Ticket>,
    over: CancellationToken,
}

impl Delivery {
    pub(crate) fn new(
        message: Message,
        redelivered: bool,
        ticket: Ticket,
        over: CancellationToken,
    ) -> Self {
        Self {
            message,
            redelivered,
            ticket: Some(ticket),
            over,
        }
    }

    /// Cancelled when the session that brought the message is over: the message comes again, and
    /// whatever is still done for this delivery is done twice.
    pub fn over(&self) -> &CancellationToken {
        &self.over
    }

    /// Removes the message from its queue. When the session that brought it has ended, nothing
    /// happens, and it comes again.
    pub fn ack(mut self, _settlement: Settlement) {
        self.settle(Verdict::Ack);
    }

    /// Puts the message back to where it was taken from.
    pub fn give_back(mut self) {
        self.settle(Verdict::GiveBack);
    }

    fn settle(&mut self, verdict: Verdict) {
        if let Some(ticket) = self.ticket.take() {
            ticket.0(verdict);
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.settle(Verdict::GiveBack);
    }
}

/// What is to become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ack,
    GiveBack,
}

/// How the implementation settles one delivery. It must not block.
pub(crate) struct Ticket(pub(crate) Box<dyn FnOnce(Verdict) + Send + Sync>);

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticket")
    }
}

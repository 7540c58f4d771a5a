//! Questions to whichever worker comes first, and their answers. Unlike messages they are worth nothing
//! after their time: nothing of them is stored, and whoever asked is told when nobody answered.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Message;

/// Questions of one process that may wait for an answer at the same time: each holds a request, and on
/// RabbitMQ a channel. Somebody who asks without end must not use them up.
pub(super) const MOST_AT_ONCE: usize = 64;

/// What a worker tells of a message that it was asked to try on a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It made one attempt.
    Tried(Tried),
    /// There is no such destination.
    NoDestination,
    /// It cannot read the streaming configuration that the message must not be routed before.
    NoConfiguration,
}

/// How one attempt went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Status of the receiver's answer; none without one.
    pub status: Option<u16>,
    /// How long it took, in whole milliseconds.
    pub duration_ms: u64,
    /// Why the message was not delivered, a sentence for the destination's owner; none when it was.
    pub error: Option<String>,
    /// The first 1,024 bytes of the answer's body; none when that is empty.
    pub response: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The broker cannot be reached, or takes no messages for want of memory or disk.
    #[error("the queue is not available: {0}")]
    Unavailable(String),
    /// This process waits for so many answers that it takes no more questions.
    #[error("too many questions wait for an answer")]
    TooMany,
    /// Nobody takes questions, as far as this process can know.
    #[error("nobody takes questions")]
    Nobody,
    /// Nobody answered in time. The message may have been tried.
    #[error("no answer within {} ms", .0.as_millis())]
    TooLate(Duration),
    /// Connection or worker ended before the answer. The message may have been tried.
    #[error("the answer was lost")]
    Lost,
}

/// Questions that arrive one by one.
#[derive(Debug)]
pub struct Questions {
    receiver: mpsc::Receiver<Question>,
    _stop: DropGuard,
}

impl Questions {
    /// `stop` is cancelled when nobody listens any more.
    pub(super) fn new(receiver: mpsc::Receiver<Question>, stop: CancellationToken) -> Self {
        Self {
            receiver,
            _stop: stop.drop_guard(),
        }
    }

    /// The next question, which nobody else gets from here on; none once the queue was closed. One that
    /// nobody waits for any more is left out where that is known.
    pub async fn next(&mut self) -> Option<Question> {
        loop {
            let mut question = self.receiver.recv().await?;
            if question.asker.take() {
                return Some(question);
            }
        }
    }
}

/// A message that somebody waits to hear about. One that is dropped has no answer.
pub struct Question {
    /// The message; its headers name the destination.
    pub message: Message,
    asker: Box<dyn Asker>,
}

impl Question {
    pub(super) fn new(message: Message, asker: impl Asker + 'static) -> Self {
        Self {
            message,
            asker: Box::new(asker),
        }
    }

    /// Tells whoever asked, if that one still waits.
    pub fn answer(self, answer: Answer) {
        self.asker.answer(answer);
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

/// Who asked, as an implementation of the queue knows it. Neither may block.
pub(super) trait Asker: Send + Sync {
    /// The question is being looked at, once and for all; whether anybody waits for the answer.
    fn take(&mut self) -> bool;

    /// Sends the answer.
    fn answer(self: Box<Self>, answer: Answer);
}

//! Questions within the process: nothing of them is written.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::queue::Message;
use crate::queue::question::{Answer, Asker, MOST_AT_ONCE, Question, Questions, Unanswered};

/// Brings questions to the worker of this process.
pub(super) struct Asking {
    /// The way to who asked for questions last.
    worker: Mutex<Option<mpsc::Sender<Question>>>,
    room: Semaphore,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            worker: Mutex::default(),
            room: Semaphore::new(MOST_AT_ONCE),
        }
    }
}

impl Asking {
    pub(super) async fn ask(
        &self,
        message: Message,
        patience: Duration,
    ) -> Result<Answer, Unanswered> {
        let deadline = Instant::now() + patience;
        let _room = self.room.try_acquire().map_err(|_| Unanswered::TooMany)?;
        let worker = self.worker().clone().ok_or(Unanswered::Nobody)?;
        let (sender, answer) = oneshot::channel();
        worker
            .try_send(Question::new(message, Waiting(sender)))
            .map_err(|error| match error {
                // Also those that nobody waits for any more take a place until the worker sees them.
                TrySendError::Full(_) => Unanswered::TooMany,
                TrySendError::Closed(_) => Unanswered::Nobody,
            })?;
        match timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_dropped)) => Err(Unanswered::Lost),
            Err(_elapsed) => Err(Unanswered::TooLate(patience)),
        }
    }

    /// Questions from here on; `stop` ends them.
    pub(super) fn questions(&self, stop: CancellationToken) -> Questions {
        let (sender, receiver) = mpsc::channel(MOST_AT_ONCE);
        *self.worker() = Some(sender);
        Questions::new(receiver, stop)
    }

    /// Ends all questions.
    pub(super) fn close(&self) {
        self.worker().take();
    }

    fn worker(&self) -> MutexGuard<'_, Option<mpsc::Sender<Question>>> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Waiting(oneshot::Sender<Answer>);

impl Asker for Waiting {
    fn take(&mut self) -> bool {
        !self.0.is_closed()
    }

    fn answer(self: Box<Self>, answer: Answer) {
        // Whoever asked may have gone.
        let _ = self.0.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Tried;

    const PATIENCE: Duration = Duration::from_mins(1);

    fn message(number: u64) -> Message {
        Message::new("user_created", number.to_string())
    }

    /// Tells that it was this question.
    fn answer(question: Question) {
        let number = std::str::from_utf8(&question.message.body).unwrap();
        let duration_ms = number.parse().unwrap();
        question.answer(tried(duration_ms));
    }

    fn tried(duration_ms: u64) -> Answer {
        Answer::Tried(Tried {
            status: Some(200),
            duration_ms,
            error: None,
            response: None,
        })
    }

    #[tokio::test]
    async fn each_answer_reaches_who_asked_for_it() {
        let asking = Asking::default();
        let mut questions = asking.questions(CancellationToken::new());
        let worker = async {
            let mut held = Vec::new();
            for _ in 0..3 {
                held.push(questions.next().await.unwrap());
            }
            held.into_iter().rev().for_each(answer);
        };
        let asked = [0, 1, 2].map(|number| asking.ask(message(number), PATIENCE));
        let (answers, ()) = tokio::join!(futures_util::future::join_all(asked), worker);
        for (number, answer) in (0..).zip(answers) {
            assert_eq!(answer.unwrap(), tried(number));
        }
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_looked_at() {
        let asking = Asking::default();
        let mut questions = asking.questions(CancellationToken::new());
        let late = asking.ask(message(1), Duration::from_millis(1)).await;
        assert!(matches!(late, Err(Unanswered::TooLate(_))), "{late:?}");
        let (answered, ()) = tokio::join!(asking.ask(message(2), PATIENCE), async {
            answer(questions.next().await.unwrap());
        });
        assert_eq!(answered.unwrap(), tried(2));
    }

    #[tokio::test]
    async fn who_asks_when_nobody_answers_is_told_so_at_once() {
        let asking = Asking::default();
        let nobody = asking.ask(message(1), PATIENCE).await;
        assert!(matches!(nobody, Err(Unanswered::Nobody)), "{nobody:?}");
        let mut questions = asking.questions(CancellationToken::new());
        let (dropped, ()) = tokio::join!(asking.ask(message(1), PATIENCE), async {
            drop(questions.next().await);
        });
        assert!(matches!(dropped, Err(Unanswered::Lost)), "{dropped:?}");
        asking.close();
        assert!(questions.next().await.is_none());
    }

    #[tokio::test]
    async fn no_more_wait_than_there_is_room_for() {
        let asking = Asking::default();
        let _questions = asking.questions(CancellationToken::new());
        let mut waiting: Vec<_> = (0..64)
            .map(|number| Box::pin(asking.ask(message(number), PATIENCE)))
            .collect();
        for waits in &mut waiting {
            assert!(futures_util::poll!(waits).is_pending());
        }
        let refused = asking.ask(message(65), PATIENCE).await;
        assert!(matches!(refused, Err(Unanswered::TooMany)), "{refused:?}");
    }
}

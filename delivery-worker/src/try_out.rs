//! Tries single events on destinations, for owners who ask how that goes. Outside of all that deliveries
//! go through: an inactive destination is tried too, filters, lanes and permits are not looked at, there
//! is one attempt, and nothing of it is recorded or counted.

use std::sync::Arc;

use shared::event::Envelope;
use shared::queue::{Answer, Message, Questions, Tried};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempts::Attempts;
use crate::dispatch::{Dispatcher, Sending};
use crate::endpoint::RequestHead;

/// Events that are tried at the same time; further ones are for other workers, or wait.
const AT_ONCE: usize = 8;

/// Answers questions until the worker stops or the queue is closed.
pub(crate) async fn run(
    mut questions: Questions,
    attempts: Arc<Attempts>,
    tasks: TaskTracker,
    stopping: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let taken = async {
            // A question is nobody else's any more once it is taken.
            let slot = slots.clone().acquire_owned().await.ok()?;
            Some((slot, questions.next().await?))
        };
        let taken = tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            taken = taken => taken,
        };
        let Some((slot, question)) = taken else {
            return;
        };
        let attempts = attempts.clone();
        tasks.spawn(async move {
            let _slot = slot;
            // What is no event for one destination was asked by nobody of ours.
            if let Some(answer) = look_at(&attempts, &question.message).await {
                question.answer(answer);
            }
        });
    }
}

async fn look_at(attempts: &Attempts, message: &Message) -> Option<Answer> {
    let event = Envelope::parse(&message.body).ok()?;
    let destination_id = message.headers.destination_id?;
    let version = message.headers.config_version;
    let Some(snapshot) = attempts.snapshots.at_least(version).await else {
        return Some(Answer::NoConfiguration);
    };
    let Some(endpoint) = snapshot.find(destination_id) else {
        return Some(Answer::NoDestination);
    };
    let sending = Sending {
        event_id: &event.id,
        event_type: &event.event_type,
        traceparent: message.headers.traceparent.as_deref(),
        body: &message.body,
        at: attempts.clock.now(),
    };
    Some(Answer::Tried(match &endpoint.request {
        Ok(head) => try_out(&attempts.dispatcher, head, &sending).await,
        Err(problem) => Tried {
            status: None,
            duration_ms: 0,
            error: Some(format!("the destination cannot be used: {problem}")),
            response: None,
        },
    }))
}

async fn try_out(dispatcher: &Dispatcher, head: &RequestHead, sending: &Sending<'_>) -> Tried {
    let began = Instant::now();
    let shown = dispatcher.attempt_and_show(head, sending).await;
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match shown {
        Ok(shown) => Tried {
            status: Some(shown.status),
            duration_ms,
            error: shown.error,
            response: shown.response,
        },
        Err(outcome) => Tried {
            status: None,
            duration_ms,
            error: outcome.failure().map(|failure| failure.error.clone()),
            response: None,
        },
    }
}

//! Sends batches, tries again what was not answered, and keeps account of both.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use shared::backoff::Schedule;

use super::account::{Account, Problem};
use super::answer::{Verdict, verdict};
use super::batch::{Prepared, body};
use super::progress::Progress;
use crate::client::{Client, was_not_sent};
use crate::remote::output::printable;

/// Sends events to one API.
pub(super) struct Sending<'a> {
    pub(super) client: &'a Client,
    /// How long one batch is tried.
    pub(super) retry_for: Duration,
    pub(super) account: Account,
}

impl Sending<'_> {
    /// Sends events until all are stored, or those before the first that is wrong.
    pub(super) async fn send(
        &mut self,
        events: &[Prepared],
        progress: &Progress,
    ) -> Result<(), Vec<Problem>> {
        let mut waiting = VecDeque::from([events]);
        let mut wrong: Vec<Problem> = Vec::new();
        while let Some(events) = waiting.pop_front() {
            let Some(first) = events.first() else {
                continue;
            };
            self.account.next = first.place;
            match self.answer(events, progress).await {
                Ok(Verdict::Accepted) => {}
                Ok(Verdict::Halve) => {
                    let (first, second) = events.split_at(events.len() / 2);
                    waiting.push_front(second);
                    waiting.push_front(first);
                }
                Ok(Verdict::Wrong(right, problems)) => {
                    // What follows is sent when that is corrected, so that the order is kept.
                    waiting = VecDeque::from([&events[..right]]);
                    wrong = problems;
                }
                Ok(Verdict::Refused(why) | Verdict::Again(why)) | Err(why) => {
                    return Err(vec![Problem::of(first.place, why)]);
                }
            }
        }
        match wrong.iter().map(|problem| problem.place).min() {
            Some(first) => {
                self.account.next = first;
                Err(wrong)
            }
            None => Ok(()),
        }
    }

    /// What an answer means, once there is one that is not to try again.
    async fn answer(
        &mut self,
        events: &[Prepared],
        progress: &Progress,
    ) -> Result<Verdict, String> {
        let began = Instant::now();
        let mut schedule = Schedule::reconnect();
        let body = body(events);
        // Whether an earlier request may have stored the events.
        let mut doubtful = false;
        loop {
            self.account.in_doubt = true;
            let sent = self
                .client
                .post("/api/v1/audit_events", "application/json", body.clone())
                .await;
            let (why, wait) = match sent {
                Ok(answer) => match verdict(answer.status, &answer.body, events) {
                    Verdict::Again(why) => {
                        doubtful = true;
                        (why, answer.retry_after)
                    }
                    verdict => {
                        self.settle(&verdict, events, doubtful);
                        return Ok(verdict);
                    }
                },
                Err(error) => {
                    doubtful |= !was_not_sent(&error);
                    (format!("{error:#}"), None)
                }
            };
            self.account.in_doubt = doubtful;
            let wait = wait.unwrap_or_default().max(schedule.next_wait());
            if began.elapsed() + wait > self.retry_for {
                return Err(why);
            }
            progress.waits(&format!(
                "{}, trying again in {:.1} s",
                printable(&why),
                wait.as_secs_f32()
            ));
            tokio::time::sleep(wait).await;
        }
    }

    fn settle(&mut self, verdict: &Verdict, events: &[Prepared], doubtful: bool) {
        if *verdict == Verdict::Accepted {
            let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
            self.account.accepted += count;
            self.account.sent_again += if doubtful { count } else { 0 };
            self.account.in_doubt = false;
            self.account.next = events
                .last()
                .map_or(self.account.next, |last| last.place + 1);
        } else {
            // This answer says nothing of what became of the requests before it.
            self.account.in_doubt = doubtful;
        }
    }
}

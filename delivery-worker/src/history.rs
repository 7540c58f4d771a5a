//! What the owner of a destination is told of its deliveries: collected in memory, written to the
//! database in batches, off the way of the events.

mod store;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shared::backoff::Schedule;
use shared::clock::{Timestamp, millis};
use shared::entities::failed_attempts;
use shared::foundation::Foundation;
use tokio_util::sync::CancellationToken;

use crate::attempts::Event;
use crate::outcome::{Failure, Outcome};

/// How often what was collected is written.
const EVERY: Duration = Duration::from_secs(1);
/// Minutes that are kept in memory while the database is away; older ones are added to the oldest.
const MINUTES: usize = 24 * 60;

/// An attempt that has ended.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) destination_id: i64,
    pub(crate) event: &'a Event<'a>,
    pub(crate) at: Timestamp,
    pub(crate) took: Duration,
    pub(crate) outcome: &'a Outcome,
}

/// Collects what is to be written.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<HashMap<i64, Tally>>);

/// What happened at one destination since it was written last.
#[derive(Debug, Default)]
struct Tally {
    minutes: BTreeMap<i64, Counts>,
    last_success: Option<Timestamp>,
    /// The newest last, at most [`failed_attempts::KEPT`].
    failures: VecDeque<Failed>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    delivered: i64,
    failed: i64,
    /// The greatest age of an event when it was tried, in milliseconds.
    lag_ms: i64,
}

#[derive(Debug)]
struct Failed {
    event_id: String,
    event_type: String,
    at: Timestamp,
    took: Duration,
    failure: Failure,
}

impl History {
    /// Takes note of an attempt.
    pub(crate) fn record(&self, attempt: &Attempt<'_>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(attempt.destination_id)
            .or_default()
            .record(attempt);
    }

    /// Writes until it is stopped, and what is left then.
    pub(crate) async fn keep(self: Arc<Self>, foundation: Foundation, stop: CancellationToken) {
        let mut schedule = Schedule::new(EVERY, Duration::from_secs(30), 0.2);
        let mut wait = EVERY;
        let mut away = false;
        let mut keeper = store::Keeper::default();
        loop {
            let stopped = tokio::select! {
                () = stop.cancelled() => true,
                () = tokio::time::sleep(wait) => false,
            };
            let taken = self.take();
            match keeper.write(&foundation, &taken).await {
                Ok(()) => {
                    schedule.reset();
                    wait = EVERY;
                    away = false;
                }
                Err(error) => {
                    if !away {
                        tracing::warn!(error = %error, "the history of deliveries cannot be written, it is kept in memory");
                    }
                    away = true;
                    wait = schedule.next_wait();
                    self.put_back(taken);
                }
            }
            if stopped {
                return;
            }
        }
    }

    fn take(&self) -> HashMap<i64, Tally> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What came meanwhile is newer.
    fn put_back(&self, taken: HashMap<i64, Tally>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (destination, older) in taken {
            let newer = all.remove(&destination).unwrap_or_default();
            all.insert(destination, older.followed_by(newer));
        }
    }
}

impl Tally {
    fn record(&mut self, attempt: &Attempt<'_>) {
        let counts = self.minutes.entry(minute(attempt.at)).or_default();
        let lag = millis(attempt.event.age.at(attempt.at));
        counts.lag_ms = counts.lag_ms.max(lag);
        let Some(failure) = attempt.outcome.failure() else {
            counts.delivered += 1;
            self.last_success = self.last_success.max(Some(attempt.at));
            return;
        };
        counts.failed += 1;
        self.failures.push_back(Failed {
            event_id: attempt.event.id.to_owned(),
            event_type: attempt.event.kind.to_owned(),
            at: attempt.at,
            took: attempt.took,
            failure: failure.clone(),
        });
        self.shorten();
    }

    fn followed_by(mut self, newer: Self) -> Self {
        for (minute, counts) in newer.minutes {
            self.minutes.entry(minute).or_default().add(counts);
        }
        self.last_success = self.last_success.max(newer.last_success);
        self.failures.extend(newer.failures);
        self.shorten();
        self
    }

    fn shorten(&mut self) {
        let most = usize::try_from(failed_attempts::KEPT).unwrap_or(usize::MAX);
        while self.failures.len() > most {
            self.failures.pop_front();
        }
        while self.minutes.len() > MINUTES
            && let Some((_, oldest)) = self.minutes.pop_first()
            && let Some(mut next) = self.minutes.first_entry()
        {
            next.get_mut().add(oldest);
        }
    }
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.lag_ms = self.lag_ms.max(other.lag_ms);
    }
}

/// The first moment of a minute.
fn minute(at: Timestamp) -> i64 {
    at.0.div_euclid(60_000) * 60_000
}

#[cfg(test)]
pub(crate) mod tests;

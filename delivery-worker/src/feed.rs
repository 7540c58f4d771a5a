//! Tells who watches what becomes of deliveries, as they are tried. While nobody does, an attempt costs one
//! look at a number.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shared::foundation::Foundation;
use shared::queue::{Notice, Report, Reports};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::history::Attempt;

/// How often what was collected is told.
const EVERY: Duration = Duration::from_millis(250);
/// Attempts that are told at once. What is more is counted by destination, for as many of them.
const MOST: usize = 200;
/// Characters of an error that are told.
const LONGEST_ERROR: usize = 300;
/// For how long one word of a watcher counts, at most.
const LONGEST_WATCH: Duration = Duration::from_mins(1);

/// Collects attempts while somebody watches.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    /// In milliseconds since 1970; in the past while nobody watches.
    watched_until: AtomicI64,
    collected: Mutex<Collected>,
}

/// What is to be told next.
#[derive(Debug, Default, PartialEq, Eq)]
struct Collected {
    reports: Vec<Report>,
    dropped: BTreeMap<i64, u64>,
    /// Whether there were more that are not even counted, of too many destinations.
    uncounted: bool,
}

impl Feed {
    /// Takes note of an attempt, when somebody watches.
    pub(crate) fn record(&self, attempt: &Attempt<'_>) {
        if attempt.at.0 >= self.watched_until.load(Ordering::Relaxed) {
            return;
        }
        let mut collected = self
            .collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if collected.reports.len() < MOST {
            collected.reports.push(report(attempt));
        } else if let Some(dropped) = collected.dropped.get_mut(&attempt.destination_id) {
            *dropped += 1;
        } else if collected.dropped.len() < MOST {
            collected.dropped.insert(attempt.destination_id, 1);
        } else {
            collected.uncounted = true;
        }
    }

    /// Tells what is collected, until it is stopped.
    pub(crate) async fn run(self: Arc<Self>, foundation: Foundation, stop: CancellationToken) {
        let worker = uuid::Uuid::new_v4().as_u64_pair().0;
        let mut number = 0;
        let mut notices = foundation.queue.notices();
        let mut tell = tokio::time::interval(EVERY);
        tell.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watched = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                notice = notices.recv() => match notice {
                    Ok(Notice::WatchDeliveries { seconds }) => {
                        let watch = Duration::from_secs(seconds).min(LONGEST_WATCH);
                        let until = foundation.clock.now() + watch;
                        if !watched {
                            // Attempts that ended after the last watcher had gone.
                            self.take();
                        }
                        self.watched_until.fetch_max(until.0, Ordering::Relaxed);
                        watched = true;
                    }
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return stop.cancelled().await,
                },
                _ = tell.tick(), if watched => {
                    watched = foundation.clock.now().0 < self.watched_until.load(Ordering::Relaxed);
                    let Collected { reports, dropped, uncounted } = self.take();
                    if reports.is_empty() {
                        continue;
                    }
                    number += 1;
                    foundation.queue.announce(Notice::Deliveries(Arc::new(Reports {
                        worker,
                        number,
                        reports,
                        dropped,
                        uncounted,
                    })));
                }
            }
        }
    }

    fn take(&self) -> Collected {
        let mut collected = self
            .collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut collected)
    }
}

fn report(attempt: &Attempt<'_>) -> Report {
    let failure = attempt.outcome.failure();
    let error = failure.map(|failure| failure.error.chars().take(LONGEST_ERROR).collect());
    Report {
        destination_id: attempt.destination_id,
        event_id: attempt.event.id.to_owned(),
        event_type: attempt.event.kind.to_owned(),
        at: attempt.at,
        duration_ms: millis(attempt.took),
        outcome: attempt.outcome.label().to_owned(),
        status: attempt.outcome.status(),
        error,
        lag_ms: millis(attempt.event.age.at(attempt.at)),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use shared::clock::Timestamp;
    use shared::queue::Accepted;

    use super::*;
    use crate::classification::Ending;
    use crate::history::tests::with_attempt;
    use crate::outcome::Outcome;

    fn record(feed: &Feed, destination_id: i64, at: i64, outcome: &Outcome) {
        with_attempt(destination_id, outcome, at, at - 5, |attempt| {
            feed.record(attempt);
        });
    }

    fn delivered() -> Outcome {
        Outcome::Delivered(Accepted::of_status(202).unwrap())
    }

    fn watched_until(until: i64) -> Feed {
        let feed = Feed::default();
        feed.watched_until.store(until, Ordering::Relaxed);
        feed
    }

    #[test]
    fn an_attempt_is_kept_only_while_somebody_watches() {
        let feed = watched_until(100);
        for at in [99, 100, 101] {
            record(&feed, 7, at, &delivered());
        }
        let told = feed.take();
        let at: Vec<i64> = told.reports.iter().map(|report| report.at.0).collect();
        assert_eq!(at, [99]);
        assert_eq!(feed.take(), Collected::default());
    }

    #[test]
    fn a_report_says_how_an_attempt_went() {
        let feed = watched_until(100);
        record(&feed, 7, 50, &delivered());
        let late = "late".repeat(LONGEST_ERROR);
        record(
            &feed,
            8,
            51,
            &Outcome::without_answer(Ending::TimedOut, late),
        );
        let reports = feed.take().reports;
        let expected = Report {
            destination_id: 7,
            event_id: "one".to_owned(),
            event_type: "user_created".to_owned(),
            at: Timestamp(50),
            duration_ms: 3,
            outcome: "delivered".to_owned(),
            status: Some(202),
            error: None,
            lag_ms: 5,
        };
        assert_eq!(reports[0], expected);
        assert_eq!(
            (reports[1].outcome.as_str(), reports[1].status),
            ("troubled", None)
        );
        let error = reports[1].error.as_ref().unwrap();
        assert_eq!(error.len(), LONGEST_ERROR);
    }

    #[test]
    fn what_is_too_much_to_be_told_is_counted_by_destination() {
        let feed = watched_until(100);
        for _ in 0..MOST {
            record(&feed, 7, 50, &delivered());
        }
        for destination in [7, 8, 8] {
            record(&feed, destination, 50, &delivered());
        }
        let told = feed.take();
        assert_eq!(told.reports.len(), MOST);
        assert_eq!(told.dropped, BTreeMap::from([(7, 1), (8, 2)]));
        assert!(!told.uncounted);
    }

    #[test]
    fn not_more_destinations_are_counted_than_attempts_told() {
        let feed = watched_until(100);
        for destination in 0..=2 * i64::try_from(MOST).unwrap() {
            record(&feed, destination, 50, &delivered());
        }
        let told = feed.take();
        assert_eq!((told.dropped.len(), told.uncounted), (MOST, true));
    }
}

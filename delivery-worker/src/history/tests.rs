//! Tests of what is collected while the database is away.

use bytes::Bytes;
use shared::queue::{Accepted, Headers};

use super::*;
use crate::classification::Ending;
use crate::metrics::Age;

fn record(history: &History, outcome: &Outcome, at: i64) {
    record_of(history, outcome, at, at);
}

/// An attempt at a moment, of an event that was accepted then.
fn record_of(history: &History, outcome: &Outcome, at: i64, accepted_at: i64) {
    with_attempt(7, outcome, at, accepted_at, |attempt| {
        history.record(attempt);
    });
}

/// An attempt of 3 ms on a destination, at a moment, of an event that was accepted then.
pub(crate) fn with_attempt(
    destination_id: i64,
    outcome: &Outcome,
    at: i64,
    accepted_at: i64,
    record: impl FnOnce(&Attempt<'_>),
) {
    let body = Bytes::from_static(b"{}");
    let accepted = Headers {
        accepted_at: Some(Timestamp(accepted_at)),
        ..Headers::default()
    };
    let event = Event {
        id: "one",
        kind: "user_created",
        traceparent: None,
        body: &body,
        age: Age::of(&accepted, Timestamp(at)),
    };
    record(&Attempt {
        destination_id,
        event: &event,
        at: Timestamp(at),
        took: Duration::from_millis(3),
        outcome,
    });
}

fn delivered() -> Outcome {
    Outcome::Delivered(Accepted::of_status(200).unwrap())
}

fn failed(error: &str) -> Outcome {
    Outcome::without_answer(Ending::TimedOut, error)
}

#[test]
fn deliveries_and_failures_are_counted_by_the_minute_in_which_they_began() {
    let history = History::default();
    record(&history, &delivered(), 59_999);
    record(&history, &delivered(), 60_000);
    record(&history, &failed("late"), 119_999);
    let tally = &history.take()[&7];
    let counts = |delivered, failed| Counts {
        delivered,
        failed,
        lag_ms: 0,
    };
    let minutes: Vec<_> = tally.minutes.clone().into_iter().collect();
    assert_eq!(minutes, [(0, counts(1, 0)), (60_000, counts(1, 1))]);
    assert_eq!(tally.last_success, Some(Timestamp(60_000)));
    assert!(history.take().is_empty());
}

#[test]
fn the_lag_of_a_minute_is_the_greatest_age_of_what_was_tried_in_it() {
    let history = History::default();
    record_of(&history, &delivered(), 60_000, 10_000);
    record_of(&history, &failed("late"), 61_000, 1_000);
    record(&history, &delivered(), 62_000);
    record(&history, &delivered(), 120_000);
    let taken = history.take();
    record_of(&history, &delivered(), 63_000, 2_000);
    history.put_back(taken);
    let tally = &history.take()[&7];
    let lags: Vec<i64> = tally.minutes.values().map(|counts| counts.lag_ms).collect();
    assert_eq!(lags, [61_000, 0]);
}

#[test]
fn what_could_not_be_written_is_added_to_what_came_meanwhile() {
    let history = History::default();
    record(&history, &delivered(), 1);
    record(&history, &failed("older"), 2);
    let taken = history.take();
    record(&history, &failed("newer"), 3);
    history.put_back(taken);
    let tally = &history.take()[&7];
    assert_eq!(
        tally.minutes[&0],
        Counts {
            delivered: 1,
            failed: 2,
            lag_ms: 0
        }
    );
    let errors: Vec<&str> = tally
        .failures
        .iter()
        .map(|failed| &*failed.failure.error)
        .collect();
    assert_eq!(errors, ["older", "newer"]);
}

#[test]
fn memory_holds_the_last_failures_and_no_more_minutes_than_its_bound() {
    let history = History::default();
    for number in 0..2_000 {
        record(&history, &failed(&number.to_string()), number * 60_000);
    }
    let tally = &history.take()[&7];
    assert_eq!(tally.failures.len(), 50);
    assert_eq!(tally.failures[49].failure.error, "1999");
    assert_eq!(tally.minutes.len(), MINUTES);
    let failed: i64 = tally.minutes.values().map(|counts| counts.failed).sum();
    assert_eq!(failed, 2_000, "none is forgotten");
}

//! What an attempt came to, and what is to become of an event that did not arrive. Pure.

use std::time::Duration;

use shared::clock::Timestamp;
use shared::queue::{Accepted, Headers, Rung};

use crate::classification::{Class, Ending, Troubled, classify};

/// Attempts of an event that its destination refuses.
const ATTEMPTS_OF_REFUSED: u32 = 6;
/// So many refusals in a row, with no success between, are trouble of the destination.
const REFUSALS_THAT_ARE_TROUBLE: u32 = 20;

/// What one attempt came to. Each has one way to be settled: by nothing more, on the ladder, in the
/// destination's lane, and there too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver took the event.
    Delivered(Accepted),
    /// The destination does not want this event.
    Refused(Failure),
    /// The destination is in trouble.
    Troubled(Trouble),
    /// The destination cannot be tried.
    Blocked(Failure),
}

/// An outcome without what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutcomeKind {
    Delivered,
    Refused,
    Troubled,
    Blocked,
}

impl OutcomeKind {
    /// Every kind, in the order of their numbers.
    pub(crate) const ALL: [Self; 4] = [
        Self::Delivered,
        Self::Refused,
        Self::Troubled,
        Self::Blocked,
    ];

    /// The word for it in metrics, spans and reports.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Troubled => "troubled",
            Self::Blocked => "blocked",
        }
    }
}

/// Why an event did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The status, when there was an answer.
    pub(crate) status: Option<u16>,
    /// A sentence for the destination's owner.
    pub(crate) error: String,
    /// The beginning of the answer's body.
    pub(crate) response: Option<String>,
}

/// A failure that speaks of the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// What happened.
    pub(crate) failure: Failure,
    /// What it says of the next tries.
    pub(crate) how: Troubled,
    /// How long the receiver asked to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

impl Outcome {
    /// What an ending comes to.
    pub(crate) fn of(ending: Ending, failure: Failure, retry_after: Option<Duration>) -> Self {
        match classify(ending, retry_after.is_some()) {
            Class::Delivered(accepted) => Self::Delivered(accepted),
            Class::Refused => Self::Refused(failure),
            Class::Troubled(how) => Self::Troubled(Trouble {
                failure,
                how,
                retry_after,
            }),
            Class::Blocked => Self::Blocked(failure),
        }
    }

    /// There was no answer.
    pub(crate) fn without_answer(ending: Ending, error: impl Into<String>) -> Self {
        Self::of(ending, Failure::new(error), None)
    }

    /// Why the event did not arrive; none, when it did.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Delivered(_) => None,
            Self::Refused(failure) | Self::Blocked(failure) => Some(failure),
            Self::Troubled(trouble) => Some(&trouble.failure),
        }
    }

    /// The status, when there was an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Delivered(accepted) => Some(accepted.status()),
            _ => self.failure()?.status,
        }
    }

    /// Whether it says that the receiver has too much to do.
    pub(crate) fn is_congestion(&self) -> bool {
        matches!(self, Self::Troubled(trouble) if trouble.how.congested)
    }

    /// Which of the outcomes it is.
    pub(crate) fn kind(&self) -> OutcomeKind {
        match self {
            Self::Delivered(_) => OutcomeKind::Delivered,
            Self::Refused(_) => OutcomeKind::Refused,
            Self::Troubled(_) => OutcomeKind::Troubled,
            Self::Blocked(_) => OutcomeKind::Blocked,
        }
    }

    /// The word for it in metrics, spans and reports.
    pub(crate) fn label(&self) -> &'static str {
        self.kind().label()
    }

    /// Takes a refusal for trouble when it is one of many in a row: then it is no more the event that
    /// is to blame. `in_a_row` counts it.
    #[must_use]
    pub(crate) fn after_refusals(self, in_a_row: u32) -> Self {
        match self {
            Self::Refused(failure) if in_a_row >= REFUSALS_THAT_ARE_TROUBLE => {
                Self::Troubled(Trouble {
                    failure,
                    how: Troubled {
                        second_try: false,
                        congested: false,
                    },
                    retry_after: None,
                })
            }
            outcome => outcome,
        }
    }
}

impl Failure {
    /// Without an answer.
    pub(crate) fn new(error: impl Into<String>) -> Self {
        Self {
            status: None,
            error: error.into(),
            response: None,
        }
    }
}

/// What is to become of an event that is tried again alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It waits on a rung.
    Retry(Rung),
    /// It is given up.
    Dead,
}

/// The headers of the one delivery that is left of an event. `headers` are those that it came with;
/// `routed_by` is the version of the snapshot that knew the destination: a worker with an older one
/// would take it for destroyed.
pub(crate) fn single(
    destination_id: i64,
    routed_by: i64,
    headers: &Headers,
    now: Timestamp,
) -> Headers {
    Headers {
        config_version: headers.config_version.max(Some(routed_by)),
        destination_id: Some(destination_id),
        first_seen: headers.first_seen.or(Some(now)),
        ..headers.clone()
    }
}

/// The headers after a failed attempt at `now`.
#[must_use]
pub(crate) fn failed(headers: Headers, failure: &Failure, now: Timestamp) -> Headers {
    Headers {
        attempt: headers.attempt.saturating_add(1),
        last_attempt: Some(now),
        last_status: failure.status,
        last_error: Some(failure.error.clone()),
        ..headers
    }
}

/// The headers after the destination refused the event.
#[must_use]
pub(crate) fn refused(headers: Headers, failure: &Failure, now: Timestamp) -> Headers {
    let headers = failed(headers, failure, now);
    Headers {
        refusals: headers.refusals.saturating_add(1),
        ..headers
    }
}

/// Whether the event has been tried, or has waited, for the whole retention.
pub(crate) fn is_expired(headers: &Headers, now: Timestamp, retention: Duration) -> bool {
    headers
        .first_seen
        .is_some_and(|first| now.since(first) >= retention)
}

/// Where a refused event goes, by its headers after the refusal.
pub(crate) fn after_refusal(headers: &Headers, now: Timestamp, retention: Duration) -> Next {
    if headers.refusals >= ATTEMPTS_OF_REFUSED || is_expired(headers, now, retention) {
        Next::Dead
    } else {
        Next::Retry(Rung::after_attempts(headers.refusals))
    }
}

/// Where an event goes that should be in a lane while none can be opened, for want of the database: it
/// climbs a rung each time, and stays on the last.
pub(crate) fn without_lane(
    headers: Headers,
    now: Timestamp,
    retention: Duration,
) -> (Next, Headers) {
    if is_expired(&headers, now, retention) {
        return (Next::Dead, headers);
    }
    let climbs = headers.climbs.saturating_add(1);
    (
        Next::Retry(Rung::after_attempts(climbs)),
        Headers { climbs, ..headers },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETENTION: Duration = Duration::from_hours(1);

    fn failure() -> Failure {
        Failure {
            status: Some(503),
            error: "the receiver answered with status 503".to_owned(),
            response: Some("busy".to_owned()),
        }
    }

    #[test]
    fn a_waiting_delivery_is_not_looked_at_by_an_older_snapshot_than_knew_its_destination() {
        for (named, routed_by, expected) in [(None, 4, 4), (Some(3), 4, 4), (Some(5), 4, 5)] {
            let headers = Headers {
                config_version: named,
                ..Headers::default()
            };
            let single = single(7, routed_by, &headers, Timestamp(0));
            assert_eq!(single.config_version, Some(expected));
        }
    }

    #[test]
    fn a_failed_delivery_remembers_its_first_failure() {
        let start = Timestamp(1_000_000);
        let first = failed(single(7, 2, &Headers::default(), start), &failure(), start);
        assert_eq!(first.destination_id, Some(7));
        assert_eq!((first.attempt, first.first_seen), (1, Some(start)));
        assert_eq!(
            (first.last_status, first.last_attempt),
            (Some(503), Some(start))
        );

        let later = start + Duration::from_mins(1);
        let second = failed(single(7, 5, &first, later), &failure(), later);
        assert_eq!((second.attempt, second.first_seen), (2, Some(start)));
        assert_eq!(second.last_attempt, Some(later));
    }

    #[test]
    fn a_refused_event_climbs_every_rung_once_and_is_given_up_then() {
        let mut headers = single(7, 1, &Headers::default(), Timestamp(0));
        let mut path = Vec::new();
        loop {
            headers = refused(headers, &failure(), Timestamp(0));
            match after_refusal(&headers, Timestamp(0), RETENTION) {
                Next::Retry(rung) => path.push(rung.name()),
                Next::Dead => break,
            }
        }
        assert_eq!(path, ["5s", "30s", "2m", "10m", "1h"]);
        assert_eq!(headers.refusals, 6);
    }

    #[test]
    fn after_the_retention_nothing_is_tried_again() {
        let start = Timestamp(1_000_000);
        let headers = refused(single(7, 1, &Headers::default(), start), &failure(), start);
        let before = Timestamp(start.0 + 3_599_999);
        let after = start + RETENTION;
        assert!(!is_expired(&headers, before, RETENTION));
        assert!(is_expired(&headers, after, RETENTION));
        assert_ne!(after_refusal(&headers, before, RETENTION), Next::Dead);
        assert_eq!(after_refusal(&headers, after, RETENTION), Next::Dead);
        assert_eq!(without_lane(headers, after, RETENTION).0, Next::Dead);
    }

    #[test]
    fn without_a_lane_an_event_climbs_and_stays_on_the_last_rung() {
        let mut headers = single(7, 1, &Headers::default(), Timestamp(0));
        let mut path = Vec::new();
        for _ in 0..7 {
            let (next, after) = without_lane(headers, Timestamp(0), RETENTION);
            headers = after;
            let Next::Retry(rung) = next else {
                panic!("the retention is not over");
            };
            path.push(rung.name());
        }
        assert_eq!(path, ["5s", "30s", "2m", "10m", "1h", "1h", "1h"]);
        assert_eq!((headers.attempt, headers.refusals), (0, 0));
    }

    #[test]
    fn twenty_refusals_in_a_row_are_trouble_of_the_destination() {
        for (in_a_row, trouble) in [(1, false), (19, false), (20, true), (21, true)] {
            let outcome = Outcome::Refused(failure()).after_refusals(in_a_row);
            let is_trouble = matches!(outcome, Outcome::Troubled(_));
            assert_eq!(is_trouble, trouble, "{in_a_row}");
        }
        let blocked = Outcome::Blocked(failure());
        assert_eq!(blocked.clone().after_refusals(99), blocked);
    }
}

//! What an attempt came to, and what is to become of the delivery. Pure.

use std::time::Duration;

use shared::clock::Timestamp;
use shared::queue::{Headers, Rung};

/// What one attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver answered with a status of success.
    Delivered,
    /// It did not take the event.
    Failed(Failure),
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The status, when there was an answer.
    pub(crate) status: Option<u16>,
    /// A sentence for the destination's owner.
    pub(crate) error: String,
}

impl Outcome {
    /// Any 2xx is success; nothing else is, a redirect neither (Standard Webhooks).
    pub(crate) fn of_status(status: u16) -> Self {
        if (200..300).contains(&status) {
            Self::Delivered
        } else {
            Self::Failed(Failure {
                status: Some(status),
                error: format!("the receiver answered with status {status}"),
            })
        }
    }

    /// No answer.
    pub(crate) fn of_error(error: impl Into<String>) -> Self {
        Self::Failed(Failure {
            status: None,
            error: error.into(),
        })
    }
}

/// What is to become of a delivery that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// It waits on a rung and is tried again.
    Retry(Rung, Headers),
    /// It was tried for the whole retention.
    Dead(Headers),
}

/// Decides after a failed attempt; `headers` are those that the delivery came with, `routed_by` is
/// the version of the snapshot that knew the destination: a worker with an older one would take it
/// for destroyed.
pub(crate) fn after_failure(
    destination_id: i64,
    routed_by: i64,
    headers: &Headers,
    failure: &Failure,
    now: Timestamp,
    retention: Duration,
) -> Next {
    let first_seen = headers.first_seen.unwrap_or(now);
    let attempt = headers.attempt.saturating_add(1);
    let next = Headers {
        config_version: headers.config_version.max(Some(routed_by)),
        destination_id: Some(destination_id),
        attempt,
        first_seen: Some(first_seen),
        last_status: failure.status,
        last_error: Some(failure.error.clone()),
        ..headers.clone()
    };
    if now.since(first_seen) >= retention {
        Next::Dead(next)
    } else {
        Next::Retry(Rung::after_attempts(attempt), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_2xx_is_success() {
        for (status, delivered) in [
            (200, true),
            (202, true),
            (299, true),
            (199, false),
            (301, false),
            (304, false),
            (400, false),
            (404, false),
            (429, false),
            (500, false),
            (503, false),
        ] {
            assert_eq!(
                Outcome::of_status(status) == Outcome::Delivered,
                delivered,
                "{status}"
            );
        }
    }

    fn failure() -> Failure {
        Failure {
            status: Some(503),
            error: "the receiver answered with status 503".to_owned(),
        }
    }

    #[test]
    fn a_failed_delivery_climbs_and_remembers_its_first_failure() {
        let retention = Duration::from_hours(1);
        let start = Timestamp(1_000_000);
        let event = Headers {
            config_version: Some(3),
            ..Headers::default()
        };
        let Next::Retry(rung, first) = after_failure(7, 2, &event, &failure(), start, retention)
        else {
            panic!("the first failure is no death");
        };
        assert_eq!(rung.name(), "5s");
        assert_eq!(first.destination_id, Some(7));
        assert_eq!(first.config_version, Some(3));
        assert_eq!((first.attempt, first.first_seen), (1, Some(start)));
        assert_eq!(first.last_status, Some(503));

        let later = start + Duration::from_mins(1);
        let Next::Retry(rung, second) = after_failure(7, 5, &first, &failure(), later, retention)
        else {
            panic!("a minute is within the retention");
        };
        assert_eq!(rung.name(), "30s");
        assert_eq!((second.attempt, second.first_seen), (2, Some(start)));
    }

    #[test]
    fn a_waiting_delivery_is_not_looked_at_by_an_older_snapshot_than_knew_its_destination() {
        for (named, routed_by, expected) in [(None, 4, 4), (Some(3), 4, 4), (Some(5), 4, 5)] {
            let headers = Headers {
                config_version: named,
                ..Headers::default()
            };
            let retention = Duration::from_hours(1);
            let next = after_failure(7, routed_by, &headers, &failure(), Timestamp(0), retention);
            let Next::Retry(_, headers) = next else {
                panic!("the first failure is no death");
            };
            assert_eq!(headers.config_version, Some(expected));
        }
    }

    #[test]
    fn after_the_retention_a_delivery_is_dead() {
        let retention = Duration::from_hours(1);
        let start = Timestamp(1_000_000);
        let headers = Headers {
            first_seen: Some(start),
            attempt: 9,
            ..Headers::default()
        };
        let next = |now| after_failure(7, 0, &headers, &failure(), now, retention);
        assert!(matches!(
            next(start + Duration::from_mins(59)),
            Next::Retry(..)
        ));
        assert!(matches!(next(start + retention), Next::Dead(_)));
    }
}

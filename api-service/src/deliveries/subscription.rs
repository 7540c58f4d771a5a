//! Chooses from what workers tell of deliveries what one client watches, and writes it as server-sent
//! events.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use serde_json::json;
use shared::queue::{Report, Reports};

/// What a client watches, and what it was told.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Global ids, as the client knows them, by number.
    destinations: BTreeMap<i64, String>,
    /// The last number of each worker.
    heard: HashMap<u64, u64>,
}

impl Subscription {
    pub(crate) fn new(destinations: BTreeMap<i64, String>) -> Self {
        Self {
            destinations,
            heard: HashMap::new(),
        }
    }

    /// The events that the client is sent; empty when it is not concerned, or knows this already.
    pub(crate) fn events(&mut self, reports: &Reports) -> String {
        let last = self.heard.insert(reports.worker, reports.number);
        let mut events = String::new();
        match last {
            Some(last) if reports.number <= last => {
                // What a process announces it hears twice: from itself, and from the broker.
                self.heard.insert(reports.worker, last);
                return events;
            }
            last => {
                let is_gap = last.is_some_and(|last| reports.number > last + 1);
                if is_gap || reports.uncounted {
                    events.push_str(&missed());
                }
            }
        }
        for report in &reports.reports {
            if let Some(id) = self.destinations.get(&report.destination_id) {
                write_delivery(&mut events, id, report);
            }
        }
        let dropped = reports.dropped.iter();
        let dropped: u64 = dropped
            .filter(|(destination, _)| self.destinations.contains_key(destination))
            .map(|(_, count)| count)
            .sum();
        if dropped > 0 {
            write_event(&mut events, "dropped", &json!({ "count": dropped }));
        }
        events
    }
}

/// The event that tells of an unknown number of deliveries that the client does not hear of.
pub(crate) fn missed() -> String {
    let mut event = String::new();
    write_event(&mut event, "dropped", &json!({ "count": null }));
    event
}

fn write_delivery(events: &mut String, id: &str, report: &Report) {
    let delivery = json!({
        "destinationId": id,
        "eventId": report.event_id,
        "eventType": report.event_type,
        "attemptedAt": report.at.to_rfc3339(),
        "durationMs": report.duration_ms,
        "outcome": report.outcome,
        "status": report.status,
        "error": report.error,
        "lagMs": report.lag_ms,
    });
    write_event(events, "delivery", &delivery);
}

fn write_event(events: &mut String, name: &str, data: &serde_json::Value) {
    write!(events, "event: {name}\ndata: {data}\n\n").expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use shared::clock::Timestamp;

    use super::*;

    const MISSED: &str = "event: dropped\ndata: {\"count\":null}\n\n";

    fn subscription() -> Subscription {
        Subscription::new(BTreeMap::from([(7, "gid://7".to_owned())]))
    }

    fn reports(worker: u64, number: u64, destinations: &[i64], dropped: &[(i64, u64)]) -> Reports {
        let report = |destination_id: &i64| Report {
            destination_id: *destination_id,
            event_id: "one".to_owned(),
            event_type: "user_created".to_owned(),
            at: Timestamp(0),
            duration_ms: 3,
            outcome: "delivered".to_owned(),
            status: Some(200),
            error: None,
            lag_ms: 9,
        };
        Reports {
            worker,
            number,
            reports: destinations.iter().map(report).collect(),
            dropped: dropped.iter().copied().collect(),
            uncounted: false,
        }
    }

    #[test]
    fn a_client_is_told_of_what_it_watches_and_of_nothing_else() {
        let expected = "event: delivery\ndata: {\"attemptedAt\":\"1970-01-01T00:00:00.000Z\",\"destinationId\":\"gid://7\",\"durationMs\":3,\"error\":null,\"eventId\":\"one\",\"eventType\":\"user_created\",\"lagMs\":9,\"outcome\":\"delivered\",\"status\":200}\n\n";
        let told = subscription().events(&reports(1, 1, &[8, 7], &[(8, 5)]));
        assert_eq!(told, expected);
        let told = subscription().events(&reports(1, 1, &[], &[(7, 2), (8, 5)]));
        assert_eq!(told, "event: dropped\ndata: {\"count\":2}\n\n");
    }

    #[test]
    fn what_a_worker_could_not_even_count_is_told_to_be_missing_from_its_first_word_on() {
        let mut subscription = subscription();
        for (number, uncounted) in [(1, true), (2, false), (3, true)] {
            let mut reports = reports(1, number, &[7], &[]);
            reports.uncounted = uncounted;
            let told = subscription.events(&reports);
            assert_eq!(told.starts_with(MISSED), uncounted, "{number}");
        }
    }

    #[test]
    fn what_is_heard_twice_is_told_once_and_what_was_not_heard_is_told_to_be_missing() {
        let mut subscription = subscription();
        for (worker, number, deliveries, missed) in [
            (1, 4, 1, false),
            (1, 4, 0, false),
            (1, 5, 1, false),
            (1, 3, 0, false),
            (2, 1, 1, false),
            (1, 7, 1, true),
            (1, 8, 1, false),
        ] {
            let told = subscription.events(&reports(worker, number, &[7], &[]));
            let found = (
                told.matches("event: delivery").count(),
                told.starts_with(MISSED),
            );
            assert_eq!(found, (deliveries, missed), "{worker} {number}");
        }
    }
}

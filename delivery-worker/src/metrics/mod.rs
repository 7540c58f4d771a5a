//! What the worker tells Prometheus. What each number means is in `docs/metrics.md`.
//!
//! What is counted for each event is looked up once, at the start: no labels are hashed on the way.

mod destinations;
mod refresh;

use prometheus::{Histogram, IntCounter, IntGauge, IntGaugeVec};
use shared::clock::Timestamp;
use shared::metrics::{Metrics as Service, Optional, REQUEST_SECONDS};
use shared::queue::{Rung, Source, Target};

pub(crate) use self::destinations::Busiest;
pub(crate) use self::refresh::Refresh;
use crate::outcome::{Outcome, OutcomeKind};

/// Seconds between acceptance and delivery: from a healthy millisecond to the whole retention of a week.
const LAG_SECONDS: [f64; 18] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0,
    3_600.0, 21_600.0, 604_800.0,
];

/// The worker's figures. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) service: Service,
    consumed_events: IntCounter,
    consumed_deliveries: IntCounter,
    pub(crate) routed: IntCounter,
    attempts: PerOutcome,
    pub(crate) delivery_duration: Histogram,
    lag_direct: Histogram,
    lag_delayed: Histogram,
    in_flight: IntGauge,
    waiting_for_permit: IntGauge,
    handed_on: PerTarget,
    retries: Vec<IntCounter>,
    pub(crate) rejected: IntCounter,
    pub(crate) discarded: IntCounter,
    pub(crate) config_version: IntGauge,
    snapshot_age: IntGauge,
    window_held: IntGauge,
    pub(crate) lanes_open: IntGauge,
    lane_events: IntGaugeVec,
    lane_oldest_age: IntGaugeVec,
    queue_messages: IntGaugeVec,
    retries_waiting: Optional,
}

/// A counter for each outcome of an attempt, by the number of its kind.
#[derive(Clone)]
struct PerOutcome([IntCounter; OutcomeKind::ALL.len()]);

/// A counter for each place where something is handed on to.
#[derive(Clone)]
struct PerTarget {
    retry: IntCounter,
    lane: IntCounter,
    dead: IntCounter,
    rejected: IntCounter,
}

impl PerOutcome {
    fn new(service: &Service) -> prometheus::Result<Self> {
        let attempts = service.counters(
            "auditstream_deliveries_total",
            "Attempts by their outcome.",
            &["outcome"],
        )?;
        let counter = |kind: OutcomeKind| attempts.with_label_values(&[kind.label()]);
        Ok(Self(OutcomeKind::ALL.map(counter)))
    }

    fn of(&self, kind: OutcomeKind) -> &IntCounter {
        &self.0[kind as usize]
    }
}

impl PerTarget {
    fn new(service: &Service) -> prometheus::Result<Self> {
        let handed_on = service.counters(
            "auditstream_handed_on_total",
            "What was stored elsewhere: deliveries to wait alone (retry), or with all of a destination (lane), given up (dead); messages that are no events (rejected).",
            &["to"],
        )?;
        Ok(Self {
            retry: handed_on.with_label_values(&["retry"]),
            lane: handed_on.with_label_values(&["lane"]),
            dead: handed_on.with_label_values(&["dead"]),
            rejected: handed_on.with_label_values(&["rejected"]),
        })
    }
}

impl Metrics {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let service = Service::new()?;
        let consumed = service.counters(
            "auditstream_events_consumed_total",
            "Messages taken from the queue, redelivered ones included: new events, and single deliveries that waited or are replayed.",
            &["source"],
        )?;
        let lag = service.histograms(
            "auditstream_delivery_lag_seconds",
            "Time from an event's acceptance to its delivery, straight to its destination or after waiting in a lane or on a rung.",
            &["path"],
            &LAG_SECONDS,
        )?;
        let retries = service.counters(
            "auditstream_retries_total",
            "Deliveries that were put on a rung to wait alone.",
            &["rung"],
        )?;
        Ok(Self {
            consumed_events: consumed.with_label_values(&["events"]),
            consumed_deliveries: consumed.with_label_values(&["deliver"]),
            routed: service.counter(
                "auditstream_deliveries_routed_total",
                "Deliveries that new events were routed to: one for each destination that an event matches.",
            )?,
            attempts: PerOutcome::new(&service)?,
            delivery_duration: service.histogram(
                "auditstream_delivery_duration_seconds",
                "How long attempts took, whatever their outcome.",
                &REQUEST_SECONDS,
            )?,
            lag_direct: lag.with_label_values(&["direct"]),
            lag_delayed: lag.with_label_values(&["delayed"]),
            in_flight: service.gauge("auditstream_deliveries_in_flight", "Requests under way.")?,
            waiting_for_permit: service.gauge(
                "auditstream_deliveries_waiting",
                "Deliveries that wait for a permit of their destination.",
            )?,
            handed_on: PerTarget::new(&service)?,
            retries: Rung::ALL
                .iter()
                .map(|rung| retries.with_label_values(&[rung.name()]))
                .collect(),
            rejected: service.counter(
                "auditstream_messages_rejected_total",
                "Messages that are no valid events.",
            )?,
            discarded: service.counter(
                "auditstream_deliveries_discarded_total",
                "Deliveries that waited for a destination which was destroyed.",
            )?,
            config_version: service.gauge(
                "auditstream_config_version",
                "The version of the streaming configuration that events are routed by.",
            )?,
            snapshot_age: service.gauge(
                "auditstream_snapshot_age_seconds",
                "Time since the streaming configuration in memory was last found to be the newest.",
            )?,
            window_held: service.gauge(
                "auditstream_messages_unsettled",
                "Messages that were taken from the queue and are not settled yet; at most queue.prefetch of either source.",
            )?,
            lanes_open: service.gauge(
                "auditstream_lanes_open",
                "Destinations in trouble, as far as this worker knows; paused ones are none.",
            )?,
            lane_events: service.gauges(
                "auditstream_lane_events",
                "Events that wait in the lane of a destination in trouble; absent for all others, and for paused ones.",
                &["destination_id"],
            )?,
            lane_oldest_age: service.gauges(
                "auditstream_lane_oldest_age_seconds",
                "How long the oldest event of a lane has waited, as of the last try; absent for destinations that are paused or not in trouble.",
                &["destination_id"],
            )?,
            queue_messages: service.gauges(
                "auditstream_queue_messages",
                "Messages that wait in a queue and that no worker holds; absent while the queue does not answer.",
                &["queue"],
            )?,
            retries_waiting: service.optional(
                "auditstream_retries_waiting",
                "Deliveries that wait on the rungs; absent while the queue does not answer.",
            )?,
            service,
        })
    }

    /// Counts a message that was taken.
    pub(crate) fn consumed(&self, source: Source) {
        match source {
            Source::Events => self.consumed_events.inc(),
            _ => self.consumed_deliveries.inc(),
        }
    }

    /// Counts a delivery that waits for a permit until the guard is dropped.
    pub(crate) fn wait_for_permit(&self) -> Counted<'_> {
        Counted::new(&self.waiting_for_permit)
    }

    /// Counts a request that is under way until the guard is dropped.
    pub(crate) fn begin_request(&self) -> Counted<'_> {
        Counted::new(&self.in_flight)
    }

    /// Counts an attempt.
    pub(crate) fn attempted(&self, outcome: &Outcome) {
        self.attempts.of(outcome.kind()).inc();
    }

    /// Takes note of a delivery of an event that was accepted then.
    pub(crate) fn arrived(&self, age: &Age, now: Timestamp) {
        let lag = if age.delayed {
            &self.lag_delayed
        } else {
            &self.lag_direct
        };
        lag.observe(age.at(now).as_secs_f64());
    }

    /// Counts what was stored elsewhere.
    pub(crate) fn handed_on(&self, target: Target) {
        let counter = match target {
            Target::Retry(rung) => {
                self.retries[rung.step()].inc();
                &self.handed_on.retry
            }
            Target::Lane(_) => &self.handed_on.lane,
            Target::Dead => &self.handed_on.dead,
            Target::Rejected => &self.handed_on.rejected,
            // Workers put nothing there.
            Target::Events | Target::Deliver => return,
        };
        counter.inc();
    }
}

/// One that a gauge counts.
pub(crate) struct Counted<'a>(&'a IntGauge);

impl<'a> Counted<'a> {
    fn new(gauge: &'a IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Since when an event has been on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age {
    accepted_at: Timestamp,
    /// Whether this delivery has waited in a lane or on a rung.
    delayed: bool,
}

impl Age {
    /// By the headers of a delivery; for one that does not say when its event was accepted, from `now`.
    pub(crate) fn of(headers: &shared::queue::Headers, now: Timestamp) -> Self {
        Self {
            accepted_at: accepted_at(headers.accepted_at, now),
            delayed: headers.first_seen.is_some(),
        }
    }

    /// How long the event has been on its way at a moment.
    pub(crate) fn at(&self, now: Timestamp) -> std::time::Duration {
        now.since(self.accepted_at)
    }
}

/// Most that is believed of a producer's word: longer than anything may be on its way.
const OLDEST: std::time::Duration = std::time::Duration::from_hours(2 * 365 * 24);

/// When an event was accepted, by its header. A producer may have written anything there: a moment that
/// is yet to come, or long gone, counts as none, and the first taking by a worker stands for it.
pub(crate) fn accepted_at(given: Option<Timestamp>, taken_at: Timestamp) -> Timestamp {
    given
        .filter(|given| *given <= taken_at && taken_at.since(*given) <= OLDEST)
        .unwrap_or(taken_at)
}

#[cfg(test)]
mod tests {
    use shared::queue::Headers;

    use super::*;

    #[test]
    fn lag_is_measured_from_acceptance_or_else_from_the_first_taking() {
        let now = Timestamp(1_700_000_000_000);
        for (given, expected) in [
            (None, now),
            (Some(Timestamp(now.0 - 1_500)), Timestamp(now.0 - 1_500)),
            (Some(Timestamp(now.0 + 1)), now),
            (Some(Timestamp(-5)), now),
            (Some(Timestamp(0)), now),
            (Some(Timestamp(i64::MAX)), now),
            (Some(Timestamp(i64::MIN)), now),
        ] {
            assert_eq!(accepted_at(given, now), expected, "{given:?}");
        }
    }

    #[test]
    fn each_outcome_is_counted_under_its_own_word() {
        let metrics = Metrics::new().unwrap();
        for (number, kind) in (1..).zip(OutcomeKind::ALL) {
            metrics.attempts.of(kind).inc_by(number);
        }
        let text = metrics.service.text(true).unwrap();
        for (number, word) in (1..).zip(["delivered", "refused", "troubled", "blocked"]) {
            let line = format!("auditstream_deliveries_total{{outcome=\"{word}\"}} {number}\n");
            assert!(text.contains(&line), "{line}");
        }
    }

    #[tokio::test]
    async fn what_is_dropped_in_the_middle_is_counted_no_more() {
        let metrics = Metrics::new().unwrap();
        let figures = || (metrics.waiting_for_permit.get(), metrics.in_flight.get());
        let mut delivery = Box::pin(async {
            let _waiting = metrics.wait_for_permit();
            let _under_way = metrics.begin_request();
            std::future::pending::<()>().await;
        });
        assert!(futures_util::poll!(&mut delivery).is_pending());
        assert_eq!(figures(), (1, 1));
        drop(delivery);
        assert_eq!(figures(), (0, 0));
    }

    #[test]
    fn what_waited_in_a_lane_is_told_apart_from_what_did_not() {
        let metrics = Metrics::new().unwrap();
        let (accepted, now) = (Timestamp(10_000), Timestamp(12_000));
        let direct = Headers {
            accepted_at: Some(accepted),
            ..Headers::default()
        };
        let delayed = Headers {
            first_seen: Some(Timestamp(11_000)),
            ..direct.clone()
        };
        metrics.arrived(&Age::of(&direct, now), now);
        metrics.arrived(&Age::of(&delayed, now), now);
        let text = metrics.service.text(true).unwrap();
        for path in ["direct", "delayed"] {
            for (series, value) in [("sum", 2), ("count", 1)] {
                let line = format!(
                    "auditstream_delivery_lag_seconds_{series}{{path=\"{path}\"}} {value}\n"
                );
                assert!(text.contains(&line), "{line}");
            }
        }
    }
}

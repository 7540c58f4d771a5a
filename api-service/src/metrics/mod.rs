//! The numbers that the API service shows to Prometheus. What each means is in `docs/metrics.md`.

mod tables;

use std::time::Duration;

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};
use shared::metrics::{Metrics as Service, Optional, REQUEST_SECONDS};

use crate::publishing::Via;
pub(crate) use tables::refresh;

/// Where what is published comes from: a label.
const PUBLISHED_FROM: [&str; 4] = ["request", "outbox", "dead_letters", "rejected_messages"];

/// The counters of one API service. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) service: Service,
    requests: IntCounterVec,
    durations: HistogramVec,
    graphql_requests: IntCounterVec,
    graphql_durations: HistogramVec,
    accepted: IntCounterVec,
    refused: IntCounterVec,
    published: IntCounterVec,
    publish_failures: IntCounterVec,
    confirms: HistogramVec,
    outbox_events: Optional,
    outbox_oldest_age: Optional,
    dead_letters: Optional,
    rejected_messages: Optional,
}

impl Metrics {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let service = Service::new()?;
        let metrics = Self {
            requests: service.counters(
                "auditstream_api_requests_total",
                "Requests that were answered.",
                &["route", "status"],
            )?,
            durations: service.histograms(
                "auditstream_api_request_duration_seconds",
                "Time from a request's head to its answer.",
                &["route"],
                &REQUEST_SECONDS,
            )?,
            graphql_requests: service.counters(
                "auditstream_graphql_requests_total",
                "GraphQL requests that were executed, by what they ask for and how that ended.",
                &["operation", "outcome"],
            )?,
            graphql_durations: service.histograms(
                "auditstream_graphql_request_duration_seconds",
                "Time that GraphQL requests took to be executed.",
                &["operation"],
                &REQUEST_SECONDS,
            )?,
            accepted: service.counters(
                "auditstream_events_accepted_total",
                "Events that were accepted, by the way they came in and by what stored them.",
                &["via", "stored_in"],
            )?,
            refused: service.counters(
                "auditstream_events_refused_total",
                "Events that were not accepted, by the way they came in and by the reason.",
                &["via", "reason"],
            )?,
            published: service.counters(
                "auditstream_events_published_total",
                "Messages that the queue confirmed, by where they come from.",
                &["source"],
            )?,
            publish_failures: service.counters(
                "auditstream_publish_failures_total",
                "Messages that the queue did not confirm in time, or refused.",
                &["source"],
            )?,
            confirms: service.histograms(
                "auditstream_publish_confirm_duration_seconds",
                "Time from a publish to the queue's confirm.",
                &["source"],
                &REQUEST_SECONDS,
            )?,
            outbox_events: service.optional(
                "auditstream_outbox_events",
                "Events that wait in the outbox for the queue; absent while the database does not answer.",
            )?,
            outbox_oldest_age: service.optional(
                "auditstream_outbox_oldest_age_seconds",
                "Age of the oldest event in the outbox, 0 without one; absent while the database does not answer.",
            )?,
            dead_letters: service.optional(
                "auditstream_dead_letters",
                "Dead letters that are kept; absent while the database does not answer.",
            )?,
            rejected_messages: service.optional(
                "auditstream_rejected_messages",
                "Rejected messages that are kept; absent while the database does not answer.",
            )?,
            service,
        };
        metrics.begin_at_zero();
        Ok(metrics)
    }

    /// A counter that appears with its first event has no rate until the second.
    fn begin_at_zero(&self) {
        for via in [Via::Http, Via::GraphQl] {
            for store in [Store::Queue, Store::Outbox] {
                self.accepted(via, store, 0);
            }
            for reason in [Refusal::Invalid, Refusal::Unavailable] {
                self.refused(via, reason, 0);
            }
        }
        for source in PUBLISHED_FROM {
            self.published(source);
        }
    }

    /// Counts a request. `route` is the pattern of a route, never a path from outside.
    pub(crate) fn answered(&self, route: &str, status: u16, took: Duration) {
        self.requests
            .with_label_values(&[route, status.to_string().as_str()])
            .inc();
        self.durations
            .with_label_values(&[route])
            .observe(took.as_secs_f64());
    }

    /// Counts a GraphQL request. `operation` is a name of the schema or one of ours, never a client's.
    pub(crate) fn executed(&self, operation: &str, outcome: &'static str, took: Duration) {
        self.graphql_requests
            .with_label_values(&[operation, outcome])
            .inc();
        self.graphql_durations
            .with_label_values(&[operation])
            .observe(took.as_secs_f64());
    }

    /// Counts events that were stored.
    pub(crate) fn accepted(&self, via: Via, store: Store, events: usize) {
        self.accepted
            .with_label_values(&[via.label(), store.label()])
            .inc_by(events as u64);
    }

    /// Counts events that were not.
    pub(crate) fn refused(&self, via: Via, reason: Refusal, events: usize) {
        self.refused
            .with_label_values(&[via.label(), reason.label()])
            .inc_by(events as u64);
    }

    /// For counting what is published from one place: `request`, or a table's name.
    pub(crate) fn published(&self, source: &str) -> Published {
        Published {
            confirmed: self.published.with_label_values(&[source]),
            failed: self.publish_failures.with_label_values(&[source]),
            confirms: self.confirms.with_label_values(&[source]),
        }
    }
}

/// Counts what is published from one place. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    confirmed: IntCounter,
    failed: IntCounter,
    confirms: Histogram,
}

impl Published {
    /// Waits for a publish, and takes note of how it ended.
    pub(crate) async fn measure<T, E>(
        &self,
        publish: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let timer = self.confirms.start_timer();
        let answer = publish.await;
        if answer.is_ok() {
            timer.observe_duration();
            self.confirmed.inc();
        } else {
            timer.stop_and_discard();
            self.failed.inc();
        }
        answer
    }
}

/// What stored an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Queue,
    Outbox,
}

impl Store {
    fn label(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Outbox => "outbox",
        }
    }
}

/// Why an event was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It, or another one of its batch, is no valid event.
    Invalid,
    /// Neither the queue nor the outbox took it.
    Unavailable,
}

impl Refusal {
    fn label(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Via {
    fn label(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::GraphQl => "graphql",
        }
    }
}

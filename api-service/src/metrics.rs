//! The numbers that the API service shows to Prometheus, in a registry of its own: both services may
//! run in one process.

use std::time::Duration;

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::publishing::Via;

/// The counters of one API service. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    accepted: IntCounterVec,
    outbox_events: IntGaugeVec,
}

impl Metrics {
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let requests = counter(
            "auditstream_api_requests_total",
            "Requests that were answered.",
            &["route", "status"],
        )?;
        let accepted = counter(
            "auditstream_events_accepted_total",
            "Events that were accepted, by the way they came in and by what stored them.",
            &["via", "stored_in"],
        )?;
        for via in [Via::Http, Via::GraphQl] {
            for store in [Store::Queue, Store::Outbox] {
                accepted.with_label_values(&[via.label(), store.label()]);
            }
        }
        let durations = HistogramVec::new(
            HistogramOpts::new(
                "auditstream_api_request_duration_seconds",
                "Time from a request's head to its answer.",
            ),
            &["route"],
        )?;
        registry.register(Box::new(durations.clone()))?;
        // A vector without labels can be emptied: a number that is not known is not shown.
        let outbox_events = IntGaugeVec::new(
            Opts::new(
                "auditstream_outbox_events",
                "Events that wait in the outbox for the queue; absent while the database does not answer.",
            ),
            &[],
        )?;
        registry.register(Box::new(outbox_events.clone()))?;
        let build_info = IntGaugeVec::new(
            Opts::new("auditstream_build_info", "Always 1; the version that runs."),
            &["version"],
        )?;
        registry.register(Box::new(build_info.clone()))?;
        build_info
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1);
        Ok(Self {
            registry,
            requests,
            durations,
            accepted,
            outbox_events,
        })
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

    /// Counts events that were stored.
    pub(crate) fn accepted(&self, via: Via, store: Store, events: usize) {
        self.accepted
            .with_label_values(&[via.label(), store.label()])
            .inc_by(events as u64);
    }

    /// Sets the number of events in the outbox; none, when it is not known.
    pub(crate) fn outbox_holds(&self, events: Option<i64>) {
        match events {
            Some(events) => self
                .outbox_events
                .with_label_values::<&str>(&[])
                .set(events),
            None => self.outbox_events.reset(),
        }
    }

    /// All numbers in Prometheus' text form.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
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

impl Via {
    fn label(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::GraphQl => "graphql",
        }
    }
}

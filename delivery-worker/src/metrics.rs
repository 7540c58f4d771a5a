//! What the worker tells Prometheus.

use prometheus::{
    Encoder as _, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

/// The worker's figures. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) events_consumed: IntCounter,
    pub(crate) deliveries: IntCounterVec,
    pub(crate) delivery_duration: Histogram,
    pub(crate) in_flight: IntGauge,
    pub(crate) handed_on: IntCounterVec,
    pub(crate) rejected: IntCounter,
    pub(crate) discarded: IntCounter,
    pub(crate) config_version: IntGauge,
    pub(crate) lanes_open: IntGauge,
}

impl Metrics {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let metrics = Self {
            registry: Registry::new(),
            events_consumed: IntCounter::new(
                "auditstream_events_consumed_total",
                "Messages taken from the queue, redelivered ones included.",
            )?,
            deliveries: IntCounterVec::new(
                Opts::new("auditstream_deliveries_total", "Attempts by their outcome."),
                &["outcome"],
            )?,
            delivery_duration: Histogram::with_opts(
                HistogramOpts::new(
                    "auditstream_delivery_duration_seconds",
                    "How long attempts took, whatever their outcome.",
                )
                .buckets(vec![
                    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0,
                ]),
            )?,
            in_flight: IntGauge::new("auditstream_deliveries_in_flight", "Requests under way.")?,
            handed_on: IntCounterVec::new(
                Opts::new(
                    "auditstream_handed_on_total",
                    "What was stored elsewhere: deliveries to wait alone (retry), or with all of a destination (lane), given up (dead); messages that are no events (rejected).",
                ),
                &["to"],
            )?,
            rejected: IntCounter::new(
                "auditstream_messages_rejected_total",
                "Messages that are no valid events.",
            )?,
            discarded: IntCounter::new(
                "auditstream_deliveries_discarded_total",
                "Deliveries that waited for a destination which was destroyed.",
            )?,
            config_version: IntGauge::new(
                "auditstream_config_version",
                "The version of the streaming configuration that events are routed by.",
            )?,
            lanes_open: IntGauge::new(
                "auditstream_lanes_open",
                "Destinations in trouble, as far as this worker knows.",
            )?,
        };
        for label in ["delivered", "refused", "troubled", "blocked"] {
            metrics.deliveries.with_label_values(&[label]);
        }
        for label in ["retry", "lane", "dead", "rejected"] {
            metrics.handed_on.with_label_values(&[label]);
        }
        metrics.register()?;
        Ok(metrics)
    }

    fn register(&self) -> prometheus::Result<()> {
        let registry = &self.registry;
        registry.register(Box::new(self.events_consumed.clone()))?;
        registry.register(Box::new(self.deliveries.clone()))?;
        registry.register(Box::new(self.delivery_duration.clone()))?;
        registry.register(Box::new(self.in_flight.clone()))?;
        registry.register(Box::new(self.handed_on.clone()))?;
        registry.register(Box::new(self.rejected.clone()))?;
        registry.register(Box::new(self.discarded.clone()))?;
        registry.register(Box::new(self.config_version.clone()))?;
        registry.register(Box::new(self.lanes_open.clone()))
    }

    /// All figures in Prometheus' text format.
    pub(crate) fn render(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

//! What both services tell Prometheus in the same way: a registry for each, how it is written, and the
//! state of what they stand on.

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

/// `Content-Type` of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Seconds of what is over in milliseconds when it goes well, and takes 15 seconds at most.
pub const REQUEST_SECONDS: [f64; 13] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0,
];

/// The metrics of one service, in a registry of its own: both may run in one process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    queue_connected: IntGauge,
    database_up: Optional,
}

impl Metrics {
    /// With what every service has: build, process, and the state of queue and database.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let metrics = Self {
            queue_connected: IntGauge::new(
                "auditstream_queue_connected",
                "1 while messages can be published and consumed, 0 otherwise.",
            )?,
            database_up: Optional::new(
                "auditstream_database_up",
                "1 when the database answered the last time it was asked, 0 otherwise.",
            )?,
            registry,
        };
        metrics.register(&metrics.queue_connected)?;
        metrics.register(&metrics.database_up.0)?;
        let build = metrics.gauges(
            "auditstream_build_info",
            "Always 1; the version that runs.",
            &["version"],
        )?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        #[cfg(target_os = "linux")]
        metrics.registry.register(Box::new(
            prometheus::process_collector::ProcessCollector::for_self(),
        ))?;
        Ok(metrics)
    }

    /// Shows what a collector collects.
    pub fn register(
        &self,
        collector: &(impl Collector + Clone + 'static),
    ) -> prometheus::Result<()> {
        self.registry.register(Box::new(collector.clone()))
    }

    /// A counter without labels.
    pub fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        let counter = IntCounter::new(name, help)?;
        self.register(&counter)?;
        Ok(counter)
    }

    /// Counters told apart by labels.
    pub fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.register(&counters)?;
        Ok(counters)
    }

    /// A gauge without labels.
    pub fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        let gauge = IntGauge::new(name, help)?;
        self.register(&gauge)?;
        Ok(gauge)
    }

    /// Gauges told apart by labels.
    pub fn gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntGaugeVec> {
        let gauges = IntGaugeVec::new(Opts::new(name, help), labels)?;
        self.register(&gauges)?;
        Ok(gauges)
    }

    /// A gauge that is absent until it is set, and while its value is not known.
    pub fn optional(&self, name: &str, help: &str) -> prometheus::Result<Optional> {
        let optional = Optional::new(name, help)?;
        self.register(&optional.0)?;
        Ok(optional)
    }

    /// A histogram of seconds; `buckets` are upper bounds.
    pub fn histogram(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
    ) -> prometheus::Result<Histogram> {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        let histogram = Histogram::with_opts(options)?;
        self.register(&histogram)?;
        Ok(histogram)
    }

    /// Histograms of seconds told apart by labels; `buckets` are upper bounds.
    pub fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> prometheus::Result<HistogramVec> {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        let histograms = HistogramVec::new(options, labels)?;
        self.register(&histograms)?;
        Ok(histograms)
    }

    /// Takes note of whether the database answered.
    pub fn database_answered(&self, answered: bool) {
        self.database_up.set(Some(answered.into()));
    }

    /// All metrics in Prometheus' text form, with the queue's state of this moment.
    pub fn text(&self, queue_connected: bool) -> prometheus::Result<String> {
        self.queue_connected.set(queue_connected.into());
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// A gauge that is absent while its value is not known. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Optional(IntGaugeVec);

impl Optional {
    fn new(name: &str, help: &str) -> prometheus::Result<Self> {
        // A vector without labels can be emptied, a gauge cannot.
        IntGaugeVec::new(Opts::new(name, help), &[]).map(Self)
    }

    /// Shows a value, or that there is none.
    pub fn set(&self, value: Option<i64>) {
        match value {
            Some(value) => self.0.with_label_values::<&str>(&[]).set(value),
            None => self.0.reset(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_absent() {
        let metrics = Metrics::new().unwrap();
        let optional = metrics.optional("auditstream_waiting", "Waits.").unwrap();
        let shows = |line: &str| {
            metrics
                .text(true)
                .unwrap()
                .lines()
                .any(|shown| shown == line)
        };
        assert!(!shows("auditstream_waiting 0"));
        optional.set(Some(0));
        assert!(shows("auditstream_waiting 0"));
        optional.set(None);
        assert!(!shows("auditstream_waiting 0"));
    }

    #[test]
    fn two_services_in_one_process_each_show_the_process_once() {
        for metrics in [Metrics::new().unwrap(), Metrics::new().unwrap()] {
            let text = metrics.text(false).unwrap();
            let shown = text.matches("\nprocess_resident_memory_bytes ").count();
            assert_eq!(shown, usize::from(cfg!(target_os = "linux")));
            assert!(text.contains("\nauditstream_queue_connected 0\n"));
        }
    }
}

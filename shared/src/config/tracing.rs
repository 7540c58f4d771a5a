//! Where spans are exported to.

use secrecy::SecretString;

use super::reader::Reader;
use super::{ConnectionUrl, parse};

/// Where spans are exported to.
#[derive(Debug, Clone)]
pub struct TracingConfig {
    /// The collector; without one there are no spans.
    pub otlp_endpoint: Option<ConnectionUrl>,
    /// What each export carries as headers, by name.
    pub otlp_headers: Vec<(String, SecretString)>,
    /// The share of the traces begun here that is recorded, from 0 to 1.
    pub sample_ratio: f64,
}

impl TracingConfig {
    pub(super) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            otlp_endpoint: r.get_optional(
                "tracing.otlp_endpoint",
                "Where spans are sent to, see [tracing.md](tracing.md): the address of an OpenTelemetry collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`. Unset: there are no spans.",
                parse::collector_url,
            ),
            otlp_headers: r
                .get_optional(
                    "tracing.otlp_headers",
                    "Headers of each export, `name=value` parted by commas: what a collector wants to know the sender by.",
                    parse::headers,
                )
                .unwrap_or_default(),
            sample_ratio: r.get(
                "tracing.sample_ratio",
                "1",
                "The share of the traces that is recorded, from 0 to 1. A producer that sends a `traceparent` decides for its own.",
                parse::share,
            ),
        }
    }
}

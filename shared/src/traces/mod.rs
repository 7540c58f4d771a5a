//! Spans for the operator's OpenTelemetry collector: one trace leads from the producer through the
//! queue to each receiver. Without a collector nothing is recorded, and a producer's `traceparent`
//! passes through as it came.

mod export;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, Status, Tracer as _, TracerProvider as _,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan};

use crate::config::TracingConfig;

pub use opentelemetry::KeyValue;
pub use opentelemetry::trace::SpanKind;

/// What of a trace travels in messages and requests (W3C Trace Context).
const TRACEPARENT: &str = "traceparent";

/// Begins spans. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<Arc<Recording>>);

#[derive(Debug)]
struct Recording {
    tracer: SdkTracer,
    provider: SdkTracerProvider,
}

impl Traces {
    /// Exports to the collector that the configuration names, in the background; nothing without one.
    /// Must be called within a tokio runtime. An error means that the export cannot be set up; a
    /// collector that is away is none.
    pub fn open(config: &TracingConfig) -> anyhow::Result<Self> {
        let Some(endpoint) = &config.otlp_endpoint else {
            return Ok(Self::default());
        };
        let exporter = export::exporter(endpoint, &config.otlp_headers)?;
        let sampler = Sampler::TraceIdRatioBased(config.sample_ratio);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(sampler)))
            .with_resource(export::resource())
            .build();
        Ok(Self::of(provider))
    }

    fn of(provider: SdkTracerProvider) -> Self {
        let tracer = provider.tracer("auditstream");
        Self(Some(Arc::new(Recording { tracer, provider })))
    }

    /// Begins a span, as a part of the trace that `parent`, a `traceparent`, names; of a new one
    /// without that.
    pub fn begin(
        &self,
        kind: SpanKind,
        name: impl Into<Cow<'static, str>>,
        parent: Option<&str>,
    ) -> Span {
        let Some(recording) = &self.0 else {
            return Span(None);
        };
        let parent = parent.map_or_else(Context::new, |parent| {
            TraceContextPropagator::new().extract_with_context(&Context::new(), &Parent(parent))
        });
        let span = SpanBuilder::from_name(name).with_kind(kind);
        let span = recording.tracer.build_with_context(span, &parent);
        Span(Some(Box::new(span)))
    }

    /// Sends what is left, as long as that takes no more than some seconds.
    pub async fn close(&self) {
        let Some(recording) = self.0.clone() else {
            return;
        };
        // It waits for the thread that exports.
        let closed = tokio::task::spawn_blocking(move || recording.provider.shutdown()).await;
        if let Ok(Err(error)) = closed {
            tracing::warn!(error = %error, "the last spans could not be exported");
        }
    }
}

/// A part of a trace, which ends when it is dropped.
#[derive(Debug)]
pub struct Span(Option<Box<SdkSpan>>);

impl Span {
    /// Of nothing: for what has no span.
    pub fn none() -> Self {
        Self(None)
    }

    /// What names this span to whoever comes next; none when there are no spans.
    pub fn traceparent(&self) -> Option<String> {
        let context = self.0.as_ref()?.span_context();
        context.is_valid().then(|| traceparent(context))
    }

    /// Notes facts, which are made only when the span is recorded.
    pub fn note<const N: usize>(&mut self, facts: impl FnOnce() -> [KeyValue; N]) {
        if let Some(span) = self.recorded() {
            span.set_attributes(facts());
        }
    }

    /// Notes that it failed: the kind of the failure, one of few, and a sentence.
    pub fn fail(&mut self, kind: &'static str, sentence: &str) {
        if let Some(span) = self.recorded() {
            span.set_attribute(KeyValue::new("error.type", kind));
            span.set_status(Status::error(sentence.to_owned()));
        }
    }

    fn recorded(&mut self) -> Option<&mut SdkSpan> {
        self.0.as_deref_mut().filter(|span| span.is_recording())
    }
}

fn traceparent(context: &SpanContext) -> String {
    format!(
        "00-{}-{}-{:02x}",
        context.trace_id(),
        context.span_id(),
        context.trace_flags()
    )
}

/// A `traceparent` as the library reads it.
struct Parent<'a>(&'a str);

impl Extractor for Parent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

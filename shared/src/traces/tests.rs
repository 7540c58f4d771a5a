//! What spans say, read where they would be exported.

use std::sync::{Arc, Mutex};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};

use super::*;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Keeps what would be sent.
#[derive(Debug, Clone, Default)]
struct Exported(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Exported {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

fn recording() -> (Traces, Exported) {
    let exporter = Exported::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    (Traces::of(provider), exporter)
}

#[test]
fn a_span_continues_the_trace_of_its_parent_and_names_itself_to_the_next() {
    let (traces, exported) = recording();
    let span = traces.begin(SpanKind::Consumer, "process", Some(PARENT));
    let own = span.traceparent().unwrap();
    drop(span);
    let spans = exported.0.lock().unwrap().clone();
    let [span] = spans.as_slice() else {
        panic!("one span: {spans:?}")
    };
    let trace = "0af7651916cd43dd8448eb211c80319c";
    assert_eq!(span.span_context.trace_id().to_string(), trace);
    assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
    let id = span.span_context.span_id();
    assert_eq!(own, format!("00-{trace}-{id}-01"));
}

#[test]
fn without_a_usable_parent_a_trace_begins() {
    let (traces, exported) = recording();
    for parent in [None, Some("nonsense")] {
        drop(traces.begin(SpanKind::Server, "POST", parent));
    }
    let spans = exported.0.lock().unwrap().clone();
    let begun = spans.iter().filter(|span| span.span_context.is_valid());
    assert_eq!(begun.count(), 2);
    assert_ne!(
        spans[0].span_context.trace_id(),
        spans[1].span_context.trace_id()
    );
}

#[test]
fn without_a_collector_nothing_is_recorded_and_nobody_is_named() {
    let mut span = Traces::default().begin(SpanKind::Client, "POST", Some(PARENT));
    span.note(|| -> [KeyValue; 0] { panic!("nobody asks for facts") });
    assert_eq!(span.traceparent(), None);
}

#[test]
fn the_collectors_address_is_a_base_as_it_is_elsewhere() {
    for (base, url) in [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("https://otel/otlp/", "https://otel/otlp/v1/traces"),
    ] {
        assert_eq!(export::traces_url(base), url);
    }
}

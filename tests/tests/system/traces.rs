//! One trace leads from the producer through the queue to the receiver.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use prost::Message as _;
use standalone::receiver::{Received, Receiver};
use tests::backend::Backend;
use tests::events::event;
use tests::on_every_backend;
use tests::scenario::{stream_acme_to, until_received, willing};
use tests::system::{ADMIN_TOKEN, Setup};
use tests::wait::until;

on_every_backend!(
    one_trace_leads_from_the_producer_through_the_queue_to_the_receiver,
    without_its_collector_everything_is_delivered,
);

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PRODUCERS_SPAN: &str = "b7ad6b7169203331";

/// A system that exports to a collector.
fn exporting(backend: Backend, endpoint: &str) -> Setup {
    Setup::on(backend).set("AUDITSTREAM_TRACING__OTLP_ENDPOINT", endpoint)
}

/// Publishes an event of the group `acme` as a part of the producer's trace.
async fn publish_traced(api: SocketAddr, id: &str) {
    let body = event(id, "acme", "user_created").to_string();
    let request = Request::post(format!("http://{api}/api/v1/audit_events"))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {ADMIN_TOKEN}"))
        .header("traceparent", format!("00-{TRACE}-{PRODUCERS_SPAN}-01"))
        .body(Full::<bytes::Bytes>::from(body))
        .unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.status(), 202);
}

/// The spans of the producer's trace that a collector has.
fn spans(collector: &Receiver) -> Vec<Span> {
    collector
        .received()
        .iter()
        .filter(|export| export.path == "/v1/traces")
        .flat_map(|export| {
            let export = ExportTraceServiceRequest::decode(export.body.clone());
            export.unwrap().resource_spans
        })
        .flat_map(|resource| resource.scope_spans)
        .flat_map(|scope| scope.spans)
        .filter(|span| hex(&span.trace_id) == TRACE)
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn of_kind(spans: &[Span], kind: SpanKind) -> Vec<&Span> {
    let spans = spans.iter();
    spans.filter(|span| span.kind == kind as i32).collect()
}

async fn one_trace_leads_from_the_producer_through_the_queue_to_the_receiver(backend: Backend) {
    let collector = willing();
    let system = exporting(backend, &collector.url("")).start().await;
    // The first try of the event fails, the second one in place succeeds.
    let tries = Arc::new(AtomicUsize::new(0));
    let answer = move |received: &Received| {
        let again = received.event_id == "traced" && tries.fetch_add(1, Ordering::SeqCst) == 0;
        if again { 500 } else { 200 }
    };
    let receiver = Receiver::start(([127, 0, 0, 1], 0).into(), Arc::new(answer)).unwrap();
    stream_acme_to(&system.client(), &receiver).await;
    publish_traced(system.api.as_ref().unwrap().address(), "traced").await;
    let of_event = |got: &[Received]| -> Vec<String> {
        got.iter()
            .filter(|one| one.event_id == "traced")
            .filter_map(|one| one.header("traceparent").map(str::to_owned))
            .collect()
    };
    until_received("both tries", &receiver, |got| of_event(got).len() == 2).await;
    let spans = until("all spans at the collector", async || {
        let spans = spans(&collector);
        let complete = of_kind(&spans, SpanKind::Server).len() == 1
            && of_kind(&spans, SpanKind::Consumer).len() == 1
            && of_kind(&spans, SpanKind::Client).len() == 2;
        complete.then_some(spans)
    })
    .await;
    let (server, consumer) = (
        of_kind(&spans, SpanKind::Server)[0],
        of_kind(&spans, SpanKind::Consumer)[0],
    );
    assert_eq!(server.name, "POST /api/v1/audit_events");
    assert_eq!(hex(&server.parent_span_id), PRODUCERS_SPAN);
    assert_eq!(consumer.parent_span_id, server.span_id);
    let clients = of_kind(&spans, SpanKind::Client);
    let mut named = Vec::new();
    for client in clients {
        assert_eq!(client.parent_span_id, consumer.span_id);
        named.push(format!("00-{TRACE}-{}-01", hex(&client.span_id)));
    }
    let mut arrived = of_event(&receiver.received());
    named.sort();
    arrived.sort();
    assert_eq!(arrived, named, "each attempt names its own span");
    system.stop().await;
}

async fn without_its_collector_everything_is_delivered(backend: Backend) {
    let system = exporting(backend, "http://127.0.0.1:1").start().await;
    let receiver = willing();
    stream_acme_to(&system.client(), &receiver).await;
    let api = system.api.as_ref().unwrap();
    publish_traced(api.address(), "traced").await;
    until_received("the event", &receiver, |got| {
        got.iter().any(|one| one.event_id == "traced")
    })
    .await;
    until("the word that the collector is away", async || {
        let log = api.log();
        log.contains("spans cannot be exported").then_some(())
    })
    .await;
    assert_eq!(api.log().matches("spans cannot be exported").count(), 1);
    system.stop().await;
}

//! The span of a request to the API, and the trace that goes on with what the request publishes.

use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::{HttpMessage as _, HttpRequest};
use shared::traces::{KeyValue, Span, SpanKind, Traces};

use super::{text_header, traceparent};
use crate::publishing::ProducerTrace;

/// Begins the span of a request. What the request publishes continues it, or the producer's own trace
/// when there are no spans. Requests for pages, metrics and health have none.
pub(super) fn begin(traces: &Traces, request: &ServiceRequest, route: Option<&str>) -> Span {
    let Some(route) = route.filter(|route| route.starts_with("/api/")) else {
        return Span::none();
    };
    let name = actix_web::http::header::HeaderName::from_static("traceparent");
    let producers = text_header(request.request(), name)
        .filter(|trace| traceparent::is_valid(trace))
        .map(str::to_owned);
    let method = request.method().as_str();
    let name = format!("{method} {route}");
    let mut span = traces.begin(SpanKind::Server, name, producers.as_deref());
    span.note(|| {
        [
            KeyValue::new("http.request.method", method.to_owned()),
            KeyValue::new("http.route", route.to_owned()),
        ]
    });
    let trace = ProducerTrace(span.traceparent().or(producers));
    request.extensions_mut().insert(trace);
    span
}

/// Notes what was answered.
pub(super) fn answered(span: &mut Span, status: StatusCode) {
    span.note(|| {
        let status = i64::from(status.as_u16());
        [KeyValue::new("http.response.status_code", status)]
    });
    if status.is_server_error() {
        span.fail("server_error", status.as_str());
    }
}

/// The trace that goes on with what the request publishes.
pub(super) fn of(request: &HttpRequest) -> ProducerTrace {
    let extensions = request.extensions();
    extensions.get().cloned().unwrap_or_default()
}

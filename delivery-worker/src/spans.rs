//! What the worker's spans say, in the words of OpenTelemetry's semantic conventions where those have
//! any. Never a path, a header or a body: those may be secrets.

use shared::event::Envelope;
use shared::traces::{KeyValue, Span};

use crate::attempts::Event;
use crate::endpoint::Endpoint;
use crate::outcome::Outcome;

/// A message that is carried through.
pub(crate) fn of_message(span: &mut Span, event: &Envelope<'_>) {
    span.note(|| {
        [
            KeyValue::new("messaging.operation.type", "process"),
            KeyValue::new("messaging.message.id", event.id.to_string()),
            KeyValue::new("auditstream.event.type", event.event_type.to_string()),
        ]
    });
}

/// One attempt at one destination.
pub(crate) fn of_attempt(
    span: &mut Span,
    endpoint: &Endpoint,
    event: &Event<'_>,
    outcome: &Outcome,
) {
    span.note(|| {
        [
            KeyValue::new("http.request.method", "POST"),
            KeyValue::new("auditstream.destination.id", endpoint.id),
            KeyValue::new("auditstream.event.id", event.id.to_owned()),
            KeyValue::new("auditstream.event.type", event.kind.to_owned()),
            KeyValue::new("auditstream.outcome", outcome.label()),
        ]
    });
    if let Ok(head) = &endpoint.request {
        span.note(|| {
            let host = head.url.host().unwrap_or_default().to_owned();
            [KeyValue::new("server.address", host)]
        });
    }
    if let Some(status) = outcome.status() {
        span.note(|| {
            [KeyValue::new(
                "http.response.status_code",
                i64::from(status),
            )]
        });
    }
    if let Some(failure) = outcome.failure() {
        span.fail(outcome.label(), &failure.error);
    }
}

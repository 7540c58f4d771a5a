//! `POST /api/v1/audit_events`: one event, an array of events, or one event a line.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::error::HttpError;
use super::{State, body, text_header, trace};
use crate::metrics::Refusal;
use crate::publishing::batch::{self, BatchProblem, Format, NoBatch};
use crate::publishing::complete::{Completion, complete};
use crate::publishing::{OutgoingEvent, ProducerTrace, Via};

pub(super) async fn post(
    state: web::Data<State>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, HttpError> {
    let (caller, _) = state.caller(&request).await?;
    let permission = caller
        .may_publish()
        .map_err(|missing| HttpError::new(StatusCode::FORBIDDEN, missing.to_string()))?
        .ok_or_else(|| HttpError::unauthorized("Authentication required"))?;
    let content_type = text_header(&request, header::CONTENT_TYPE).unwrap_or_default();
    let format = Format::from_content_type(content_type).ok_or_else(|| {
        HttpError::unsupported_media_type(
            "The Content-Type must be application/json or application/x-ndjson",
        )
    })?;
    let limits = state.app.foundation.config.limits;
    let body = body::read(&request, payload, limits.batch_bytes).await?;
    let trace = trace::of(&request);
    let app = state.app.clone();
    let metrics = state.app.metrics.clone();
    let stored = state
        .run(async move {
            let events = read(&app, &body, format, &trace)?;
            Ok(app.publisher.publish(permission, Via::Http, events).await)
        })
        .await?;
    match stored {
        Ok(Ok(ids)) => Ok(HttpResponse::Accepted().json(json!({ "ids": ids }))),
        Ok(Err(unavailable)) => Err(HttpError::unavailable(unavailable.to_string())),
        Err(Refused::Batch(no_batch)) => {
            // How many events were meant, nobody can tell.
            metrics.refused(Via::Http, Refusal::Invalid, 1);
            Err(HttpError::new(status(&no_batch), no_batch.to_string()))
        }
        Err(Refused::Events { events, problems }) => {
            metrics.refused(Via::Http, Refusal::Invalid, events);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Err(HttpError::with_errors(status, &problems))
        }
    }
}

enum Refused {
    Batch(NoBatch),
    Events {
        /// How many there are, good ones included.
        events: usize,
        problems: Vec<BatchProblem>,
    },
}

/// The events of a body: all of them, or none.
fn read(
    app: &crate::App,
    body: &[u8],
    format: Format,
    trace: &ProducerTrace,
) -> Result<Vec<OutgoingEvent>, Refused> {
    let foundation = &app.foundation;
    let limits = foundation.config.limits;
    let now = foundation.clock.now();
    let events = batch::split(body, format, limits.batch_events).map_err(Refused::Batch)?;
    let completed = batch::complete_all(&events, |event| {
        let completion = Completion::new(now, limits.event_bytes);
        complete(event, &foundation.catalogue, completion)
    });
    let mut events = completed.map_err(|problems| Refused::Events {
        events: events.len(),
        problems,
    })?;
    for event in &mut events {
        event.traceparent.clone_from(&trace.0);
    }
    Ok(events)
}

fn status(no_batch: &NoBatch) -> StatusCode {
    match no_batch {
        NoBatch::Empty | NoBatch::NotEvents => StatusCode::UNPROCESSABLE_ENTITY,
        NoBatch::NotUtf8(_) | NoBatch::NotJson(_) => StatusCode::BAD_REQUEST,
        NoBatch::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
    }
}

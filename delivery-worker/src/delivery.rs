//! Carries one message through: parse, route, dispatch, settle.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use shared::event::{Envelope, InvalidEvent};
use shared::foundation::Foundation;
use shared::queue::{
    Delivery, Headers, Message, Rung, Settled, Settlement, Source, Stored, Target,
};
use tokio_util::sync::CancellationToken;

use crate::dispatch::{Dispatcher, Sending};
use crate::endpoint::Endpoint;
use crate::metrics::Metrics;
use crate::outcome::{Next, Outcome, after_failure};
use crate::routing;
use crate::snapshot::reload::Snapshots;

/// How long to wait before a message that could not be handed on is offered to the queue again.
const OFFER_AGAIN: Duration = Duration::from_millis(500);

/// What is needed to deliver. Shared by all messages under way.
pub(crate) struct Deliverer {
    pub(crate) foundation: Foundation,
    pub(crate) snapshots: Arc<Snapshots>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) metrics: Metrics,
    /// The worker is to end: start nothing new.
    pub(crate) stopping: CancellationToken,
}

/// The worker is ending and this message was not carried through: it goes back to its queue.
#[derive(Debug)]
struct Interrupted;

impl Deliverer {
    /// Settles a message, or gives it back when the worker ends before that.
    pub(crate) async fn carry_through(&self, mut delivery: Delivery, source: Source) {
        self.metrics.events_consumed.inc();
        if source == Source::Events {
            delivery.message.headers = of_a_producer(&delivery.message.headers);
        }
        match self.settle(&delivery).await {
            Ok(settlement) => delivery.ack(settlement),
            Err(Interrupted) => delivery.give_back(),
        }
    }

    async fn settle(&self, delivery: &Delivery) -> Result<Settlement, Interrupted> {
        let message = &delivery.message;
        let limit = self.foundation.config.limits.event_bytes;
        // What the API accepted was within its limit, which may have been another one then.
        if message.headers.config_version.is_none() && message.body.len() > limit {
            return self
                .reject(message, &InvalidEvent(format!("larger than {limit} bytes")))
                .await;
        }
        let event = match Envelope::parse(&message.body) {
            Ok(event) => event,
            Err(invalid) => return self.reject(message, &invalid).await,
        };
        let headers = &message.headers;
        let Some(snapshot) = self.snapshots.at_least(headers.config_version).await else {
            // Routing by an older view could miss a destination that was there before the event.
            let stored = self
                .hand_on(Target::Retry(Rung::after_attempts(1)), message.clone())
                .await?;
            self.metrics.handed_on.with_label_values(&["retry"]).inc();
            return Ok(Settlement::handed_on(stored));
        };
        let endpoints: Vec<&Arc<Endpoint>> = match headers.destination_id {
            None => routing::route(&snapshot, &event).collect(),
            Some(id) => {
                let Some(endpoint) = snapshot.find(id) else {
                    self.metrics.discarded.inc();
                    return Ok(Settlement::all([Settled::discarded()]));
                };
                vec![endpoint]
            }
        };
        let settled = endpoints
            .into_iter()
            .map(|endpoint| self.deliver(endpoint, &event, delivery, snapshot.version()));
        let settled: Result<Vec<Settled>, Interrupted> =
            join_all(settled).await.into_iter().collect();
        settled.map(Settlement::all)
    }

    /// Brings the event to one destination, or to a durable place.
    async fn deliver(
        &self,
        endpoint: &Endpoint,
        event: &Envelope<'_>,
        delivery: &Delivery,
        routed_by: i64,
    ) -> Result<Settled, Interrupted> {
        let message = &delivery.message;
        let outcome = self.attempt(endpoint, event, delivery).await?;
        log_change(endpoint, &outcome);
        let failure = match outcome {
            Outcome::Delivered => return Ok(Settled::delivered()),
            Outcome::Failed(failure) => failure,
        };
        let next = after_failure(
            endpoint.id,
            routed_by,
            &message.headers,
            &failure,
            self.foundation.clock.now(),
            self.foundation.config.delivery.retention,
        );
        let (target, headers, label) = match next {
            Next::Retry(rung, headers) => (Target::Retry(rung), headers, "retry"),
            Next::Dead(headers) => (Target::Dead, headers, "dead"),
        };
        tracing::debug!(
            destination.id = endpoint.id,
            delivery.attempt = headers.attempt,
            error = %failure.error,
            "a delivery failed"
        );
        let message = Message {
            headers,
            ..message.clone()
        };
        let stored = self.hand_on(target, message).await?;
        self.metrics.handed_on.with_label_values(&[label]).inc();
        Ok(Settled::handed_on(stored))
    }

    async fn attempt(
        &self,
        endpoint: &Endpoint,
        event: &Envelope<'_>,
        delivery: &Delivery,
    ) -> Result<Outcome, Interrupted> {
        // A destination that was deactivated while its delivery waited keeps it waiting.
        if !endpoint.filters.active {
            return Ok(Outcome::of_error("the destination is not active"));
        }
        let head = match &endpoint.request {
            Ok(head) => head,
            Err(problem) => {
                return Ok(Outcome::of_error(format!(
                    "the destination cannot be used: {problem}"
                )));
            }
        };
        let permit = tokio::select! {
            biased;
            () = self.stopping.cancelled() => return Err(Interrupted),
            // The message is on its way to somebody else already.
            () = delivery.over().cancelled() => return Err(Interrupted),
            permit = endpoint.state.permits.acquire() => permit.expect("permits are never closed"),
        };
        self.metrics.in_flight.inc();
        let timer = self.metrics.delivery_duration.start_timer();
        let message = &delivery.message;
        let sending = Sending {
            event_id: &event.id,
            event_type: &event.event_type,
            traceparent: message.headers.traceparent.as_deref(),
            body: &message.body,
            at: self.foundation.clock.now(),
        };
        let outcome = self.dispatcher.attempt(head, &sending).await;
        timer.observe_duration();
        self.metrics.in_flight.dec();
        drop(permit);
        let label = match outcome {
            Outcome::Delivered => "delivered",
            Outcome::Failed(_) => "failed",
        };
        self.metrics.deliveries.with_label_values(&[label]).inc();
        Ok(outcome)
    }

    async fn reject(
        &self,
        message: &Message,
        invalid: &InvalidEvent,
    ) -> Result<Settlement, Interrupted> {
        let rejected = Message {
            headers: Headers {
                reason: Some(invalid.to_string()),
                ..message.headers.clone()
            },
            ..message.clone()
        };
        let stored = self.hand_on(Target::Rejected, rejected).await?;
        self.metrics.rejected.inc();
        tracing::warn!(reason = %invalid, "a message was rejected");
        Ok(Settlement::handed_on(stored))
    }

    /// Offers the message until the queue has stored it: acking before that would lose it, and
    /// giving it back would repeat what other destinations already have.
    async fn hand_on(&self, target: Target, message: Message) -> Result<Stored, Interrupted> {
        loop {
            match self.foundation.queue.publish(target, message.clone()).await {
                Ok(stored) => return Ok(stored),
                Err(error) => {
                    tracing::debug!(error = %error, "a message could not be handed on yet");
                }
            }
            tokio::select! {
                () = self.stopping.cancelled() => return Err(Interrupted),
                () = tokio::time::sleep(OFFER_AGAIN) => {}
            }
        }
    }
}

/// Once when a destination begins to fail and once when it is over, not for each event.
fn log_change(endpoint: &Endpoint, outcome: &Outcome) {
    match outcome {
        Outcome::Failed(failure) if endpoint.state.changes_to(true) => tracing::warn!(
            destination.id = endpoint.id,
            destination.name = %endpoint.name,
            error = %failure.error,
            "deliveries to a destination fail, they are tried again later"
        ),
        Outcome::Delivered if endpoint.state.changes_to(false) => tracing::info!(
            destination.id = endpoint.id,
            destination.name = %endpoint.name,
            "deliveries to a destination succeed again"
        ),
        _ => {}
    }
}

/// What a producer may say of its event. The other headers are ours: a producer that copied them from
/// somewhere must not choose one destination, or how long it is tried.
fn of_a_producer(headers: &Headers) -> Headers {
    Headers {
        config_version: headers.config_version,
        traceparent: headers.traceparent.clone(),
        ..Headers::default()
    }
}

#[cfg(test)]
mod tests {
    use shared::clock::Timestamp;

    use super::*;

    #[test]
    fn a_producer_chooses_neither_a_destination_nor_how_long_its_event_is_tried() {
        let headers = Headers {
            config_version: Some(3),
            destination_id: Some(7),
            attempt: 5,
            refusals: 4,
            first_seen: Some(Timestamp(0)),
            last_attempt: Some(Timestamp(0)),
            last_status: Some(500),
            last_error: Some("copied".to_owned()),
            reason: Some("copied".to_owned()),
            traceparent: Some("00-1-2-01".to_owned()),
        };
        let expected = Headers {
            config_version: Some(3),
            traceparent: Some("00-1-2-01".to_owned()),
            ..Headers::default()
        };
        assert_eq!(of_a_producer(&headers), expected);
    }
}

//! Carries one message through: parse, route, deliver, settle.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use shared::event::{Envelope, InvalidEvent};
use shared::foundation::Foundation;
use shared::queue::{Delivery, Headers, Message, Rung, Settled, Settlement, Source, Target};
use shared::traces::SpanKind;
use tokio::time::{Instant, timeout_at};

use crate::attempts::{Attempts, Destroyed, Event};
use crate::endpoint::Endpoint;
use crate::handover::{Handover, Interrupted};
use crate::lane::{Lanes, Wait};
use crate::metrics::{Age, accepted_at};
use crate::outcome::{Failure, Outcome, Trouble, failed, refused, single};
use crate::permits::Permit;
use crate::{routing, spans};

/// Bytes of an event that no limit can be set above.
const LARGEST_EVENT: usize = 16 * 1024 * 1024;
/// How often a delivery that waits for a permit looks whether that is in vain.
const LOOK: Duration = Duration::from_millis(100);

/// What is needed to deliver. Shared by all messages under way.
pub(crate) struct Deliverer {
    pub(crate) foundation: Foundation,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) handover: Handover,
}

impl Deliverer {
    /// Settles a message, or gives it back when the worker ends before that.
    pub(crate) async fn carry_through(&self, mut delivery: Delivery, source: Source) {
        let _held = self.attempts.window.hold();
        self.attempts.metrics.consumed(source);
        let headers = &mut delivery.message.headers;
        if source == Source::Events {
            *headers = of_a_producer(headers);
        }
        let now = self.foundation.clock.now();
        headers.accepted_at = Some(accepted_at(headers.accepted_at, now));
        match self.settle(&delivery).await {
            Ok(settlement) => delivery.ack(settlement),
            Err(Interrupted) => delivery.give_back(),
        }
    }

    async fn settle(&self, delivery: &Delivery) -> Result<Settlement, Interrupted> {
        let message = &delivery.message;
        let limit = self.foundation.config.limits.event_bytes;
        // What the API accepted was within its limit, which may have been another one then.
        let limit = match message.headers.config_version {
            None => limit,
            Some(_) => limit.max(LARGEST_EVENT),
        };
        if message.body.len() > limit {
            let invalid = InvalidEvent(format!("larger than {limit} bytes"));
            return Box::pin(self.handover.reject(delivery, &invalid)).await;
        }
        let event = match Envelope::parse(&message.body) {
            Ok(event) => event,
            Err(invalid) => return Box::pin(self.handover.reject(delivery, &invalid)).await,
        };
        let headers = &message.headers;
        let mut span = self.foundation.traces.begin(
            SpanKind::Consumer,
            "process audit event",
            headers.traceparent.as_deref(),
        );
        spans::of_message(&mut span, &event);
        let own = span.traceparent();
        let snapshots = &self.attempts.snapshots;
        let Some(snapshot) = snapshots.at_least(headers.config_version).await else {
            // Routing by an older view could miss a destination that was there before the event.
            let rung = Target::Retry(Rung::after_attempts(1));
            let stored = Box::pin(self.handover.store(rung, message, delivery.over())).await?;
            return Ok(Settlement::handed_on(stored));
        };
        let routed = Routed {
            event: &event,
            delivery,
            version: snapshot.version(),
            traceparent: own.as_deref().or(headers.traceparent.as_deref()),
        };
        if let Some(id) = headers.destination_id {
            let Some(endpoint) = snapshot.find(id) else {
                return Ok(Settlement::all([self.handover.discard()]));
            };
            return Ok(Settlement::all([self.deliver(endpoint, &routed).await?]));
        }
        let metrics = &self.attempts.metrics;
        let mut endpoints = routing::route(&snapshot, &event).inspect(|_| metrics.routed.inc());
        let (first, second) = (endpoints.next(), endpoints.next());
        let Some(second) = second else {
            // Most events have one destination at most: no list of futures for it.
            return Ok(match first {
                None => Settlement::all([]),
                Some(only) => Settlement::all([self.deliver(only, &routed).await?]),
            });
        };
        let all = first.into_iter().chain([second]).chain(endpoints);
        let settled = join_all(all.map(|endpoint| self.deliver(endpoint, &routed))).await;
        let settled: Result<Vec<Settled>, Interrupted> = settled.into_iter().collect();
        settled.map(Settlement::all)
    }

    /// Brings the event to one destination, or to a durable place. What happens seldom is boxed: a message
    /// holds its future in memory from its arrival to its end, and a thousand of them should fit into the
    /// processor's cache.
    async fn deliver(
        &self,
        endpoint: &Endpoint,
        routed: &Routed<'_>,
    ) -> Result<Settled, Interrupted> {
        let state = &endpoint.state;
        if state.lane_is_open() || state.is_quiet() {
            return Box::pin(self.wait_in_lane(endpoint, routed, None)).await;
        }
        let Some(permit) = self.permit(endpoint, routed.delivery).await? else {
            return Box::pin(self.wait_in_lane(endpoint, routed, None)).await;
        };
        // It may have been opened meanwhile, and what went into it comes first.
        if state.lane_is_open() {
            return Box::pin(self.wait_in_lane(endpoint, routed, None)).await;
        }
        let message = &routed.delivery.message;
        let event = Event {
            id: &routed.event.id,
            kind: &routed.event.event_type,
            traceparent: routed.traceparent,
            body: &message.body,
            age: Age::of(&message.headers, self.foundation.clock.now()),
        };
        // Boxed so that only those with a permit hold what an attempt needs.
        let outcome = Box::pin(self.attempts.with_second_try(endpoint.id, &event)).await;
        drop(permit);
        match outcome {
            Err(Destroyed) => Ok(self.handover.discard()),
            Ok(Outcome::Delivered(accepted)) => Ok(Settled::delivered(accepted)),
            Ok(Outcome::Refused(failure)) => {
                let now = self.foundation.clock.now();
                let headers = refused(routed.headers_for(endpoint, now), &failure, now);
                let over = routed.delivery.over();
                Box::pin(self.handover.refused(message, headers, now, over)).await
            }
            Ok(Outcome::Troubled(trouble)) => {
                Box::pin(self.wait_in_lane(endpoint, routed, Some(trouble.into()))).await
            }
            Ok(Outcome::Blocked(failure)) => {
                let blocked = Failed {
                    failure,
                    retry_after: None,
                };
                Box::pin(self.wait_in_lane(endpoint, routed, Some(blocked))).await
            }
        }
    }

    /// Waits for a permit as long as that may help: none, when the delivery is to go into the lane. A
    /// thousand may wait: each has one timer, and looks at what else may have happened when that fires.
    async fn permit<'e>(
        &self,
        endpoint: &'e Endpoint,
        delivery: &Delivery,
    ) -> Result<Option<Permit<'e>>, Interrupted> {
        let permits = &endpoint.state.permits;
        let _waiting = self.attempts.metrics.wait_for_permit();
        let patient_until = Instant::now() + self.attempts.patience;
        let mut acquiring = std::pin::pin!(permits.acquire());
        loop {
            let look_at = patient_until.min(Instant::now() + LOOK);
            let permit = timeout_at(look_at, &mut acquiring).await;
            // Or the message is on its way to somebody else already.
            if self.handover.stopping.is_cancelled() || delivery.over().is_cancelled() {
                return Err(Interrupted);
            }
            if let Ok(permit) = permit {
                return Ok(Some(permit));
            }
            let in_vain = self.attempts.window.is_more_than_half_full() && permits.is_stalled(LOOK);
            if in_vain || endpoint.state.lane_is_open() || Instant::now() >= patient_until {
                return Ok(None);
            }
        }
    }

    async fn wait_in_lane(
        &self,
        endpoint: &Endpoint,
        routed: &Routed<'_>,
        why: Option<Failed>,
    ) -> Result<Settled, Interrupted> {
        let now = self.foundation.clock.now();
        let headers = routed.headers_for(endpoint, now);
        let (headers, wait) = match why {
            None => (headers, Wait::Not),
            Some(why) => (
                failed(headers, &why.failure, now),
                Wait::Failed(why.retry_after),
            ),
        };
        let message = Message {
            headers,
            ..routed.delivery.message.clone()
        };
        let over = routed.delivery.over();
        self.lanes.take(endpoint, &message, wait, over).await
    }
}

/// A message with what routing made of it.
struct Routed<'a> {
    event: &'a Envelope<'a>,
    delivery: &'a Delivery,
    /// The version of the configuration that it was routed by.
    version: i64,
    /// The trace that attempts are parts of.
    traceparent: Option<&'a str>,
}

impl Routed<'_> {
    /// The headers of the delivery to one destination.
    fn headers_for(&self, endpoint: &Endpoint, now: shared::clock::Timestamp) -> Headers {
        let headers = &self.delivery.message.headers;
        single(endpoint.id, self.version, headers, now)
    }
}

/// Why a delivery waits in its destination's lane.
struct Failed {
    failure: Failure,
    retry_after: Option<Duration>,
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self {
            failure: trouble.failure,
            retry_after: trouble.retry_after,
        }
    }
}

/// What a producer may say of its event. The other headers are ours: a producer that copied them from
/// somewhere must not choose one destination, or how long it is tried.
fn of_a_producer(headers: &Headers) -> Headers {
    Headers {
        config_version: headers.config_version,
        accepted_at: headers.accepted_at,
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
            climbs: 3,
            first_seen: Some(Timestamp(0)),
            last_attempt: Some(Timestamp(0)),
            last_status: Some(500),
            last_error: Some("copied".to_owned()),
            reason: Some("copied".to_owned()),
            accepted_at: Some(Timestamp(5)),
            traceparent: Some("00-1-2-01".to_owned()),
        };
        let expected = Headers {
            config_version: Some(3),
            accepted_at: Some(Timestamp(5)),
            traceparent: Some("00-1-2-01".to_owned()),
            ..Headers::default()
        };
        assert_eq!(of_a_producer(&headers), expected);
    }
}

//! A message as both implementations carry it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Bytes and what is known about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The event's type: the routing key of a publish. Whoever consumes reads the type from the event.
    pub event_type: String,
    /// The event, byte for byte as it is delivered.
    pub body: Bytes,
    /// What else travels along.
    pub headers: Headers,
}

/// What travels beside the event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Headers {
    /// `x-config-version`: no worker may route the event by an older snapshot.
    pub config_version: Option<i64>,
    /// `x-destination-id`: the one destination that a single delivery is for.
    pub destination_id: Option<i64>,
    /// `x-attempt`: how many attempts have failed.
    pub attempt: u32,
    /// `x-refusals`: how many of them failed because the destination refused this event alone.
    pub refusals: u32,
    /// `x-climbs`: how often it took a rung for want of something else than the destination's consent.
    pub climbs: u32,
    /// `x-first-seen`: when the first attempt failed, or when the event came into a lane without one;
    /// retention counts from here.
    pub first_seen: Option<Timestamp>,
    /// `x-last-attempt`: when the last attempt failed.
    pub last_attempt: Option<Timestamp>,
    /// `x-last-status`: the status of the last failed attempt's response.
    pub last_status: Option<u16>,
    /// `x-last-error`: what went wrong last.
    pub last_error: Option<String>,
    /// `x-reason`: why the message was rejected.
    pub reason: Option<String>,
    /// `x-accepted-at`: when the event was accepted, for measuring alone.
    pub accepted_at: Option<Timestamp>,
    /// `traceparent`: the producer's trace (W3C).
    pub traceparent: Option<String>,
}

impl Message {
    /// A new event.
    pub fn new(event_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            event_type: event_type.into(),
            body: body.into(),
            headers: Headers::default(),
        }
    }

    /// With the version of the configuration that it must not be routed before.
    #[must_use]
    pub fn at_config_version(mut self, version: i64) -> Self {
        self.headers.config_version = Some(version);
        self
    }
}

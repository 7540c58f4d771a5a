//! What workers tell of the deliveries they have just tried, while somebody watches.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// One attempt to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Number of the destination.
    pub destination_id: i64,
    /// Id of the event.
    pub event_id: String,
    /// Name of the event's type.
    pub event_type: String,
    /// When the attempt began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// How it ended: a label of the worker's metric of deliveries.
    pub outcome: String,
    /// Status of the response; none, when there was none.
    pub status: Option<u16>,
    /// What went wrong; none, when it was delivered.
    pub error: Option<String>,
    /// How long the event had been on its way when it was tried, in milliseconds.
    pub lag_ms: u64,
}

/// What one worker has tried since it told last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reports {
    /// The worker, by a number that is its own for as long as it runs.
    pub worker: u64,
    /// Counts what the worker tells, from 1: who sees a number again has heard it twice, and who misses
    /// one has missed what was in it.
    pub number: u64,
    /// In the order in which the attempts ended.
    pub reports: Vec<Report>,
    /// How many attempts were left out as there were too many, by the number of their destination.
    pub dropped: BTreeMap<i64, u64>,
    /// Whether there were more that are not even counted, of too many destinations.
    #[serde(default)]
    pub uncounted: bool,
}

//! Stored moments as objects show them.

use chrono::{DateTime, Utc};
use shared::clock::Timestamp;

/// A moment that there may not be.
pub(super) fn time(moment: Option<Timestamp>) -> Option<DateTime<Utc>> {
    moment.map(Timestamp::to_datetime)
}

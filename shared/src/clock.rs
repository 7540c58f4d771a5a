//! The one source of the current time, so that tests can stop and move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A moment as milliseconds since 1970-01-01T00:00:00Z: the form of every time in the database and
/// in message headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// ISO 8601 in UTC with milliseconds, `2022-07-26T05:43:53.662Z`: the form of `created_at` in an
    /// audit event.
    pub fn to_rfc3339(self) -> String {
        self.to_datetime()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The same moment as a calendar date and time; the epoch for a value out of chrono's range.
    pub fn to_datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }

    /// How much later this moment is than `earlier`; zero when it is not later.
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_millis(
            u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0),
        )
    }
}

impl std::ops::Add<std::time::Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.timestamp_millis())
    }
}

/// A duration as milliseconds, the form of every duration in the database; the longest that there is for
/// what is longer.
pub fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Tells the time. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands until a test moves it.
    Stopped(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn stopped(at: Timestamp) -> Self {
        Self::Stopped(Arc::new(AtomicI64::new(at.0)))
    }

    /// The current moment.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that everything else asks for the time"
    )]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(Utc::now().timestamp_millis()),
            Self::Stopped(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a stopped clock forward; the machine's clock is left as it is.
    pub fn advance(&self, by: std::time::Duration) {
        if let Self::Stopped(at) = self {
            at.store((self.now() + by).0, Ordering::SeqCst);
        }
    }
}

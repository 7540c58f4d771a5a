//! When each event was published, by its number, on one clock with the receivers.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What the JSON of every event begins with; eight digits follow.
const BEGINNING: &str = "{\"id\":\"bench-";
const DIGITS: usize = 8;
/// Bytes of an event.
const SIZE: usize = 1024;

/// Moments in nanoseconds by number; zero: not yet.
pub(crate) struct Moments(Vec<AtomicU64>);

impl Moments {
    /// For numbers below this one.
    pub(crate) fn new(capacity: usize) -> Self {
        Self((0..capacity).map(|_| AtomicU64::new(0)).collect())
    }

    /// Notes a moment; whether it is the first of its number.
    pub(crate) fn note(&self, number: usize, at: Duration) -> bool {
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.0.get(number).is_some_and(|moment| {
            moment
                .compare_exchange(0, nanos, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        })
    }

    pub(crate) fn get(&self, number: usize) -> Option<Duration> {
        let nanos = self.0.get(number)?.load(Ordering::Relaxed);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
    }
}

/// Hands out numbers and knows when their events were published.
pub(crate) struct Ledger {
    origin: Instant,
    pub(crate) capacity: usize,
    next: AtomicUsize,
    pub(crate) published: Moments,
}

impl Ledger {
    /// For so many events.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            origin: Instant::now(),
            next: AtomicUsize::new(0),
            published: Moments::new(capacity),
        }
    }

    /// Time since the ledger was made.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// The next so many numbers.
    pub(crate) fn take(&self, events: usize) -> Range<usize> {
        let first = self.next.fetch_add(events, Ordering::Relaxed);
        assert!(
            first + events <= self.capacity,
            "too many events for one run"
        );
        first..first + events
    }
}

/// A complete event of 1 KiB of a group.
pub(crate) fn event(number: usize, group: &str) -> Vec<u8> {
    let before = format!(
        "{BEGINNING}{number:0DIGITS$}\",\"author_id\":1,\"author_name\":\"Ada\",\"entity_id\":20,\
         \"entity_type\":\"Group\",\"entity_path\":\"{group}\",\"event_type\":\"user_created\",\
         \"ip_address\":\"\",\"target_id\":null,\"target_type\":\"User\",\"target_details\":\"grace\",\
         \"created_at\":\"2026-01-02T03:04:05.678Z\",\"details\":{{\"custom_message\":\""
    );
    let after = "\"}}";
    let padding = SIZE.saturating_sub(before.len() + after.len());
    format!("{before}{}{after}", "x".repeat(padding)).into_bytes()
}

/// The number of an event; none of one that is not ours.
pub(crate) fn number_of(body: &[u8]) -> Option<usize> {
    let digits = body.strip_prefix(BEGINNING.as_bytes())?.get(..DIGITS)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

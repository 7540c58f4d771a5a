//! What a worker knows of a destination beside its configuration.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::backoff::Schedule;
use tokio::time::Instant;

use crate::outcome::Outcome;
use crate::permits::{Bounds, Permits};

/// Shared by all snapshots, so that a change of the configuration forgets nothing.
#[derive(Debug)]
pub(crate) struct State {
    /// How many requests may be under way.
    pub(crate) permits: Permits,
    /// Whether the last attempt failed.
    failing: AtomicBool,
    /// Whether the lane is open, as far as this worker knows.
    lane_open: AtomicBool,
    /// When it was opened, as far as this worker knows.
    opened_at: Mutex<Option<Instant>>,
    refusals_in_a_row: AtomicU32,
    /// While no lane can be opened, for want of the database.
    quiet: Mutex<Option<Quiet>>,
    /// One opening of the lane at a time.
    pub(crate) opening: tokio::sync::Mutex<()>,
    /// Attempts since the worker's start, for metrics.
    delivered: AtomicU64,
    failed: AtomicU64,
}

/// When a destination without a lane is tried again.
#[derive(Debug)]
struct Quiet {
    schedule: Schedule,
    until: Instant,
}

impl State {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            permits: Permits::new(bounds),
            failing: AtomicBool::new(false),
            lane_open: AtomicBool::new(false),
            opened_at: Mutex::new(None),
            refusals_in_a_row: AtomicU32::new(0),
            quiet: Mutex::new(None),
            opening: tokio::sync::Mutex::new(()),
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// Counts an attempt.
    pub(crate) fn count(&self, delivered: bool) {
        let counter = if delivered {
            &self.delivered
        } else {
            &self.failed
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Attempts that delivered.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Attempts that did not.
    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Attempts of both kinds.
    pub(crate) fn attempts(&self) -> u64 {
        self.delivered() + self.failed()
    }

    /// Takes note of an attempt for the log; true when it is the first of its kind after the other.
    pub(crate) fn changes_to(&self, failing: bool) -> bool {
        self.failing.swap(failing, Ordering::Relaxed) != failing
    }

    /// Whether all that is for the destination goes into its lane.
    pub(crate) fn lane_is_open(&self) -> bool {
        self.lane_open.load(Ordering::Acquire)
    }

    /// Takes note that the lane is open or closed; whether that is new.
    pub(crate) fn set_lane_open(&self, open: bool) -> bool {
        let mut opened_at = self.opened_at();
        if open {
            *opened_at = Some(Instant::now());
        }
        self.lane_open.swap(open, Ordering::AcqRel) != open
    }

    /// Takes note that the lane was closed at a moment, unless it has been opened since.
    pub(crate) fn close_lane_unless_opened_since(&self, moment: Instant) {
        if !self.lane_is_open() {
            return;
        }
        let opened_at = self.opened_at();
        if opened_at.is_none_or(|opened| opened < moment) {
            self.lane_open.store(false, Ordering::Release);
        }
    }

    fn opened_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.opened_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges an attempt that began at `began` by those before it, and lets the permits follow.
    pub(crate) fn judge(&self, outcome: Outcome, began: Instant) -> Outcome {
        let refusals = match &outcome {
            Outcome::Delivered(_) => {
                self.refusals_in_a_row.store(0, Ordering::Relaxed);
                self.quiet().take();
                if self.lane_is_open() {
                    self.permits.succeeded_in_drain();
                } else {
                    self.permits.succeeded();
                }
                0
            }
            Outcome::Refused(_) => self.refusals_in_a_row.fetch_add(1, Ordering::Relaxed) + 1,
            _ => 0,
        };
        self.permits.completed();
        if outcome.is_congestion() {
            self.permits.congested(began);
        }
        outcome.after_refusals(refusals)
    }

    /// Whether the destination is to be left alone, since it failed and no lane could be opened.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet()
            .as_ref()
            .is_some_and(|quiet| Instant::now() < quiet.until)
    }

    /// Leaves the destination alone for the next time of the schedule, `schedule` when that begins.
    pub(crate) fn keep_quiet(&self, schedule: impl FnOnce() -> Schedule, least: Duration) {
        let mut quiet = self.quiet();
        let now = Instant::now();
        match &mut *quiet {
            // The others of a crowd that failed together.
            Some(quiet) if now < quiet.until => {}
            Some(quiet) => quiet.until = now + quiet.schedule.next_wait().max(least),
            None => {
                let mut schedule = schedule();
                let until = now + schedule.next_wait().max(least);
                *quiet = Some(Quiet { schedule, until });
            }
        }
    }

    fn quiet(&self) -> MutexGuard<'_, Option<Quiet>> {
        self.quiet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

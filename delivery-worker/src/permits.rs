//! How many requests may be under way to one destination. The number adapts: it grows while requests
//! succeed and halves when the receiver has too much to do.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::config::PermitsConfig;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Bounds of the number of permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) start: u32,
    pub(crate) min: u32,
    pub(crate) max: u32,
}

impl Bounds {
    pub(crate) fn of(config: &PermitsConfig) -> Self {
        Self {
            start: config.start,
            min: config.min,
            max: config.max,
        }
    }
}

/// The number itself, by additive increase and multiplicative decrease. Pure.
#[derive(Debug)]
struct Limit {
    bounds: Bounds,
    current: f64,
    /// Below this it grows with every success, as TCP does at its start; above by one a round.
    fast_until: f64,
}

impl Limit {
    fn new(bounds: Bounds) -> Self {
        let start = bounds.start.clamp(bounds.min, bounds.max).into();
        Self {
            bounds,
            current: start,
            fast_until: start,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is within the bounds"
    )]
    fn whole(&self) -> usize {
        self.current as usize
    }

    fn succeed(&mut self) {
        let step = if self.current < self.fast_until {
            1.0
        } else {
            1.0 / self.current
        };
        self.current = (self.current + step).min(self.bounds.max.into());
    }

    fn congest(&mut self) {
        self.current = (self.current / 2.0).max(self.bounds.min.into());
        self.fast_until = self.current;
    }

    /// Begins from one, to grow fast up to what it was.
    fn restart(&mut self) {
        self.fast_until = self.current.max(self.fast_until);
        self.current = self.bounds.min.into();
    }
}

/// The permits of one destination.
#[derive(Debug)]
pub(crate) struct Permits {
    semaphore: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: Limit,
    /// Permits that are out and must not come back, since the number has shrunk.
    surplus: usize,
    /// Permits that the semaphore has handed out or holds, beside the surplus.
    granted: usize,
    /// Requests that began before this moment say nothing more: one crowd of timeouts is one sign.
    shrunk_at: Option<Instant>,
    last_completion: Instant,
}

/// A leave to send one request.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    permit: Option<SemaphorePermit<'a>>,
    permits: &'a Permits,
}

impl Permits {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let limit = Limit::new(bounds);
        let granted = limit.whole();
        Self {
            semaphore: Semaphore::new(granted),
            state: Mutex::new(State {
                limit,
                surplus: 0,
                granted,
                shrunk_at: None,
                last_completion: Instant::now(),
            }),
        }
    }

    /// Waits for its turn.
    pub(crate) async fn acquire(&self) -> Permit<'_> {
        let permit = self.semaphore.acquire().await;
        Permit {
            permit: Some(permit.expect("permits are never closed")),
            permits: self,
        }
    }

    /// How many requests may be under way now.
    pub(crate) fn limit(&self) -> usize {
        self.state().limit.whole()
    }

    /// Whether all permits are taken and no request has ended for so long.
    pub(crate) fn is_stalled(&self, silence: Duration) -> bool {
        self.semaphore.available_permits() == 0 && self.state().last_completion.elapsed() >= silence
    }

    /// Takes note of a request that succeeded.
    pub(crate) fn succeeded(&self) {
        // With permits to spare the number is large enough.
        let needed = self.semaphore.available_permits() == 0;
        self.change(|state| {
            if needed {
                state.limit.succeed();
            }
        });
    }

    /// Takes note of a request of a drain, which takes no permits, that succeeded.
    pub(crate) fn succeeded_in_drain(&self) {
        self.change(|state| state.limit.succeed());
    }

    /// Takes note of a request, begun at `began`, by which the receiver shows that it has too much to
    /// do.
    pub(crate) fn congested(&self, began: Instant) {
        self.change(|state| {
            if state.shrunk_at.is_none_or(|shrunk| began >= shrunk) {
                state.limit.congest();
                state.shrunk_at = Some(Instant::now());
            }
        });
    }

    /// Begins again from the smallest number: for the drain of a lane, and for a destination that holds
    /// too much of the window.
    pub(crate) fn restart(&self) {
        self.change(|state| state.limit.restart());
    }

    /// Takes note that a request has ended, however it did.
    pub(crate) fn completed(&self) {
        self.state().last_completion = Instant::now();
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let wanted = state.limit.whole();
        while state.granted < wanted {
            state.granted += 1;
            if state.surplus > 0 {
                state.surplus -= 1;
            } else {
                self.semaphore.add_permits(1);
            }
        }
        while state.granted > wanted {
            state.granted -= 1;
            if self.semaphore.forget_permits(1) == 0 {
                state.surplus += 1;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.permits.state();
        if state.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            state.surplus -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        start: 16,
        min: 1,
        max: 64,
    };

    #[test]
    fn the_number_grows_by_one_a_round_and_halves() {
        let mut limit = Limit::new(BOUNDS);
        assert_eq!(limit.whole(), 16);
        for _ in 0..17 {
            limit.succeed();
        }
        assert_eq!(limit.whole(), 17);
        for _ in 0..10_000 {
            limit.succeed();
        }
        assert_eq!(limit.whole(), 64);
        let mut shrinking = Vec::new();
        for _ in 0..8 {
            limit.congest();
            shrinking.push(limit.whole());
        }
        assert_eq!(shrinking, [32, 16, 8, 4, 2, 1, 1, 1]);
    }

    #[test]
    fn after_a_restart_it_doubles_each_round_up_to_what_it_was() {
        let mut limit = Limit::new(BOUNDS);
        limit.restart();
        let mut rounds = Vec::new();
        for _ in 0..5 {
            for _ in 0..limit.whole() {
                limit.succeed();
            }
            rounds.push(limit.whole());
        }
        assert_eq!(rounds, [2, 4, 8, 16, 16]);
    }

    #[tokio::test]
    async fn no_more_requests_are_under_way_than_there_are_permits() {
        let permits = Permits::new(Bounds { start: 2, ..BOUNDS });
        let first = permits.acquire().await;
        let second = permits.acquire().await;
        assert!(permits.is_stalled(Duration::ZERO));
        let waiting = tokio::time::timeout(Duration::from_millis(10), permits.acquire());
        assert!(waiting.await.is_err());
        drop(first);
        let third = permits.acquire().await;
        drop((second, third));
        assert!(!permits.is_stalled(Duration::ZERO));
    }

    #[tokio::test]
    async fn permits_that_are_out_when_the_number_shrinks_do_not_come_back() {
        let permits = Permits::new(Bounds { start: 4, ..BOUNDS });
        let began = Instant::now();
        let mut out = Vec::new();
        for _ in 0..4 {
            out.push(permits.acquire().await);
        }
        permits.congested(began);
        // The others of the same crowd are the same sign.
        permits.congested(began);
        assert_eq!(permits.limit(), 2);
        out.truncate(2);
        assert_eq!(permits.semaphore.available_permits(), 0);
        out.clear();
        assert_eq!(permits.semaphore.available_permits(), 2);
        permits.restart();
        assert_eq!(permits.semaphore.available_permits(), 1);
        permits.succeeded_in_drain();
        assert_eq!(permits.semaphore.available_permits(), 2);
    }
}

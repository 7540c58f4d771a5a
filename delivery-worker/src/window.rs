//! The worker's window: how many messages it holds unsettled, and how many of its attempts are slow.
//! It is shared by all destinations, so none may fill it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what is held.
#[derive(Debug)]
pub(crate) struct Window {
    size: usize,
    held: AtomicUsize,
    slow: AtomicUsize,
}

impl Window {
    /// Of so many messages (`queue.prefetch`).
    pub(crate) fn new(size: usize) -> Self {
        Self {
            size,
            held: AtomicUsize::new(0),
            slow: AtomicUsize::new(0),
        }
    }

    /// Counts a message until the guard is dropped.
    pub(crate) fn hold(&self) -> Counted<'_> {
        Counted::new(&self.held)
    }

    /// Counts an attempt that takes longer than `delivery.patience` until the guard is dropped.
    pub(crate) fn hold_slow(&self) -> Counted<'_> {
        Counted::new(&self.slow)
    }

    /// How many messages are held.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Then whoever waits without hope makes room.
    pub(crate) fn is_more_than_half_full(&self) -> bool {
        self.held() * 2 > self.size
    }

    /// Whether slow attempts hold more than their share, a quarter.
    pub(crate) fn has_too_many_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed) * 4 > self.size
    }
}

/// One that is counted.
#[derive(Debug)]
pub(crate) struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_window_and_a_quarter_of_slow_attempts_are_the_shares() {
        let window = Window::new(8);
        let mut held: Vec<_> = (0..4).map(|_| window.hold()).collect();
        assert!(!window.is_more_than_half_full());
        held.push(window.hold());
        assert!(window.is_more_than_half_full());
        drop(held);
        assert!(!window.is_more_than_half_full());
        let mut slow: Vec<_> = (0..2).map(|_| window.hold_slow()).collect();
        assert!(!window.has_too_many_slow());
        slow.push(window.hold_slow());
        assert!(window.has_too_many_slow());
    }
}

//! The one place that uses the `backoff` crate, which is no longer maintained: replacing it touches
//! this file alone.

use std::fmt::Display;
use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;

/// An endless exponential schedule with jitter.
#[derive(Debug)]
pub struct Schedule(ExponentialBackoff);

impl Schedule {
    /// For coming back to a broker or a database: 100 ms first, doubling up to 10 s, ±50 %.
    pub fn reconnect() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(10), 0.5)
    }

    /// A schedule that starts at `first`, doubles up to `most`, varies by ±`jitter` (0 to 1) and
    /// never ends.
    pub fn new(first: Duration, most: Duration, jitter: f64) -> Self {
        Self(ExponentialBackoff {
            current_interval: first,
            initial_interval: first,
            multiplier: 2.0,
            max_interval: most,
            randomization_factor: jitter,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        })
    }

    /// How long to wait before the next try.
    pub fn next_wait(&mut self) -> Duration {
        self.0
            .next_backoff()
            .expect("a schedule without max_elapsed_time has no end")
    }

    /// Starts over, after a success.
    pub fn reset(&mut self) {
        self.0.reset();
    }
}

/// Tries `attempt` until it succeeds, with a log line for each failure.
pub async fn until_ok<T, E: Display, Attempt>(what: &str, mut attempt: impl FnMut() -> Attempt) -> T
where
    Attempt: Future<Output = Result<T, E>>,
{
    let mut schedule = Schedule::reconnect();
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(error) => {
                let wait = schedule.next_wait();
                tracing::warn!(error = %error, retry_in_ms = wait.as_millis(), "{what} is not available");
                tokio::time::sleep(wait).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_doubles_up_to_its_most_and_never_ends() {
        let mut schedule = Schedule::new(Duration::from_secs(1), Duration::from_secs(8), 0.0);
        let waits: Vec<u64> = (0..6).map(|_| schedule.next_wait().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 8, 8]);
    }

    #[test]
    fn a_schedule_starts_over_after_a_reset() {
        let mut schedule = Schedule::new(Duration::from_secs(1), Duration::from_secs(8), 0.0);
        schedule.next_wait();
        schedule.next_wait();
        schedule.reset();
        assert_eq!(schedule.next_wait(), Duration::from_secs(1));
    }

    #[test]
    fn jitter_stays_within_its_share() {
        for _ in 0..200 {
            let wait =
                Schedule::new(Duration::from_secs(1), Duration::from_secs(8), 0.25).next_wait();
            assert!((750..=1250).contains(&wait.as_millis()), "{wait:?}");
        }
    }
}

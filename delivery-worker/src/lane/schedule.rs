//! When a destination in trouble is tried again.

use std::time::Duration;

use shared::backoff::Schedule;

/// Before the first try; doubles after each that fails.
const FIRST: Duration = Duration::from_secs(1);
/// The longest time between two tries.
const MOST: Duration = Duration::from_mins(10);
/// What a time may differ by, as a share: destinations that fell together are not tried together.
const JITTER: f64 = 0.25;
/// After so many failures the time is the longest.
const LAST_STEP: i64 = 11;

/// The schedule from its beginning. It never ends.
pub(super) fn probes() -> Schedule {
    Schedule::new(FIRST, MOST, JITTER)
}

/// How long to wait after so many failures in a row: the time of the schedule, or as long as the
/// receiver asked for, if that is longer.
pub(super) fn wait_after(failures: i64, retry_after: Option<Duration>) -> Duration {
    let mut schedule = probes();
    let mut wait = schedule.next_wait();
    for _ in 1..failures.min(LAST_STEP) {
        wait = schedule.next_wait();
    }
    wait.max(retry_after.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_a_second_apart_then_twice_as_long_each_time_up_to_ten_minutes_without_end() {
        let table = [
            (0, 1),
            (1, 1),
            (2, 2),
            (3, 4),
            (9, 256),
            (10, 512),
            (11, 600),
            (12, 600),
            (1_000_000, 600),
            (i64::MAX, 600),
        ];
        for (failures, seconds) in table {
            for _ in 0..50 {
                let wait = wait_after(failures, None).as_secs_f64();
                let nominal = f64::from(seconds);
                assert!(
                    (nominal * 0.74..nominal * 1.26).contains(&wait),
                    "{failures}: {wait}"
                );
            }
        }
    }

    #[test]
    fn a_receiver_that_asks_for_more_time_gets_it() {
        let hour = Duration::from_hours(1);
        assert_eq!(wait_after(1, Some(hour)), hour);
        assert!(wait_after(11, Some(Duration::from_secs(1))) > Duration::from_mins(7));
    }
}

//! The arithmetic of benchmarks, and what Linux says of a process. Pure.

use std::time::Duration;

/// Ticks of a second in `/proc/<pid>/stat`: what Linux promises to programs, whatever its own clock.
const TICKS_PER_SECOND: u64 = 100;

/// The value in the middle; of an even number of values the mean of the two. Zero of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        length if length % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The smallest value that `hundredths` percent of all values do not exceed (the nearest rank). Zero of
/// none.
pub fn percentile(values: &[Duration], hundredths: usize) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort();
    let rank = (sorted.len() * hundredths).div_ceil(100);
    let value = sorted.get(rank.saturating_sub(1));
    value.copied().unwrap_or_default()
}

/// `part` divided by `whole`; zero when the whole is.
pub fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// Events in a second: so many, of which the first came at the beginning of the time and the last at
/// its end.
#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^52 events")]
pub fn rate(events: usize, time: Duration) -> f64 {
    ratio(events.saturating_sub(1) as f64, time.as_secs_f64())
}

/// The processor time of a process, of all its threads, in user and system mode, from the text of its
/// `/proc/<pid>/stat`.
pub fn cpu_time(stat: &str) -> Option<Duration> {
    // The name of the program stands in brackets, and may hold blanks and brackets.
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ');
    // The name is the second field; the times are the 14th and the 15th.
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis(
        (user + system) * 1000 / TICKS_PER_SECOND,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The floats of these tables are exact in binary.
    fn same(left: f64, right: f64) -> bool {
        (left - right).abs() < f64::EPSILON
    }

    #[test]
    fn the_median_is_in_the_middle() {
        for (values, expected) in [
            (&[][..], 0.0),
            (&[3.0], 3.0),
            (&[9.0, 1.0, 2.0], 2.0),
            (&[4.0, 1.0, 2.0, 8.0], 3.0),
        ] {
            assert!(same(median(values), expected), "{values:?}");
        }
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let hundred: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        for (values, hundredths, expected) in [
            (&[][..], 99, 0),
            (&hundred[..1], 99, 100),
            (&hundred, 0, 1),
            (&hundred, 50, 50),
            (&hundred, 99, 99),
            (&hundred, 100, 100),
            (&hundred[..10], 99, 100),
        ] {
            let found = percentile(values, hundredths);
            assert_eq!(
                found,
                Duration::from_millis(expected),
                "{} {hundredths}",
                values.len()
            );
        }
    }

    #[test]
    fn rates_and_ratios_of_nothing_are_zero() {
        for (events, millis, expected) in [(0, 0, 0.0), (1, 0, 0.0), (3, 0, 0.0), (101, 500, 200.0)]
        {
            let found = rate(events, Duration::from_millis(millis));
            assert!(same(found, expected), "{events} in {millis} ms: {found}");
        }
        assert!(same(ratio(1.0, 4.0), 0.25));
        assert!(same(ratio(1.0, 0.0), 0.0));
    }

    #[test]
    fn the_processor_time_stands_behind_the_name() {
        let rest = "S 1 2 2 0 -1 4194560 83 0 0 0 150 25 0 0 20 0 3 0 1 2 3";
        for (stat, expected) in [
            (format!("42 (worker) {rest}"), Some(1750)),
            (format!("42 (a b) c) S) {rest}"), Some(1750)),
            ("42 (worker) S 1 2".to_owned(), None),
            ("42 worker".to_owned(), None),
        ] {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(cpu_time(&stat), expected, "{stat}");
        }
    }
}

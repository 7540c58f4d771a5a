//! How deliveries to a destination go, as its owner sees it.

use std::time::Duration;

use shared::clock::Timestamp;
use shared::entities::delivery_stats::KEPT;

use super::Destination;

const MINUTE_MS: i64 = 60_000;
/// Most minutes of figures that can be asked for: all that are kept.
pub const MOST_MINUTES: i32 = minutes(KEPT);

#[expect(
    clippy::cast_possible_truncation,
    reason = "14 days are 20,160 minutes"
)]
const fn minutes(duration: Duration) -> i32 {
    (duration.as_secs() / 60) as i32
}

/// Whether a destination gets its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It gets them as they come.
    Healthy,
    /// Deliveries fail, so that all that is for it waits in its lane.
    Troubled,
    /// It is not active.
    Paused,
}

/// What is known of the deliveries to a destination; nothing, before the first one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether all that is for the destination waits in its lane.
    pub lane_is_open: bool,
    /// When the lane was last opened or closed; none: there never was one.
    pub lane_changed_at: Option<Timestamp>,
    /// Since when the oldest event in the open lane waits.
    pub oldest_at: Option<Timestamp>,
    /// When a destination in trouble is tried next.
    pub next_attempt_at: Option<Timestamp>,
    /// When it last took an event.
    pub last_success_at: Option<Timestamp>,
    /// The last attempt that failed.
    pub last_failure: Option<LastFailure>,
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFailure {
    /// When.
    pub at: Timestamp,
    /// The status, when there was an answer.
    pub status: Option<i64>,
    /// What went wrong, as a sentence.
    pub error: String,
    /// The beginning of the answer's body, when there was an answer.
    pub response: Option<String>,
}

impl Health {
    /// Whether the destination gets its events.
    pub fn state(&self, destination: &Destination) -> State {
        if !destination.active {
            State::Paused
        } else if self.lane_is_open {
            State::Troubled
        } else {
            State::Healthy
        }
    }

    /// Since when the destination is in its state; none, when nobody took note of it. What was switched on
    /// again is healthy or in trouble since then at the earliest.
    pub fn since(&self, destination: &Destination) -> Option<Timestamp> {
        let switched_at = destination.active_changed_at;
        match self.state(destination) {
            State::Paused => switched_at,
            State::Healthy | State::Troubled => {
                let changed_at = self.lane_changed_at.unwrap_or(destination.created_at);
                switched_at.max(Some(changed_at))
            }
        }
    }

    /// When the destination is tried next, which is known of one in trouble only.
    pub fn next_attempt_at(&self, destination: &Destination) -> Option<Timestamp> {
        self.next_attempt_at
            .filter(|_| self.state(destination) == State::Troubled)
    }
}

/// The first moment of the first of the last minutes, of which the current one is the last.
pub fn first_minute(now: Timestamp, minutes: i32) -> Timestamp {
    let current = now.0.div_euclid(MINUTE_MS);
    Timestamp((current - i64::from(minutes) + 1) * MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Scope;

    #[test]
    fn a_destination_is_paused_or_in_trouble_or_healthy_since_its_last_change() {
        let at = |ms: i64| Some(Timestamp(ms));
        for (active, switched_at, is_open, changed_at, state, since) in [
            (true, None, false, None, State::Healthy, at(100)),
            (true, None, false, at(300), State::Healthy, at(300)),
            (true, None, true, at(300), State::Troubled, at(300)),
            (true, at(200), false, None, State::Healthy, at(200)),
            (true, at(200), true, at(300), State::Troubled, at(300)),
            (true, at(400), true, at(300), State::Troubled, at(400)),
            (false, at(400), true, at(300), State::Paused, at(400)),
            (false, at(400), false, None, State::Paused, at(400)),
            (false, None, false, at(300), State::Paused, None),
        ] {
            let mut destination = crate::audit::tests::destination(Scope::Instance);
            destination.active = active;
            destination.created_at = Timestamp(100);
            destination.active_changed_at = switched_at;
            let health = Health {
                lane_is_open: is_open,
                lane_changed_at: changed_at,
                next_attempt_at: at(500),
                ..Health::default()
            };
            let seen = (health.state(&destination), health.since(&destination));
            assert_eq!(seen, (state, since));
            let next = health.next_attempt_at(&destination);
            assert_eq!(next.is_some(), state == State::Troubled);
        }
    }

    #[test]
    fn the_current_minute_is_the_last_one() {
        for (now, minutes, expected) in [
            (0, 1, 0),
            (59_999, 1, 0),
            (60_000, 1, 60_000),
            (150_000, 2, 60_000),
            (150_000, 60, -57 * 60_000),
        ] {
            assert_eq!(first_minute(Timestamp(now), minutes).0, expected);
        }
        assert_eq!(MOST_MINUTES, 20_160);
    }
}

//! What was set aside because it could not be delivered or was no event, and what may be done with it:
//! replayed, or purged.

use std::collections::BTreeSet;

use super::Violation;

/// Most rows that can be named at once; all are meant when none is named.
pub const MOST_NAMED: usize = 1_000;

/// A kind of what is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetAside {
    /// An event that a destination never took.
    DeadLetter,
    /// A message that is no valid event.
    RejectedMessage,
}

/// Which rows an order is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// All that the order can be carried out on.
    All,
    /// Those with these numbers, all or none.
    These(BTreeSet<i64>),
}

/// Why a list of numbers is no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoChoice {
    /// The list is empty: whoever meant all would have left it out.
    #[error("ids must be present")]
    Empty,
    /// The list is too long.
    #[error("ids can have at most {MOST_NAMED} items")]
    TooMany,
}

impl Chosen {
    /// What a list of numbers means; all, when there is no list.
    pub fn new(numbers: Option<impl IntoIterator<Item = i64>>) -> Result<Self, NoChoice> {
        let Some(numbers) = numbers else {
            return Ok(Self::All);
        };
        let numbers: BTreeSet<i64> = numbers.into_iter().collect();
        match numbers.len() {
            0 => Err(NoChoice::Empty),
            1..=MOST_NAMED => Ok(Self::These(numbers)),
            _ => Err(NoChoice::TooMany),
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Bring it to the queue again.
    Replay,
    /// Delete it.
    Purge,
}

/// A row that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Number of the row.
    pub id: i64,
    /// Whether somebody has asked for its replay.
    pub is_replayed: bool,
    /// Whether all of it was kept.
    pub is_whole: bool,
}

/// Why an order about rows that were named cannot be carried out on all of them.
pub fn check(
    what: SetAside,
    order: Order,
    chosen: &BTreeSet<i64>,
    found: &[Found],
) -> Vec<Violation> {
    let there: BTreeSet<i64> = found.iter().map(|row| row.id).collect();
    let unknown: Vec<i64> = chosen.difference(&there).copied().collect();
    let refused = match order {
        Order::Replay => with(found, |row| !row.is_whole),
        // It may be on the queue already, so that deleting it would stop nothing.
        Order::Purge => with(found, |row| row.is_replayed),
    };
    let mut violations = Vec::new();
    if !unknown.is_empty() {
        violations.push(Violation::NotSetAside(what, unknown));
    }
    if !refused.is_empty() {
        violations.push(match order {
            Order::Replay => Violation::KeptInPart(what, refused),
            Order::Purge => Violation::BeingReplayed(what, refused),
        });
    }
    violations
}

fn with(found: &[Found], holds: fn(&Found) -> bool) -> Vec<i64> {
    let rows = found.iter().filter(|row| holds(row));
    rows.map(|row| row.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_list_means_all_and_an_empty_one_is_a_mistake() {
        let most = i64::try_from(MOST_NAMED).unwrap();
        let these = |numbers: &[i64]| Ok(Chosen::These(numbers.iter().copied().collect()));
        for (numbers, expected) in [
            (None, Ok(Chosen::All)),
            (Some(vec![]), Err(NoChoice::Empty)),
            (Some(vec![2, 1, 2]), these(&[1, 2])),
            (Some((0..=most).collect()), Err(NoChoice::TooMany)),
        ] {
            assert_eq!(Chosen::new(numbers), expected);
        }
        assert!(Chosen::new(Some(0..most)).is_ok());
    }

    #[test]
    fn what_is_named_must_be_there_and_fit_for_the_order() {
        let what = SetAside::RejectedMessage;
        let row = |id, is_replayed, is_whole| Found {
            id,
            is_replayed,
            is_whole,
        };
        let found = [
            row(1, false, true),
            row(2, true, true),
            row(3, false, false),
        ];
        let unknown = Violation::NotSetAside(what, vec![9]);
        let in_part = Violation::KeptInPart(what, vec![3]);
        let replayed = Violation::BeingReplayed(what, vec![2]);
        for (order, chosen, expected) in [
            (Order::Replay, vec![1], vec![]),
            (Order::Replay, vec![1, 2], vec![]),
            (Order::Replay, vec![1, 3], vec![in_part.clone()]),
            (Order::Replay, vec![3, 9], vec![unknown.clone(), in_part]),
            (Order::Purge, vec![1, 3], vec![]),
            (Order::Purge, vec![1, 2], vec![replayed.clone()]),
            (Order::Purge, vec![2, 9], vec![unknown, replayed]),
        ] {
            let chosen: BTreeSet<i64> = chosen.into_iter().collect();
            let there = found.iter().filter(|row| chosen.contains(&row.id));
            let there: Vec<Found> = there.copied().collect();
            assert_eq!(check(what, order, &chosen, &there), expected, "{chosen:?}");
        }
    }
}

//! How many requests watch at the same time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Requests that watch at the same time at most.
const MOST: usize = 100;
/// Of these, with tokens of one user, so that nobody takes all places.
const MOST_OF_A_USER: usize = 10;

/// The places that are taken, by the numbers of users. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    taken: Arc<Mutex<HashMap<i64, usize>>>,
    doubted: Arc<AtomicUsize>,
}

/// Why there is no place. `Display` is the sentence for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    /// The user has as many as one may have.
    #[error("You watch with {MOST_OF_A_USER} requests already, end one of them first")]
    ForUser,
    /// All are taken.
    #[error("There are {MOST} watchers already")]
    ForAnybody,
}

/// A place, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    user_id: i64,
}

/// That nobody can tell whether who has a place may keep it, for as long as this is there.
#[derive(Debug)]
pub(crate) struct Doubted(Arc<AtomicUsize>);

impl Place {
    /// Notes that nobody can tell whether its user may keep it, and whether that is so of no other place.
    pub(crate) fn doubt(&self) -> (Doubted, bool) {
        let doubted = self.places.doubted.clone();
        let is_first = doubted.fetch_add(1, Ordering::Relaxed) == 0;
        (Doubted(doubted), is_first)
    }
}

impl Drop for Doubted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Places {
    /// Takes a place for a user.
    pub(crate) fn take(&self, user_id: i64) -> Result<Place, NoPlace> {
        let mut taken = self.taken();
        let of_user = taken.get(&user_id).copied().unwrap_or(0);
        if of_user >= MOST_OF_A_USER {
            return Err(NoPlace::ForUser);
        }
        if taken.values().sum::<usize>() >= MOST {
            return Err(NoPlace::ForAnybody);
        }
        taken.insert(user_id, of_user + 1);
        Ok(Place {
            places: self.clone(),
            user_id,
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<i64, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(of_user) = taken.get_mut(&self.user_id) {
            *of_user -= 1;
            if *of_user == 0 {
                taken.remove(&self.user_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_doubts_is_told_from_the_others() {
        let places = Places::default();
        let [one, other] = [1, 2].map(|user_id| places.take(user_id).unwrap());
        let (first, is_first) = one.doubt();
        assert!(is_first);
        let (second, is_first) = other.doubt();
        assert!(!is_first);
        drop(first);
        assert!(!one.doubt().1);
        drop(second);
        assert!(one.doubt().1, "the next time that nobody can tell");
    }

    #[test]
    fn a_user_has_ten_places_of_a_hundred() {
        let places = Places::default();
        let mut held = Vec::new();
        for user_id in 1..=10 {
            for _ in 0..10 {
                held.push(places.take(user_id).unwrap());
            }
            assert_eq!(places.take(user_id).err(), Some(NoPlace::ForUser));
        }
        assert_eq!(places.take(11).err(), Some(NoPlace::ForAnybody));
        let other = held.pop();
        drop(other);
        assert_eq!(places.take(1).err(), Some(NoPlace::ForUser));
        let last = places.take(11).unwrap();
        assert_eq!(places.take(10).err(), Some(NoPlace::ForAnybody));
        drop((held, last));
        assert!(places.taken().is_empty(), "no user is remembered");
    }
}

//! Reads the same thing of many objects at once, though each of them asks for its own: the first that asks
//! reads for those beside it too. Without this a list would cost statements for each of its items.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Result;
use tokio::sync::Mutex as AsyncMutex;

use super::{any_destination, errors};
use crate::destinations::Failure;
use crate::domain::page::Numbered;

/// What was read for one request so far, by the root field that shows it and the arguments with which it
/// was asked for: fields of a mutation are carried out one after the other, so what one of them shows is
/// not to be what an earlier one saw.
pub(super) struct Batches<K, V>(Mutex<ByKey<K, V>>);

/// Who asks for a batch while a read is under way waits for it.
type ByKey<K, V> = HashMap<(String, K), Arc<AsyncMutex<Batch<V>>>>;

impl<K, V> Default for Batches<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// What was read of objects, by their numbers; none, where there is nothing.
struct Batch<V> {
    read: HashMap<i64, Option<V>>,
    /// Whether a read has failed, and is not tried again by all the others.
    failed: bool,
}

impl<V> Default for Batch<V> {
    fn default() -> Self {
        Self {
            read: HashMap::new(),
            failed: false,
        }
    }
}

impl<K: Eq + Hash, V: Clone> Batches<K, V> {
    /// What there is of an object. If it was not read yet, it is read together with as much of what stands
    /// `beside` it as makes `most` objects. A failure is logged once and answered to all.
    pub(super) async fn get<T: Numbered, Read>(
        &self,
        key: (String, K),
        object: &Arc<T>,
        beside: impl FnOnce() -> Vec<Arc<T>>,
        most: usize,
        read: impl FnOnce(Vec<Arc<T>>) -> Read,
    ) -> Result<Option<V>>
    where
        Read: Future<Output = Result<HashMap<i64, V>, Failure>>,
    {
        let batch = {
            let mut batches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            batches.entry(key).or_default().clone()
        };
        let mut batch = batch.lock().await;
        if batch.failed {
            return Err(errors::opaque());
        }
        if let Some(found) = batch.read.get(&object.number()) {
            return Ok(found.clone());
        }
        let wanted = wanted(object, beside(), most, |number| {
            batch.read.contains_key(&number)
        });
        let numbers: Vec<i64> = wanted.iter().map(|object| object.number()).collect();
        match read(wanted).await {
            Ok(mut read) => {
                for number in numbers {
                    batch.read.insert(number, read.remove(&number));
                }
                Ok(batch.read.get(&object.number()).cloned().flatten())
            }
            Err(failure) => {
                batch.failed = true;
                Err(any_destination::error(failure))
            }
        }
    }
}

/// The object and what is beside it, each once, without what was read before, and at most `most`.
fn wanted<T: Numbered>(
    object: &Arc<T>,
    beside: Vec<Arc<T>>,
    most: usize,
    was_read: impl Fn(i64) -> bool,
) -> Vec<Arc<T>> {
    let mut numbers = std::collections::BTreeSet::new();
    let all = [object.clone()].into_iter().chain(beside);
    let new = all.filter(|object| !was_read(object.number()) && numbers.insert(object.number()));
    new.take(most.max(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(numbers: &[i64]) -> Vec<Arc<i64>> {
        numbers.iter().copied().map(Arc::new).collect()
    }

    #[test]
    fn what_is_beside_an_object_is_wanted_once_and_not_again() {
        for (beside, most, expected) in [
            (&[][..], 10, &[5][..]),
            (&[], 0, &[5]),
            (&[4, 5, 6], 10, &[5, 4, 6]),
            (&[6, 6, 7], 10, &[5, 6, 7]),
            (&[1, 2, 6], 10, &[5, 6]),
            (&[6, 7, 8], 2, &[5, 6]),
        ] {
            let wanted = wanted(&Arc::new(5), objects(beside), most, |number| number < 3);
            assert_eq!(wanted, objects(expected), "{beside:?}");
        }
    }

    #[tokio::test]
    async fn one_read_answers_all_and_a_failed_one_too() {
        let batches = Batches::<(), i64>::default();
        let key = |root: &str| (root.to_owned(), ());
        let beside = || objects(&[1, 2, 3]);
        let first = batches
            .get(key("a"), &Arc::new(1), beside, 10, async |all| {
                Ok(all
                    .iter()
                    .filter(|n| ***n != 2)
                    .map(|n| (**n, **n * 10))
                    .collect())
            })
            .await;
        assert_eq!(first.unwrap(), Some(10));
        for (number, expected) in [(2, None), (3, Some(30))] {
            let later = batches
                .get(key("a"), &Arc::new(number), beside, 10, async |_| {
                    panic!("it was read before")
                })
                .await;
            assert_eq!(later.unwrap(), expected);
        }
        for _ in 0..2 {
            let failed = batches
                .get(key("b"), &Arc::new(1), beside, 10, async |_| {
                    Err(Failure::NotFound)
                })
                .await;
            assert!(failed.is_err());
        }
    }
}

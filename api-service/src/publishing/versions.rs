//! The committed version of the streaming configuration, read once for all who ask at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sea_orm::DbErr;
use shared::database::Database;
use shared::entities::config_version;
use tokio::sync::{mpsc, oneshot};

/// How long one read may take.
const READ_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a caller waits before it takes the latest version that is known: the read that was under
/// way when it came, which does not answer it, and a whole one of its own.
const CALLER_TIMEOUT: Duration = Duration::from_secs(1);

/// Tells the version of the streaming configuration. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Versions {
    latest: Arc<AtomicI64>,
    ask: mpsc::UnboundedSender<oneshot::Sender<i64>>,
}

impl Versions {
    /// Reads from the database when it is asked.
    pub(crate) fn new(database: Database) -> Self {
        Self::reading(move || {
            let database = database.clone();
            async move { config_version::current(database.reader()).await }
        })
    }

    fn reading<F, Read>(read: F) -> Self
    where
        F: Fn() -> Read + Send + 'static,
        Read: Future<Output = Result<i64, DbErr>> + Send + 'static,
    {
        let latest = Arc::new(AtomicI64::new(0));
        let (ask, asked) = mpsc::unbounded_channel();
        tokio::spawn(answer(asked, latest.clone(), read));
        Self { latest, ask }
    }

    /// The version now: at least that of every change which was answered, by any process, before
    /// this call. With a database that does not answer in time, the latest that is known.
    pub async fn current(&self) -> i64 {
        let (answer, answered) = oneshot::channel();
        if self.ask.send(answer).is_ok()
            && let Ok(Ok(version)) = tokio::time::timeout(CALLER_TIMEOUT, answered).await
        {
            return version;
        }
        self.latest()
    }

    /// Takes note of a version that was committed, here or elsewhere.
    pub fn committed(&self, version: i64) {
        self.latest.fetch_max(version, Ordering::SeqCst);
    }

    fn latest(&self) -> i64 {
        self.latest.load(Ordering::SeqCst)
    }
}

/// Who asks while a read is under way is answered by the next one: a change may have been committed
/// after the first began. Ends with the last [`Versions`].
async fn answer<F, Read>(
    mut asked: mpsc::UnboundedReceiver<oneshot::Sender<i64>>,
    latest: Arc<AtomicI64>,
    read: F,
) where
    F: Fn() -> Read,
    Read: Future<Output = Result<i64, DbErr>>,
{
    let mut callers = Vec::new();
    while asked.recv_many(&mut callers, usize::MAX).await > 0 {
        match tokio::time::timeout(READ_TIMEOUT, read()).await {
            Ok(Ok(version)) => {
                latest.fetch_max(version, Ordering::SeqCst);
            }
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "the configuration's version cannot be read");
            }

            Err(_elapsed) => tracing::warn!("the configuration's version is not read in time"),
        }
        let version = latest.load(Ordering::SeqCst);
        for caller in callers.drain(..) {
            // A caller that has gone needs no answer.
            let _ = caller.send(version);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Reads that end when the test says so.
    fn held_reads() -> (
        Versions,
        mpsc::UnboundedReceiver<oneshot::Sender<Result<i64, DbErr>>>,
    ) {
        let (started, reads) = mpsc::unbounded_channel();
        let versions = Versions::reading(move || {
            let (end, ended) = oneshot::channel();
            started.send(end).unwrap();
            async move { ended.await.unwrap() }
        });
        (versions, reads)
    }

    fn ask(versions: &Versions) -> tokio::task::JoinHandle<i64> {
        let versions = versions.clone();
        tokio::spawn(async move { versions.current().await })
    }

    #[tokio::test]
    async fn a_read_that_started_before_the_call_does_not_answer_it() {
        let (versions, mut reads) = held_reads();
        let early = ask(&versions);
        let first = reads.recv().await.unwrap();
        let late = ask(&versions);
        tokio::task::yield_now().await;
        first.send(Ok(1)).unwrap();
        assert_eq!(early.await.unwrap(), 1);
        assert!(!late.is_finished());
        reads.recv().await.unwrap().send(Ok(2)).unwrap();
        assert_eq!(late.await.unwrap(), 2);
    }

    #[tokio::test]
    async fn all_who_ask_during_a_read_share_the_next_one() {
        let (versions, mut reads) = held_reads();
        let early = ask(&versions);
        let first = reads.recv().await.unwrap();
        let late: Vec<_> = (0..100).map(|_| ask(&versions)).collect();
        tokio::task::yield_now().await;
        first.send(Ok(1)).unwrap();
        early.await.unwrap();
        reads.recv().await.unwrap().send(Ok(2)).unwrap();
        for caller in late {
            assert_eq!(caller.await.unwrap(), 2);
        }
        assert!(reads.try_recv().is_err(), "a third read");
    }

    #[tokio::test]
    async fn without_an_answer_in_time_the_latest_known_version_is_used() {
        let (versions, mut reads) = held_reads();
        versions.committed(7);
        let caller = ask(&versions);
        let held = reads.recv().await.unwrap();
        assert_eq!(caller.await.unwrap(), 7);
        drop(held);
    }

    #[tokio::test]
    async fn a_version_never_goes_back() {
        let answers = Mutex::new(vec![3, 5]);
        let versions = Versions::reading(move || {
            let answer = answers.lock().unwrap().pop().unwrap();
            async move { Ok(answer) }
        });
        assert_eq!(versions.current().await, 5);
        assert_eq!(versions.current().await, 5);
        versions.committed(4);
        assert_eq!(versions.latest(), 5);
    }
}

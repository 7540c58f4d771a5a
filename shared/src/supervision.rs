//! Notices when a task ends that must run as long as its service: a service without it would look
//! alive and do nothing.

use tokio_util::sync::CancellationToken;

/// Watches the tasks of one service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Supervision {
    stopping: CancellationToken,
    failed: CancellationToken,
}

impl Supervision {
    /// Tasks may end once `stopping` is cancelled.
    pub fn until(stopping: CancellationToken) -> Self {
        Self {
            stopping,
            failed: CancellationToken::new(),
        }
    }

    /// Runs a task; that it ends before its time, by a panic or by itself, is logged and told by
    /// [`Self::failed`].
    pub fn watch<F: Future>(
        &self,
        name: &'static str,
        task: F,
    ) -> impl Future<Output = ()> + use<F> {
        let end = End {
            name,
            supervision: self.clone(),
        };
        async move {
            let _end = end;
            task.await;
        }
    }

    /// Resolves when a task has ended before its time.
    pub async fn failed(&self) {
        self.failed.cancelled().await;
    }
}

struct End {
    name: &'static str,
    supervision: Supervision,
}

impl Drop for End {
    fn drop(&mut self) {
        if !self.supervision.stopping.is_cancelled() {
            tracing::error!(
                task = self.name,
                "a task ended that the service cannot do without"
            );
            self.supervision.failed.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_fails_its_service() {
        let supervision = Supervision::until(CancellationToken::new());
        let task = supervision.watch("a task", async { panic!("on purpose") });
        assert!(tokio::spawn(task).await.is_err());
        supervision.failed().await;
    }

    #[tokio::test]
    async fn a_task_that_ends_when_it_is_asked_to_fails_nothing() {
        let stopping = CancellationToken::new();
        let supervision = Supervision::until(stopping.clone());
        let task = supervision.watch("a task", stopping.clone().cancelled_owned());
        stopping.cancel();
        tokio::spawn(task).await.unwrap();
        assert!(!supervision.failed.is_cancelled());
    }
}

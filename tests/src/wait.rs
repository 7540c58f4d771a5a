//! Waiting on conditions, with a deadline.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// How long anything may take before a test fails. Far more than it takes, as the machine may be
/// busy.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// Waits for a future, and fails with `what` when it takes longer than the deadline.
pub async fn within_deadline<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future)
        .await
        .unwrap_or_else(|_| panic!("{what}: not within {} s", DEADLINE.as_secs()))
}

/// Asks again until there is an answer, and fails with `what` when there is none by the deadline.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            Instant::now() < deadline,
            "{what}: not within {} s",
            DEADLINE.as_secs()
        );
        sleep(Duration::from_millis(20)).await;
    }
}

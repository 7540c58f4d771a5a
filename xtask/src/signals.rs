//! The signals that ask this process to stop, seen by everything that waits.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// The last signal received; zero is none.
static RECEIVED: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// How long a wait may overlook a signal.
const TICK: Duration = Duration::from_millis(25);

/// From now on SIGINT, SIGTERM and SIGHUP end this process in order instead of at once.
///
/// A library user that does not call this keeps the signals' usual effect.
pub fn watch() -> Result<()> {
    let received = RECEIVED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let number = usize::try_from(signal).context("signal numbers are positive")?;
        signal_hook::flag::register_usize(signal, Arc::clone(received), number)
            .with_context(|| format!("cannot watch for signal {signal}"))?;
    }
    Ok(())
}

/// The number of the signal that asked this process to stop, if one did.
pub fn received() -> Option<usize> {
    match RECEIVED.get()?.load(Ordering::Relaxed) {
        0 => None,
        signal => Some(signal),
    }
}

/// A moment between two looks at a condition; every wait of the tasks is built on it.
#[expect(
    clippy::disallowed_methods,
    reason = "the tasks are synchronous, and every caller has a deadline or waits for a signal"
)]
pub(crate) fn pause() {
    std::thread::sleep(TICK);
}

/// Waits until a signal asks this process to stop.
pub fn wait() {
    while received().is_none() {
        pause();
    }
}

/// The exit code by which a shell knows that a signal ended a process.
pub fn exit_code(signal: usize) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::signals;

/// Waits until `condition` holds.
///
/// Fails when `alive` does, when a signal asks this process to stop, and after `patience`.
pub(crate) fn wait(
    what: &str,
    patience: Duration,
    mut alive: impl FnMut() -> Result<()>,
    mut condition: impl FnMut() -> bool,
) -> Result<()> {
    let deadline = Instant::now() + patience;
    loop {
        alive()?;
        if condition() {
            return Ok(());
        }
        if signals::received().is_some() {
            bail!("interrupted while waiting for {what}");
        }
        if Instant::now() >= deadline {
            bail!("{what} was not ready after {} s", patience.as_secs());
        }
        signals::pause();
    }
}

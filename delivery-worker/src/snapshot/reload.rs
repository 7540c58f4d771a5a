//! Keeps the snapshot current: by notices at once, by comparing versions in any case, and on demand
//! when an event says that it must not be routed by an older one.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use sea_orm::DbErr;
use shared::foundation::Foundation;
use shared::queue::Notice;
use shared::{backoff, snapshot};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::Snapshot;
use crate::endpoint::EndpointSettings;
use crate::metrics::Metrics;

/// How often versions are compared: within a second a change is in force whatever notices are lost.
const COMPARE: Duration = Duration::from_millis(500);
/// How long an event waits for the snapshot that it needs.
const PATIENCE: Duration = Duration::from_secs(1);

/// The snapshot in force.
pub(crate) struct Snapshots {
    current: ArcSwap<Snapshot>,
    settings: EndpointSettings,
    foundation: Foundation,
    metrics: Metrics,
    /// When the snapshot was last found to be the newest.
    confirmed_at: std::sync::Mutex<Instant>,
    /// One reload at a time; who waits for it finds the work done.
    reloading: Mutex<()>,
}

impl Snapshots {
    /// Loads the first snapshot, as long as that takes: without one no event may be consumed.
    pub(crate) async fn load(
        foundation: Foundation,
        settings: EndpointSettings,
        metrics: Metrics,
    ) -> Arc<Self> {
        let snapshots = Arc::new(Self {
            current: ArcSwap::default(),
            settings,
            foundation,
            metrics,
            confirmed_at: std::sync::Mutex::new(Instant::now()),
            reloading: Mutex::new(()),
        });
        backoff::until_ok("the streaming configuration", || snapshots.reload()).await;
        snapshots
    }

    /// The snapshot in force.
    pub(crate) fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// How long ago the snapshot was last found to be the newest.
    pub(crate) fn age(&self) -> Duration {
        self.confirmed_at().elapsed()
    }

    fn confirmed_at(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.confirmed_at
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A snapshot that is at least as new as `version`; none when the database cannot be read soon.
    pub(crate) async fn at_least(&self, version: Option<i64>) -> Option<Arc<Snapshot>> {
        let current = self.current();
        let Some(version) = version else {
            return Some(current);
        };
        if current.version() >= version {
            return Some(current);
        }
        match tokio::time::timeout(PATIENCE, self.reload_to(version)).await {
            Ok(Ok(())) => {
                let current = self.current();
                if current.version() < version {
                    // The database was set back to a backup, or a producer made the version up:
                    // waiting for it could take for ever, and what is committed has been read.
                    tracing::warn!(
                        event.config_version = version,
                        config_version = current.version(),
                        "an event names a version of the configuration that does not exist"
                    );
                }
                Some(current)
            }
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "the streaming configuration cannot be read");
                None
            }
            Err(_elapsed) => None,
        }
    }

    /// Reads what is committed, unless the snapshot is new enough by the time it is this caller's
    /// turn.
    async fn reload_to(&self, version: i64) -> Result<(), DbErr> {
        let turn = self.reloading.lock().await;
        if self.current.load().version() >= version {
            return Ok(());
        }
        self.reload_in(&turn).await
    }

    async fn reload(&self) -> Result<(), DbErr> {
        let turn = self.reloading.lock().await;
        self.reload_in(&turn).await
    }

    async fn reload_in(&self, _turn: &MutexGuard<'_, ()>) -> Result<(), DbErr> {
        let current = self.current();
        let changes = self.changes_since(current.version()).await?;
        let next = match changes.version.cmp(&current.version()) {
            Ordering::Equal => return Ok(()),
            Ordering::Greater => current.with(changes, &self.settings),
            Ordering::Less => {
                tracing::warn!(
                    config_version = changes.version,
                    "the database was set back, the streaming configuration is read from the start"
                );
                let everything = self.changes_since(0).await?;
                Snapshot::default().with(everything, &self.settings)
            }
        };
        self.metrics.config_version.set(next.version());
        self.current.store(Arc::new(next));
        Ok(())
    }

    async fn changes_since(&self, version: i64) -> Result<snapshot::Changes, DbErr> {
        let Foundation {
            database, keyring, ..
        } = &self.foundation;
        snapshot::changes_since(database, keyring, version).await
    }

    /// Runs until it is stopped.
    pub(crate) async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let mut notices = self.foundation.queue.notices();
        let mut compare = tokio::time::interval(COMPARE);
        compare.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut away = false;
        loop {
            let reloaded = tokio::select! {
                () = stop.cancelled() => return,
                _ = compare.tick() => self.compare().await,
                notice = notices.recv() => match notice {
                    Ok(Notice::ConfigVersion(version)) => self.reload_to(version).await,
                    Ok(_) => Ok(()),
                    Err(RecvError::Lagged(_)) => self.compare().await,
                    Err(RecvError::Closed) => return,
                },
            };
            // Once when it begins and once when it ends, not twice a second.
            match reloaded {
                Err(error) if !away => {
                    away = true;
                    tracing::warn!(error = %error, "the streaming configuration cannot be read, going on with the last");
                }
                Ok(()) if away => {
                    away = false;
                    tracing::info!("the streaming configuration can be read again");
                }
                _ => {}
            }
        }
    }

    async fn compare(&self) -> Result<(), DbErr> {
        let version = snapshot::current_version(&self.foundation.database).await?;
        if version != self.current.load().version() {
            self.reload().await?;
        }
        *self.confirmed_at() = Instant::now();
        Ok(())
    }
}

#[cfg(test)]
mod tests;

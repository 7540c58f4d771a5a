//! What both services stand on: configuration, database, keys, queue and clock, opened in order.

use std::sync::Arc;

use sea_orm::DbErr;

use crate::clock::Clock;
use crate::config::Config;
use crate::database::Database;
use crate::queue::silent::SilentQueue;
use crate::queue::{self, Queue};
use crate::secrets::Keyring;

/// The parts that are opened once in a process and shared by its services. Cheap to clone.
#[derive(Clone)]
pub struct Foundation {
    /// The settings.
    pub config: Arc<Config>,
    /// The database, with its tables in their newest form.
    pub database: Database,
    /// Keys for what is encrypted at rest.
    pub keyring: Arc<Keyring>,
    /// The queue between the services.
    pub queue: Arc<dyn Queue>,
    /// The time.
    pub clock: Clock,
}

impl Foundation {
    /// Opens everything; `migrate` brings the database at an address to its newest form. A
    /// PostgreSQL that is away is waited for; a RabbitMQ that is away is waited for in the background.
    pub async fn open(
        config: Config,
        migrate: impl AsyncFn(&str) -> Result<(), DbErr>,
    ) -> anyhow::Result<Self> {
        let database = Database::open(&config.database, migrate).await?;
        let queue = queue::open(&config.queue, &database).await?;
        Self::of(config, database, queue)
    }

    /// Like [`Self::open`], for a command that only changes the database, perhaps beside services
    /// that are running: with a queue that carries nothing.
    pub async fn open_without_queue(
        config: Config,
        migrate: impl AsyncFn(&str) -> Result<(), DbErr>,
    ) -> anyhow::Result<Self> {
        let database = Database::open(&config.database, migrate).await?;
        Self::of(config, database, Arc::new(SilentQueue::default()))
    }

    fn of(config: Config, database: Database, queue: Arc<dyn Queue>) -> anyhow::Result<Self> {
        Ok(Self {
            keyring: Arc::new(Keyring::open(&config)?),
            config: Arc::new(config),
            database,
            queue,
            clock: Clock::System,
        })
    }
}

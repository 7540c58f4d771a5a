//! What both services stand on: configuration, event types, database, keys, queue and clock, opened in
//! order.

use std::sync::Arc;

use anyhow::Context as _;
use sea_orm::{DbErr, EntityTrait as _, QueryOrder as _};

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::database::Database;
use crate::entities::destinations;
use crate::event::catalogue::Catalogue;
use crate::queue::silent::SilentQueue;
use crate::queue::{self, Queue};
use crate::secrets::{Keyring, Purpose};
use crate::traces::Traces;

/// The parts that are opened once in a process and shared by its services. Cheap to clone.
#[derive(Clone)]
pub struct Foundation {
    /// The settings.
    pub config: Arc<Config>,
    /// The event types, as they were at the start.
    pub catalogue: Arc<Catalogue>,
    /// The database, with its tables in their newest form.
    pub database: Database,
    /// Keys for what is encrypted at rest.
    pub keyring: Arc<Keyring>,
    /// The queue between the services.
    pub queue: Arc<dyn Queue>,
    /// The time.
    pub clock: Clock,
    /// Where spans go.
    pub traces: Traces,
}

impl Foundation {
    /// Opens everything; `migrate` brings the database at an address to its newest form. A
    /// PostgreSQL that is away is waited for; a RabbitMQ that is away is waited for in the background.
    pub async fn open(
        config: Config,
        migrate: impl AsyncFn(&str) -> Result<(), DbErr>,
    ) -> anyhow::Result<Self> {
        // Before the database, which may have to be waited for.
        let catalogue = Catalogue::open(config.catalogue.definitions.as_deref())?;
        let traces = Traces::open(&config.tracing)?;
        let database = Database::open(&config.database, migrate).await?;
        let queue = queue::open(&config.queue, &database).await?;
        let foundation = Self::of(config, catalogue, database, queue).await?;
        Ok(Self {
            traces,
            ..foundation
        })
    }

    /// Like [`Self::open`], for a command that only changes the database, perhaps beside services
    /// that are running: with a queue that carries nothing.
    pub async fn open_without_queue(
        config: Config,
        migrate: impl AsyncFn(&str) -> Result<(), DbErr>,
    ) -> anyhow::Result<Self> {
        let catalogue = Catalogue::open(config.catalogue.definitions.as_deref())?;
        let database = Database::open(&config.database, migrate).await?;
        Self::of(
            config,
            catalogue,
            database,
            Arc::new(SilentQueue::default()),
        )
        .await
    }

    async fn of(
        config: Config,
        catalogue: Catalogue,
        database: Database,
        queue: Arc<dyn Queue>,
    ) -> anyhow::Result<Self> {
        let keyring = Keyring::open(&config)?;
        check_keys(&database, &keyring).await?;
        Ok(Self {
            keyring: Arc::new(keyring),
            config: Arc::new(config),
            catalogue: Arc::new(catalogue),
            database,
            queue,
            clock: Clock::System,
            traces: Traces::default(),
        })
    }
}

/// Refuses keys that do not open what was stored last: with a lost or mistaken key every delivery
/// would fail, one by one.
async fn check_keys(database: &Database, keyring: &Keyring) -> anyhow::Result<()> {
    let last = destinations::Entity::find()
        .order_by_desc(destinations::Column::Id)
        .one(database.reader())
        .await?;
    let Some(last) = last else { return Ok(()) };
    keyring
        .open_sealed(Purpose::VerificationToken, &last.verification_token)
        .map(drop)
        .with_context(|| {
            let variable = config::variable("secrets.encryption_key");
            format!("{variable} does not open what is stored in the database")
        })
}

#[cfg(test)]
pub(crate) mod tests;

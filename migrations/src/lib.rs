//! The database's tables and their history, for PostgreSQL and SQLite alike.

mod lock;
mod m0001_accounts;
mod m0002_destinations;
mod m0003_outbox;
mod m0004_failures;
mod m0005_delivery_health;
mod m0006_embedded_queue;
mod statements;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectOptions, Database};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::MIGRATION),
            Box::new(m0002_destinations::MIGRATION),
            Box::new(m0003_outbox::MIGRATION),
            Box::new(m0004_failures::MIGRATION),
            Box::new(m0005_delivery_health::MIGRATION),
            Box::new(m0006_embedded_queue::MIGRATION),
        ]
    }
}

/// Brings the database at `url` (`sqlite://…` or `postgres://…`) to the newest form. Several
/// processes may call it at once: a lock lets one work and the others find nothing left to do.
/// A SQLite file's folder must exist. Migrations go forward only.
pub async fn apply(url: &str) -> Result<(), DbErr> {
    let mut options = ConnectOptions::new(url);
    // PostgreSQL's lock belongs to a session, so lock and migrations share one connection.
    options.max_connections(1).sqlx_logging(false);
    let database = Database::connect(options).await?;
    let lock = lock::acquire(&database, url).await?;
    let applied = Migrator::up(&database, None).await;
    lock.release(&database).await?;
    database.close().await?;
    applied
}

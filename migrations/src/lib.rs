//! The database's tables and their history, for PostgreSQL and SQLite alike.

mod lock;
mod m0001_accounts;
mod m0002_destinations;
mod m0003_outbox;
mod m0004_failures;
mod m0005_delivery_health;
mod m0006_embedded_queue;
mod m0007_signing_secret_rotation;
mod m0008_lanes_and_history;
mod m0009_delivery_lag;
mod statements;

use std::time::Duration;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectOptions, Database};

/// How long connecting may take. Who calls decides whether to try again.
const CONNECT: Duration = Duration::from_secs(3);

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
            Box::new(m0007_signing_secret_rotation::MIGRATION),
            Box::new(m0008_lanes_and_history::MIGRATION),
            Box::new(m0009_delivery_lag::MIGRATION),
        ]
    }
}

/// Brings the database at `url` (`sqlite://…` or `postgres://…`) to the newest form. Several
/// processes may call it at once: a lock lets one work and the others find nothing left to do.
/// A SQLite file's folder must exist. Migrations go forward only.
pub async fn apply(url: &str) -> Result<(), DbErr> {
    let database = Database::connect(options(url)).await?;
    let lock = lock::acquire(&database).await?;
    let applied = Migrator::up(&database, None).await;
    let released = lock.release(&database).await;
    let closed = database.close().await;
    // What went wrong first is why the rest went wrong.
    applied.and(released).and(closed)
}

/// PostgreSQL's lock belongs to a session, so lock and migrations share one connection, which the
/// pool must not replace by another one for its age or its silence.
fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .test_before_acquire(false)
        .acquire_timeout(CONNECT)
        .sqlx_logging(false);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_that_holds_the_lock_is_never_replaced() {
        let options = options("postgres://db/audit");
        assert_eq!(options.get_max_connections(), Some(1));
        assert_eq!(options.get_max_lifetime(), Some(None));
        assert_eq!(options.get_idle_timeout(), Some(None));
        assert!(!options.get_test_before_acquire());
    }

    #[tokio::test]
    async fn the_lock_of_a_sqlite_database_is_beside_the_file_that_sqlite_opened() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/a%20b.db?mode=rwc", folder.path().display());
        apply(&url).await.unwrap();
        let mut files: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, ["a b.db", "a b.db.migrate.lock"]);
    }
}

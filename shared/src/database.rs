//! The database: PostgreSQL, or SQLite with one writer.

use std::time::Duration;

use anyhow::Context as _;
use sea_orm::{
    AccessMode, ConnectOptions, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};

use crate::backoff;
use crate::config::DatabaseUrl;

/// Connections to the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

impl Database {
    /// Connects, makes the folder of a SQLite file, and brings the tables to their newest form with
    /// `migrate` (which is given the database's address). A PostgreSQL that cannot be reached is
    /// waited for, with a log line for each try.
    pub async fn open(
        url: &DatabaseUrl,
        migrate: impl AsyncFn(&str) -> Result<(), DbErr>,
    ) -> anyhow::Result<Self> {
        if let Some(folder) = url.sqlite_path().as_deref().and_then(|path| path.parent()) {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
            migrate(url.expose())
                .await
                .context("cannot migrate the database")?;
        } else {
            backoff::until_ok("the database", || migrate(url.expose())).await;
        }
        Self::connect(url).await
    }

    async fn connect(url: &DatabaseUrl) -> anyhow::Result<Self> {
        let mut options = ConnectOptions::new(url.expose());
        options
            .sqlx_logging(false)
            .acquire_timeout(Duration::from_secs(5))
            .connect_timeout(Duration::from_secs(5));
        match url {
            DatabaseUrl::Postgres(_) => {
                options.max_connections(10);
                let pool = sea_orm::Database::connect(options).await?;
                Ok(Self {
                    writer: pool.clone(),
                    reader: pool,
                })
            }
            DatabaseUrl::Sqlite(_) => {
                // WAL with synchronous=FULL: a commit that returned survives a power cut.
                options.map_sqlx_sqlite_opts(|options| {
                    options
                        .pragma("journal_mode", "WAL")
                        .pragma("synchronous", "FULL")
                        .pragma("foreign_keys", "ON")
                        .pragma("busy_timeout", "5000")
                });
                // A lone writer waits its turn in the pool instead of failing with "database is
                // locked"; other processes are waited for by busy_timeout.
                let mut readers = options.clone();
                options.max_connections(1);
                readers.max_connections(4);
                Ok(Self {
                    writer: sea_orm::Database::connect(options).await?,
                    reader: sea_orm::Database::connect(readers).await?,
                })
            }
        }
    }

    /// Which database it is.
    pub fn backend(&self) -> DbBackend {
        self.reader.get_database_backend()
    }

    /// For reading outside of a transaction.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For a single statement that writes.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a transaction that writes. On SQLite it takes the write lock at once: one that reads
    /// first and writes later fails with "database is locked" whatever the busy timeout.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let mut options = TransactionOptions::default();
        if self.backend() == DbBackend::Sqlite {
            options.sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        }
        self.writer.begin_with_options(options).await
    }

    /// Begins a transaction whose reads all see one moment.
    pub async fn begin_snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let mut options = TransactionOptions::default();
        if self.backend() == DbBackend::Postgres {
            options.isolation_level = Some(IsolationLevel::RepeatableRead);
            options.access_mode = Some(AccessMode::ReadOnly);
        }
        self.reader.begin_with_options(options).await
    }
}

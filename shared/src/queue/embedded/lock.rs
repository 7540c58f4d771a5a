//! Refuses a second process: it would release the first one's claims.

use std::fs::{File, TryLockError};

use anyhow::Context as _;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::database::Database;

/// Locks a file beside the database until the process ends, however it ends.
pub(super) async fn acquire(database: &Database) -> anyhow::Result<File> {
    let row = database
        .reader()
        .query_one_raw(Statement::from_string(
            DbBackend::Sqlite,
            "SELECT file FROM pragma_database_list WHERE name = 'main'",
        ))
        .await?
        .context("SQLite does not name its file")?;
    let path: String = row.try_get_by_index(0)?;
    let lock = format!("{path}.queue.lock");
    let file = File::create(&lock).with_context(|| format!("cannot open {lock}"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "another process uses the embedded queue in {path}: it serves one process, several need RabbitMQ (AUDITSTREAM_QUEUE__URL=amqp://…)"
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {lock}"))
        }
    }
}

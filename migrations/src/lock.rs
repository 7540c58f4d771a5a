//! Lets one process migrate at a time.

use std::fs::File;
use std::path::PathBuf;

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};

/// Any number will do, as long as nothing else in the database uses it: "audit" in ASCII.
const ADVISORY_LOCK: i64 = 0x61_75_64_69_74;

pub(crate) enum Lock {
    Session,
    File(File),
}

pub(crate) async fn acquire(database: &DatabaseConnection, url: &str) -> Result<Lock, DbErr> {
    if database.get_database_backend() == DbBackend::Postgres {
        database
            .execute_unprepared(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))
            .await?;
        return Ok(Lock::Session);
    }
    let path = url.trim_start_matches("sqlite:");
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    let path = PathBuf::from(format!("{path}.migrate.lock"));
    let file = tokio::task::spawn_blocking(move || {
        let file = File::create(path)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    })
    .await
    .map_err(|error| DbErr::Migration(error.to_string()))?
    .map_err(|error| DbErr::Migration(format!("cannot lock the database file: {error}")))?;
    Ok(Lock::File(file))
}

impl Lock {
    pub(crate) async fn release(self, database: &DatabaseConnection) -> Result<(), DbErr> {
        match self {
            Self::Session => {
                database
                    .execute_unprepared(&format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})"))
                    .await?;
            }
            Self::File(file) => drop(file),
        }
        Ok(())
    }
}

//! Lets one process migrate at a time.

use std::fs::File;

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement,
};

/// Any number will do, as long as nothing else in the database uses it: "audit" in ASCII.
const ADVISORY_LOCK: i64 = 0x61_75_64_69_74;

pub(crate) enum Lock {
    Session,
    File(File),
}

pub(crate) async fn acquire(database: &DatabaseConnection) -> Result<Lock, DbErr> {
    if database.get_database_backend() == DbBackend::Postgres {
        database
            .execute_unprepared(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))
            .await?;
        return Ok(Lock::Session);
    }
    let path = format!("{}.migrate.lock", sqlite_path(database).await?);
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

/// The file as SQLite knows it: an address may be relative and percent-encoded.
async fn sqlite_path(database: &DatabaseConnection) -> Result<String, DbErr> {
    let row = database
        .query_one_raw(Statement::from_string(
            DbBackend::Sqlite,
            "SELECT file FROM pragma_database_list WHERE name = 'main'",
        ))
        .await?
        .ok_or_else(|| DbErr::Migration("the database does not name its file".to_owned()))?;
    row.try_get_by_index(0)
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

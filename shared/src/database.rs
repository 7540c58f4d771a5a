//! The database: PostgreSQL, or SQLite with one writer.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sea_orm::sqlx::{Connection as _, PgConnection};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, RuntimeErr, SqliteTransactionMode, SqlxError, Statement,
    TransactionOptions, TransactionTrait as _, Value,
};

use crate::backoff;
use crate::config::DatabaseUrl;

/// How long a server has to answer at the start, before it counts as away.
const ANSWER: Duration = Duration::from_secs(3);

/// Makes a folder that only its owner looks into: events and secrets lie in it. One that exists is
/// left as it is.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// SQLSTATEs of a PostgreSQL that says itself that it is there for nobody right now: too many
/// connections, shutting down, recovering from a crash, starting up.
const AWAY: [&str; 4] = ["53300", "57P01", "57P02", "57P03"];

/// Carries out a statement that returns no rows, in the words of the connection's database; how many rows it
/// changed.
pub async fn execute<const N: usize>(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: [Value; N],
) -> Result<u64, DbErr> {
    let backend = connection.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let result = connection.execute_raw(statement).await?;
    Ok(result.rows_affected())
}

/// Connections to the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

impl Database {
    /// Connects, makes the folder of a SQLite file, and brings the tables to their newest form with
    /// `migrate` (which is given the database's address). A PostgreSQL that cannot be reached is
    /// waited for, with a log line for each try; one that refuses (an unknown user, a migration that
    /// fails) is an error at once.
    pub async fn open(
        url: &DatabaseUrl,
        migrate: impl AsyncFn(&str) -> Result<(), DbErr>,
    ) -> anyhow::Result<Self> {
        let opened = match url {
            DatabaseUrl::Sqlite(_) => {
                if let Some(folder) = url.sqlite_path().as_deref().and_then(|path| path.parent()) {
                    make_private(folder)
                        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
                }
                Self::open_once(url, &migrate).await
            }
            DatabaseUrl::Postgres(_) => {
                backoff::until_ok("the database", || async {
                    match Self::open_server(url, &migrate).await {
                        Err(error) if is_away(&error) => Err(error),
                        settled => Ok(settled),
                    }
                })
                .await
            }
        };
        // Not as a context: the error's text holds those of its sources already.
        opened.map_err(|error| anyhow::anyhow!("cannot open the database: {error}"))
    }

    async fn open_server(
        url: &DatabaseUrl,
        migrate: &impl AsyncFn(&str) -> Result<(), DbErr>,
    ) -> Result<Self, DbErr> {
        reach(url.expose()).await?;
        Self::open_once(url, migrate).await
    }

    async fn open_once(
        url: &DatabaseUrl,
        migrate: &impl AsyncFn(&str) -> Result<(), DbErr>,
    ) -> Result<Self, DbErr> {
        migrate(url.expose()).await?;
        Self::connect(url).await
    }

    async fn connect(url: &DatabaseUrl) -> Result<Self, DbErr> {
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

    /// Calls `note` after every statement outside of `BEGIN` and `COMMIT`, of all clones made later.
    pub fn observe(&mut self, note: impl Fn() + Send + Sync + 'static) {
        let note = Arc::new(note);
        for connection in [&mut self.writer, &mut self.reader] {
            let note = note.clone();
            connection.set_metric_callback(move |_| note());
        }
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
    /// first and writes later fails with "database is locked" whatever the busy timeout. On
    /// PostgreSQL every statement sees what was committed before it, whatever the server's default.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let mut options = TransactionOptions::default();
        if self.backend() == DbBackend::Sqlite {
            options.sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        } else {
            // What is looked up under a lock must be what the lock's last holder committed. Above
            // this level it would be what was there when the transaction began, and the update of a
            // row that changed since would fail.
            options.isolation_level = Some(IsolationLevel::ReadCommitted);
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

/// Connects to a PostgreSQL once, without a pool: that would try again by itself, and say in the end
/// that it timed out instead of why.
async fn reach(url: &str) -> Result<(), DbErr> {
    let connecting = async { PgConnection::connect(url).await?.close().await };
    tokio::time::timeout(ANSWER, connecting)
        .await
        .unwrap_or_else(|_| {
            let text = format!("no answer in {} s", ANSWER.as_secs());
            Err(io::Error::new(io::ErrorKind::TimedOut, text).into())
        })
        .map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))
}

/// Whether waiting may help: the server cannot be reached, or says so itself. Every other answer
/// will be the same the next time.
fn is_away(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => match &**error {
            SqlxError::Io(_) | SqlxError::PoolTimedOut => true,
            SqlxError::Database(error) => error.code().is_some_and(|code| AWAY.contains(&&*code)),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_does_not_answer_is_away_and_the_reason_is_said() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = nobody.local_addr().unwrap().port();
        let url = format!("postgres://me@127.0.0.1:{port}/audit");
        // It accepts, as the kernel does that, and then keeps silent.
        let silent = reach(&url).await.unwrap_err();
        assert!(is_away(&silent), "{silent}");
        assert!(silent.to_string().contains("no answer in 3 s"), "{silent}");
        drop(nobody);
        let refusing = reach(&url).await.unwrap_err();
        assert!(is_away(&refusing), "{refusing}");
        assert!(refusing.to_string().contains("refused"), "{refusing}");
    }

    #[test]
    fn an_error_that_waiting_does_not_mend_is_not_waited_for() {
        for error in [
            DbErr::Migration("there is no such migration".to_owned()),
            DbErr::Conn(RuntimeErr::SqlxError(
                SqlxError::Configuration("nonsense".into()).into(),
            )),
            DbErr::Exec(RuntimeErr::SqlxError(
                SqlxError::Protocol("this is no PostgreSQL".to_owned()).into(),
            )),
        ] {
            assert!(!is_away(&error), "{error}");
        }
    }
}

//! A database of its own for each test.

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};
use uuid::Uuid;

use crate::backend::service_url;

/// A PostgreSQL database that is dropped at the end.
pub struct PostgresDatabase {
    name: String,
    url: String,
}

/// A name that no other test uses, in this run or another.
pub fn unique_name() -> String {
    format!("test_{}", Uuid::new_v4().simple())
}

impl PostgresDatabase {
    /// Makes an empty database on the server of `TEST_DATABASE_URL`.
    pub async fn create() -> Self {
        let server = service_url("TEST_DATABASE_URL");
        let name = unique_name();
        run(&server, &format!("CREATE DATABASE {name}")).await;
        let (base, _) = server.rsplit_once('/').expect("the URL names a database");
        Self {
            url: format!("{base}/{name}"),
            name,
        }
    }

    /// The database's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends all connections to it and takes no new ones.
    pub async fn take_away(&self) {
        self.allow_connections(false).await;
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        );
        run(&service_url("TEST_DATABASE_URL"), &end).await;
    }

    /// Takes connections again.
    pub async fn bring_back(&self) {
        self.allow_connections(true).await;
    }

    async fn allow_connections(&self, allow: bool) {
        let server = service_url("TEST_DATABASE_URL");
        let name = &self.name;
        run(
            &server,
            &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allow}"),
        )
        .await;
    }

    /// Drops it, whoever is connected.
    pub async fn remove(self) {
        let server = service_url("TEST_DATABASE_URL");
        run(
            &server,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        )
        .await;
    }
}

/// Connects for looking into a database.
pub async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options)
        .await
        .expect("the database of the test can be reached")
}

async fn run(server: &str, statement: &str) {
    let connection = connect(server).await;
    connection
        .execute_unprepared(statement)
        .await
        .expect("the server of TEST_DATABASE_URL runs the statement");
    connection
        .close()
        .await
        .expect("the connection can be closed");
}

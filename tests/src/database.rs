//! A database of its own for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};

use crate::backend::service_url;

/// A PostgreSQL database that is dropped at the end.
pub struct PostgresDatabase {
    name: String,
    url: String,
}

/// A name that no other test uses, in this run or another.
pub fn unique_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let random = standalone_random();
    format!("test_{random}_{number}")
}

fn standalone_random() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    format!("{:x}", RandomState::new().hash_one(std::process::id()))
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

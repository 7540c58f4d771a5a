//! A database of its own for each test: a SQLite file, and PostgreSQL when `TEST_DATABASE_URL` names
//! a server.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use shared::config::{ConnectionUrl, DatabaseUrl};
use shared::database::Database;
use uuid::Uuid;

/// A database with one destination, 7.
pub(super) struct Fixture {
    pub(super) database: Database,
}

impl Fixture {
    async fn new(url: DatabaseUrl) -> Self {
        let migrate = async |url: &str| migrations::apply(url).await;
        let database = Database::open(&url, migrate).await.unwrap();
        let fixture = Self { database };
        fixture.make_destination(7).await;
        fixture
    }

    pub(super) async fn make_destination(&self, id: i64) {
        self.run(&format!(
            "INSERT INTO destinations (id, name, category, destination_url, verification_token,
                 verification_token_digest, signing_secret, active, config_version, created_at, updated_at)
             VALUES ({id}, '{id}', 'http', 'https://a.example/{id}', '', '{id}', '', true, 1, 0, 0)"
        ))
        .await;
    }

    pub(super) async fn run(&self, sql: &str) {
        let writer = self.database.writer();
        writer.execute_unprepared(sql).await.unwrap();
    }
}

/// Runs a test on every database.
pub(super) async fn on_every_database(test: impl AsyncFn(&Fixture)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let url = DatabaseUrl::Sqlite(ConnectionUrl::new(&url));
    test(&Fixture::new(url).await).await;
    if let Some(server) = server() {
        on_postgres(&server, test).await;
    }
}

async fn on_postgres(server: &str, test: impl AsyncFn(&Fixture)) {
    let name = format!("worker_{}", Uuid::new_v4().simple());
    let admin = sea_orm::Database::connect(server).await.unwrap();
    admin
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    let url = DatabaseUrl::Postgres(ConnectionUrl::new(&format!("{base}/{name}")));
    let outcome = AssertUnwindSafe(async { test(&Fixture::new(url).await).await })
        .catch_unwind()
        .await;
    admin
        .execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .await
        .unwrap();
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "which server tests run on is no setting of the worker"
)]
fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}

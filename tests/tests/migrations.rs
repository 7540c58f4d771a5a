//! The tables, on both databases.

#![expect(
    clippy::unwrap_used,
    reason = "the rules are tests, written as functions to run on each database"
)]

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr, Statement};
use tests::database::{PostgresDatabase, connect};

/// The tables of the design, and none besides but the migrations' own.
const TABLES: [&str; 19] = [
    "access_tokens",
    "config_version",
    "dead_letters",
    "delivery_stats",
    "destination_event_type_filters",
    "destination_headers",
    "destination_health",
    "destination_namespace_filters",
    "destinations",
    "destroyed_destinations",
    "failed_attempts",
    "members",
    "namespaces",
    "outbox",
    "queue_messages",
    "rejected_messages",
    "seaql_migrations",
    "users",
    "instance_audit_events_external_destinations",
];

#[tokio::test]
async fn sqlite_has_the_tables_and_the_view_of_the_plan() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let names = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'";
    holds(&url, names).await;
}

#[tokio::test]
async fn postgres_has_the_tables_and_the_view_of_the_plan() {
    let database = PostgresDatabase::create().await;
    let names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'";
    holds(database.url(), names).await;
    database.remove().await;
}

async fn holds(url: &str, names: &str) {
    migrations::apply(url).await.unwrap();
    // A second time, as every process does at its start, changes nothing.
    migrations::apply(url).await.unwrap();
    let database = connect(url).await;
    let mut found = texts(&database, names).await.unwrap();
    found.sort();
    let mut expected = TABLES.map(str::to_owned);
    expected.sort();
    assert_eq!(found, expected);

    database
        .execute_unprepared(
            "INSERT INTO namespaces (id, kind, path, name, full_path, created_at) VALUES (1, 'group', 'a', 'a', 'a', 0)",
        )
        .await
        .unwrap();
    insert(&database, "1", "https://group.example")
        .await
        .unwrap();
    insert(&database, "NULL", "https://instance.example")
        .await
        .unwrap();
    let shown = "SELECT destination_url FROM instance_audit_events_external_destinations";
    assert_eq!(
        texts(&database, shown).await.unwrap(),
        ["https://instance.example"]
    );

    // Unique in its parent, and only there: null is a parent as well.
    insert(&database, "1", "https://instance.example")
        .await
        .unwrap();
    for parent in ["1", "NULL"] {
        assert!(
            insert(&database, parent, "https://instance.example")
                .await
                .is_err()
        );
    }
    let long = format!("https://{}.example", "a".repeat(250));
    assert!(insert(&database, "NULL", &long).await.is_err());
    database.close().await.unwrap();
}

async fn insert(database: &DatabaseConnection, parent: &str, url: &str) -> Result<(), DbErr> {
    let statement = format!(
        "INSERT INTO destinations (namespace_id, name, category, destination_url, verification_token,
             verification_token_digest, signing_secret, active, config_version, created_at, updated_at)
         VALUES ({parent}, substr('{url}', 1, 60), 'http', '{url}', 'sealed', '{url}', 'sealed', true, 1, 0, 0)"
    );
    database.execute_unprepared(&statement).await.map(drop)
}

async fn texts(database: &DatabaseConnection, query: &str) -> Result<Vec<String>, DbErr> {
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

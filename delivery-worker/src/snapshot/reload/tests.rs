//! Tests of reloading on a real SQLite file.

use sea_orm::ConnectionTrait as _;
use shared::config::{Config, Source};
use tempfile::TempDir;

use super::*;

struct Fixture {
    snapshots: Arc<Snapshots>,
    foundation: Foundation,
    _folder: TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Source::default();
        let path = folder.path().join("test.db");
        settings.set(
            "database.url",
            format!("sqlite://{}?mode=rwc", path.display()),
        );
        let config = Config::from_source(&settings, Vec::new()).unwrap();
        let foundation =
            Foundation::open_without_queue(config, async |url: &str| migrations::apply(url).await)
                .await
                .unwrap();
        let snapshots = Snapshots::load(
            foundation.clone(),
            EndpointSettings::for_tests(),
            Metrics::new().unwrap(),
        )
        .await;
        Self {
            snapshots,
            foundation,
            _folder: folder,
        }
    }

    async fn run(&self, sql: &str) {
        let writer = self.foundation.database.writer();
        writer.execute_unprepared(sql).await.unwrap();
    }

    /// Makes a destination of the instance, whose secrets no key opens, and the next version.
    async fn make_destination(&self, id: i64) {
        self.run(&format!(
            "UPDATE config_version SET version = version + 1;
             INSERT INTO destinations (id, name, category, destination_url, verification_token,
                 verification_token_digest, signing_secret, active, config_version, created_at, updated_at)
             SELECT {id}, 'name {id}', 'http', 'https://receiver.example/{id}', '', '{id}', '', true, version, 0, 0
             FROM config_version"
        ))
        .await;
    }
}

#[tokio::test]
async fn an_event_is_not_routed_by_an_older_snapshot_than_it_names() {
    let fixture = Fixture::new().await;
    fixture.make_destination(1).await;
    assert!(fixture.snapshots.current().find(1).is_none());
    let snapshot = fixture.snapshots.at_least(Some(1)).await.unwrap();
    assert_eq!(snapshot.version(), 1);
    assert!(snapshot.find(1).is_some());
}

#[tokio::test]
async fn without_the_database_there_is_no_newer_snapshot_and_the_last_one_serves_on() {
    let fixture = Fixture::new().await;
    fixture
        .run("ALTER TABLE config_version RENAME TO away")
        .await;
    assert!(fixture.snapshots.at_least(Some(1)).await.is_none());
    assert!(fixture.snapshots.at_least(Some(0)).await.is_some());
    assert!(fixture.snapshots.at_least(None).await.is_some());
}

#[tokio::test]
async fn a_version_that_does_not_exist_holds_up_no_event() {
    let fixture = Fixture::new().await;
    fixture.make_destination(1).await;
    let snapshot = fixture.snapshots.at_least(Some(99)).await.unwrap();
    assert_eq!(snapshot.version(), 1);
    assert!(snapshot.find(1).is_some());
}

#[tokio::test]
async fn a_database_that_was_set_back_is_read_from_the_start() {
    let fixture = Fixture::new().await;
    for id in 1..=3 {
        fixture.make_destination(id).await;
    }
    fixture.snapshots.compare().await.unwrap();
    assert!(fixture.snapshots.current().find(3).is_some());
    fixture
        .run("DELETE FROM destinations WHERE id > 1; UPDATE config_version SET version = 1")
        .await;
    fixture.snapshots.compare().await.unwrap();
    let snapshot = fixture.snapshots.current();
    assert_eq!(snapshot.version(), 1);
    assert!(snapshot.find(1).is_some() && snapshot.find(3).is_none());
}

#[tokio::test]
async fn a_destroyed_destination_is_gone_after_the_next_comparison() {
    let fixture = Fixture::new().await;
    fixture.make_destination(1).await;
    fixture.snapshots.compare().await.unwrap();
    fixture
        .run(
            "UPDATE config_version SET version = 2;
             DELETE FROM destinations;
             INSERT INTO destroyed_destinations (destination_id, config_version) VALUES (1, 2)",
        )
        .await;
    fixture.snapshots.compare().await.unwrap();
    assert!(fixture.snapshots.current().find(1).is_none());
}

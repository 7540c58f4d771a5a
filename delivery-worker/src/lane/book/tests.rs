//! Tests of what the database knows of lanes, on a real SQLite file.

use sea_orm::ConnectionTrait as _;
use shared::config::{ConnectionUrl, DatabaseUrl};
use tempfile::TempDir;

use super::*;

const START: Timestamp = Timestamp(1_000_000);

struct Fixture {
    database: Database,
    _folder: TempDir,
}

impl Fixture {
    /// With one destination, 7.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let url = DatabaseUrl::Sqlite(ConnectionUrl::new(&url));
        let migrate = async |url: &str| migrations::apply(url).await;
        let database = Database::open(&url, migrate).await.unwrap();
        let fixture = Self {
            database,
            _folder: folder,
        };
        fixture
            .run(
                "INSERT INTO destinations (id, name, category, destination_url, verification_token,
                     verification_token_digest, signing_secret, active, config_version, created_at, updated_at)
                 VALUES (7, 'a', 'http', 'https://a.example', '', '', '', true, 1, 0, 0)",
            )
            .await;
        fixture
    }

    async fn run(&self, sql: &str) {
        let writer = self.database.writer();
        writer.execute_unprepared(sql).await.unwrap();
    }

    async fn open(&self) -> Opened {
        open(&self.database, 7, START, Timestamp(START.0 + 1_000))
            .await
            .unwrap()
    }

    async fn lease(&self, worker: &str) -> Option<health::Model> {
        lease(&self.database, 7, worker).await.unwrap()
    }

    async fn row(&self) -> health::Model {
        health::Entity::find_by_id(7)
            .one(self.database.reader())
            .await
            .unwrap()
            .unwrap()
    }

    async fn note(&self, worker: &str, text: &Note) -> bool {
        note(&self.database, 7, worker, text).await.unwrap()
    }
}

fn waiting() -> Note {
    Note::Waiting {
        next_probe_at: Timestamp(5),
        failed_probes: 3,
        head_event_id: Some("one".to_owned()),
        head_failures: 2,
        oldest_at: Some(Timestamp(4)),
    }
}

#[tokio::test]
async fn a_lane_that_is_open_is_not_opened_again() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.open().await, Opened::Open);
    assert!(fixture.lease("a").await.is_some());
    assert!(fixture.note("a", &waiting()).await);
    assert_eq!(fixture.open().await, Opened::Open);
    let row = fixture.row().await;
    assert_eq!((row.failed_probes, row.next_probe_at), (3, 5));
}

#[tokio::test]
async fn of_a_destroyed_destination_no_lane_is_opened() {
    let fixture = Fixture::new().await;
    fixture.run("DELETE FROM destinations").await;
    assert_eq!(fixture.open().await, Opened::Destroyed);
}

#[tokio::test]
async fn one_worker_holds_the_lease_until_it_gives_it_up_or_it_runs_out() {
    let fixture = Fixture::new().await;
    fixture.open().await;
    assert!(fixture.lease("a").await.is_some());
    assert!(fixture.lease("b").await.is_none());
    assert!(
        !fixture.note("b", &waiting()).await,
        "it is not b's to tell"
    );
    release(&fixture.database, 7, "b").await.unwrap();
    assert!(fixture.lease("b").await.is_none());
    release(&fixture.database, 7, "a").await.unwrap();
    assert!(fixture.lease("b").await.is_some());
    let held = renew(&fixture.database, "b").await.unwrap();
    assert!(held.contains(&7));
    // As it is ten seconds after the worker died.
    fixture
        .run("UPDATE destination_health SET lease_until = lease_until - 10001")
        .await;
    assert!(fixture.lease("a").await.is_some());
    assert!(renew(&fixture.database, "b").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_closed_lane_has_no_lease_and_is_told_to_one_sweep_in_a_while() {
    let fixture = Fixture::new().await;
    fixture.open().await;
    assert!(fixture.lease("a").await.is_some());
    assert!(to_sweep(&fixture.database).await.unwrap().is_empty());
    assert!(fixture.note("a", &Note::Closed(START)).await);
    release(&fixture.database, 7, "a").await.unwrap();
    assert!(fixture.lease("b").await.is_none());
    assert!(has_closed(&fixture.database).await.unwrap());
    assert_eq!(to_sweep(&fixture.database).await.unwrap(), [7]);
    assert!(to_sweep(&fixture.database).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_destination_that_never_had_a_lane_is_not_swept() {
    let fixture = Fixture::new().await;
    fixture
        .run("INSERT INTO destination_health (destination_id, lane_state, changed_at) VALUES (7, 'closed', 0)")
        .await;
    assert!(!has_closed(&fixture.database).await.unwrap());
    assert!(to_sweep(&fixture.database).await.unwrap().is_empty());
}

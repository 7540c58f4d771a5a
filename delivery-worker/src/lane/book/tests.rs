//! Tests of what the database knows of lanes, on each database.

mod databases;

use futures_util::future::join_all;

use self::databases::{Fixture, on_every_database};
use super::*;

const START: Timestamp = Timestamp(1_000_000);

impl Fixture {
    async fn open(&self) -> Opened {
        open(&self.database, 7, START, Timestamp(START.0 + 1_000))
            .await
            .unwrap()
    }

    async fn lease(&self, worker: &str) -> Option<health::Model> {
        lease(&self.database, 7, worker).await.unwrap()
    }

    async fn renew(&self, worker: &str) -> Vec<i64> {
        let held = renew(&self.database, worker).await.unwrap();
        let mut held: Vec<i64> = held.into_iter().collect();
        held.sort_unstable();
        held
    }

    async fn release(&self, worker: &str) {
        release(&self.database, 7, worker).await.unwrap();
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

    /// As it is so many milliseconds later.
    async fn later(&self, millis: u32) {
        self.run(&format!(
            "UPDATE destination_health SET lease_until = lease_until - {millis}, swept_at = swept_at - {millis}"
        ))
        .await;
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
    on_every_database(async |fixture| {
        assert_eq!(fixture.open().await, Opened::Open);
        assert!(fixture.lease("a").await.is_some());
        assert!(fixture.note("a", &waiting()).await);
        assert_eq!(fixture.open().await, Opened::Open);
        let row = fixture.row().await;
        assert_eq!((row.failed_probes, row.next_probe_at), (3, 5));
    })
    .await;
}

#[tokio::test]
async fn of_a_destroyed_destination_no_lane_is_opened() {
    on_every_database(async |fixture| {
        fixture.run("DELETE FROM destinations").await;
        assert_eq!(fixture.open().await, Opened::Destroyed);
    })
    .await;
}

#[tokio::test]
async fn one_worker_holds_the_lease_until_it_gives_it_up_or_it_runs_out() {
    on_every_database(async |fixture| {
        fixture.open().await;
        let taken = fixture.lease("a").await.unwrap();
        assert_eq!(taken.lease_holder.as_deref(), Some("a"));
        assert!(fixture.lease("b").await.is_none());
        assert!(
            !fixture.note("b", &waiting()).await,
            "it is not b's to tell"
        );
        fixture.release("b").await;
        assert!(fixture.lease("b").await.is_none());
        fixture.release("a").await;
        assert!(fixture.lease("b").await.is_some());
        assert_eq!(fixture.renew("b").await, [7]);
        // As it is ten seconds after the worker died.
        fixture.later(10_001).await;
        assert!(fixture.lease("a").await.is_some());
        assert!(fixture.renew("b").await.is_empty());
        assert!(!fixture.note("b", &Note::Closed(START)).await);
        fixture.release("b").await;
        assert_eq!(
            fixture.renew("a").await,
            [7],
            "a late release takes nothing"
        );
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_is_renewed_in_time_does_not_run_out() {
    on_every_database(async |fixture| {
        fixture.open().await;
        let taken = fixture.lease("a").await.unwrap();
        for _ in 0..3 {
            fixture.later(6_000).await;
            assert!(fixture.lease("b").await.is_none());
            assert_eq!(fixture.renew("a").await, [7]);
        }
        assert!(fixture.row().await.lease_until >= taken.lease_until);
        // Who has it takes it again, too.
        fixture.later(6_000).await;
        assert!(fixture.lease("a").await.is_some());
        fixture.later(6_000).await;
        assert!(fixture.lease("b").await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_worker_renews_all_that_it_holds_and_nothing_else() {
    on_every_database(async |fixture| {
        for id in [8, 9] {
            fixture.make_destination(id).await;
        }
        for id in [7, 8, 9] {
            let worker = if id == 8 { "b" } else { "a" };
            let database = &fixture.database;
            open(database, id, START, START).await.unwrap();
            assert!(lease(database, id, worker).await.unwrap().is_some());
        }
        fixture.later(6_000).await;
        assert_eq!(fixture.renew("a").await, [7, 9]);
        fixture.later(6_000).await;
        let database = &fixture.database;
        for (id, free) in [(7, false), (8, true), (9, false)] {
            let taken = lease(database, id, "c").await.unwrap();
            assert_eq!(taken.is_some(), free, "{id}");
        }
    })
    .await;
}

#[tokio::test]
async fn of_many_workers_that_want_a_lease_at_once_one_gets_it() {
    on_every_database(async |fixture| {
        fixture.open().await;
        let workers: Vec<String> = (0..8).map(|number| format!("worker {number}")).collect();
        // The second time it is that of a worker that died.
        for _ in 0..2 {
            let wanted = workers.iter().map(|worker| fixture.lease(worker));
            let taken: Vec<String> = join_all(wanted)
                .await
                .into_iter()
                .flatten()
                .filter_map(|row| row.lease_holder)
                .collect();
            assert_eq!(taken.len(), 1, "{taken:?}");
            assert_eq!(fixture.renew(&taken[0]).await, [7]);
            fixture.later(10_001).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_note_is_kept_for_the_worker_that_takes_the_lane_over() {
    on_every_database(async |fixture| {
        fixture.open().await;
        assert!(fixture.lease("a").await.is_some());
        assert!(fixture.note("a", &waiting()).await);
        fixture.later(10_001).await;
        let found = fixture.lease("b").await.unwrap();
        assert_eq!(
            (
                found.next_probe_at,
                found.failed_probes,
                found.head_event_id.as_deref(),
                found.head_failures,
                found.oldest_at
            ),
            (5, 3, Some("one"), 2, Some(4))
        );
        let without_oldest = Note::Waiting {
            next_probe_at: Timestamp(6),
            failed_probes: 4,
            head_event_id: None,
            head_failures: 0,
            oldest_at: None,
        };
        assert!(fixture.note("b", &without_oldest).await);
        let row = fixture.row().await;
        assert_eq!((row.oldest_at, row.head_event_id), (Some(4), None));
    })
    .await;
}

#[tokio::test]
async fn the_lane_of_a_paused_destination_is_open_and_not_among_the_longest_open() {
    on_every_database(async |fixture| {
        let database = &fixture.database;
        for (id, opened_at) in [(7, 300), (8, 100), (9, 200)] {
            if id != 7 {
                fixture.make_destination(id).await;
            }
            let opened_at = Timestamp(opened_at);
            open(database, id, opened_at, opened_at).await.unwrap();
        }
        let longest = async |most| {
            let rows = longest_open(database, most).await.unwrap();
            let ids = rows.into_iter().map(|row| row.destination_id);
            ids.collect::<Vec<_>>()
        };
        assert_eq!(longest(9).await, [8, 9, 7]);
        assert_eq!(longest(2).await, [8, 9]);
        fixture
            .run("UPDATE destinations SET active = false WHERE id = 8")
            .await;
        assert_eq!(longest(2).await, [9, 7], "it takes no place of another one");
        let open = open_or_held(database, "a").await.unwrap();
        assert_eq!(open.len(), 3, "its events go on waiting in their lane");
        fixture
            .run("UPDATE destinations SET active = true WHERE id = 8")
            .await;
        assert_eq!(longest(2).await, [8, 9]);
    })
    .await;
}

#[tokio::test]
async fn what_its_owner_wanted_moved_away_is_forgotten_only_when_it_was_that() {
    on_every_database(async |fixture| {
        fixture.open().await;
        assert!(fixture.lease("a").await.is_some());
        fixture
            .run("UPDATE destination_health SET purge_requested_at = 50")
            .await;
        assert!(!fixture.note("a", &Note::Purged(Some(40))).await);
        assert!(!fixture.note("b", &Note::Purged(Some(50))).await);
        assert_eq!(fixture.row().await.purge_requested_at, Some(50));
        assert!(fixture.note("a", &Note::Purged(Some(50))).await);
        assert_eq!(fixture.row().await.purge_requested_at, None);
    })
    .await;
}

#[tokio::test]
async fn a_closed_lane_has_no_lease_and_is_told_to_one_sweep_in_a_while() {
    on_every_database(async |fixture| {
        fixture.open().await;
        assert!(fixture.lease("a").await.is_some());
        assert!(to_sweep(&fixture.database).await.unwrap().is_empty());
        assert!(fixture.note("a", &Note::Closed(START)).await);
        fixture.release("a").await;
        assert!(fixture.lease("b").await.is_none());
        assert!(has_closed(&fixture.database).await.unwrap());
        for _ in 0..2 {
            let sweeps = (0..4).map(|_| to_sweep(&fixture.database));
            let told: Vec<i64> = join_all(sweeps)
                .await
                .into_iter()
                .flat_map(Result::unwrap)
                .collect();
            assert_eq!(told, [7]);
            assert!(to_sweep(&fixture.database).await.unwrap().is_empty());
            fixture.later(30_001).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_lane_that_is_opened_again_begins_anew() {
    on_every_database(async |fixture| {
        fixture.open().await;
        assert!(fixture.lease("a").await.is_some());
        assert!(fixture.note("a", &waiting()).await);
        assert!(
            fixture
                .note("a", &Note::Closed(Timestamp(START.0 + 1)))
                .await
        );
        fixture.release("a").await;
        assert_eq!(fixture.open().await, Opened::Open);
        let row = fixture.row().await;
        assert_eq!((row.failed_probes, row.head_event_id), (1, None));
        assert_eq!(row.oldest_at, Some(START.0));
    })
    .await;
}

#[tokio::test]
async fn a_destination_that_never_had_a_lane_is_not_swept() {
    on_every_database(async |fixture| {
        fixture
            .run("INSERT INTO destination_health (destination_id, lane_state, changed_at) VALUES (7, 'closed', 0)")
            .await;
        assert!(!has_closed(&fixture.database).await.unwrap());
        assert!(to_sweep(&fixture.database).await.unwrap().is_empty());
    })
    .await;
}

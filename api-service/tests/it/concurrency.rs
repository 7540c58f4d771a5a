//! Rules that hold also when many ask at the same time.

use futures_util::future::join_all;
use serde_json::json;

use crate::level::on_both_levels;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limit_is_never_exceeded_by_requests_at_the_same_time() {
    on_both_levels(async |stage, level, ada| {
        let requests = (0..20).map(async |number: i32| {
            let url = format!("https://1.1.1.1/{number}");
            level.create(stage, ada, &url, json!({})).await
        });
        let answers = join_all(requests).await;
        let made = answers.iter().filter(|answer| answer.errors.is_empty());
        assert_eq!(made.count(), 5);
        assert_eq!(stage.destinations().await, 5);
        assert_eq!(stage.audited().await.len(), 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_equal_requests_one_is_taken_and_the_others_are_told_why() {
    on_both_levels(async |stage, level, ada| {
        let requests = (0..10).map(|_| level.create(stage, ada, "https://1.1.1.1/logs", json!({})));
        let answers = join_all(requests).await;
        let refused: Vec<_> = answers
            .iter()
            .filter(|answer| !answer.errors.is_empty())
            .collect();
        assert_eq!(refused.len(), 9);
        for answer in refused {
            let expected = "Validation failed: Destination url has already been taken";
            assert_eq!(answer.refused(), (expected, "VALIDATION_FAILED"));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_type_is_added_once_however_many_ask() {
    on_both_levels(async |stage, level, ada| {
        let made = level
            .created(stage, ada, "https://1.1.1.1/logs", json!({}))
            .await;
        let id = made["id"].as_str().unwrap();
        let requests =
            (0..10).map(|_| level.add_event_types(stage, ada, id, json!(["user_created"])));
        let answers = join_all(requests).await;
        for answer in &answers {
            assert_eq!(answer.data()["eventTypeFilters"], json!(["user_created"]));
        }
        let done = answers
            .iter()
            .filter(|answer| answer.data()["errors"] == json!([]));
        assert_eq!(done.count(), 1);
        assert_eq!(stage.audited().await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_destination_is_destroyed_once_however_many_ask() {
    on_both_levels(async |stage, level, ada| {
        let made = level
            .created(stage, ada, "https://1.1.1.1/logs", json!({}))
            .await;
        let id = made["id"].as_str().unwrap();
        let answers = join_all((0..10).map(|_| level.destroy(stage, ada, id))).await;
        let done = answers.iter().filter(|answer| answer.errors.is_empty());
        assert_eq!(done.count(), 1);
        assert_eq!(stage.audited().await.len(), 2);
    })
    .await;
}

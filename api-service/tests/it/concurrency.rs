//! Rules that hold also when many ask at the same time.

use futures_util::future::join_all;
use serde_json::json;

use crate::level::Level;
use crate::stage::GROUP;
use crate::surface::{Surface, Wanted, mutate, number, on_every_surface, on_every_surface_with};

fn at(url: &str) -> Wanted<'_> {
    Wanted {
        url: Some(url),
        ..Wanted::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limit_is_never_exceeded_by_requests_at_the_same_time() {
    on_every_surface(async |stage, surface, ada| {
        let requests = (0..20).map(async |number: i32| {
            let url = format!("https://1.1.1.1/{number}");
            // One limit for both generations.
            let surface = if number % 2 == 0 {
                surface
            } else {
                surface.sibling()
            };
            surface.create(stage, ada, &at(&url)).await
        });
        let outcomes = join_all(requests).await;
        let made = outcomes.iter().filter(|outcome| outcome.errors.is_empty());
        assert_eq!(made.count(), 5);
        assert_eq!(stage.destinations().await, 5);
        assert_eq!(stage.audited().await.len(), 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_equal_requests_one_is_taken_and_the_others_are_told_why() {
    on_every_surface(async |stage, surface, ada| {
        let wanted = at("https://1.1.1.1/logs");
        let requests = (0..10).map(|_| surface.create(stage, ada, &wanted));
        let outcomes = join_all(requests).await;
        let refused = outcomes.iter().filter(|outcome| !outcome.errors.is_empty());
        let sentence = if surface.is_legacy() {
            "Destination url has already been taken"
        } else {
            "Config url already taken."
        };
        let sentences: Vec<_> = refused.map(|outcome| outcome.errors.as_slice()).collect();
        assert_eq!(sentences, [[sentence]; 9]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limit_of_headers_is_never_exceeded_by_requests_at_the_same_time() {
    on_every_surface(async |stage, surface, ada| {
        if !surface.is_legacy() {
            return;
        }
        let made = surface.created(stage, ada, "https://1.1.1.1/logs").await;
        let mutation = match surface.level() {
            Level::Group => "auditEventsStreamingHeadersCreate",
            Level::Instance => "auditEventsStreamingInstanceHeadersCreate",
        };
        let requests = (0..25).map(|number| {
            let key = format!("X-{number}");
            let input = json!({"destinationId": made["id"], "key": key, "value": "v"});
            mutate(stage, ada, mutation, "errors", input)
        });
        let answers = join_all(requests).await;
        let made = answers
            .iter()
            .filter(|answer| answer.data()["errors"] == json!([]));
        assert_eq!(made.count(), 20);
        assert_eq!(stage.audited().await.len(), 21);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_becomes_one_header_however_many_ask() {
    on_every_surface(async |stage, surface, ada| {
        if !surface.is_legacy() {
            return;
        }
        let id = surface.level().destination(stage, ada).await;
        let requests = (0..10).map(|number| {
            // The same key whatever its case.
            let key = if number % 2 == 0 { "X-Key" } else { "x-key" };
            let input = json!({"destinationId": id, "key": key, "value": "v"});
            surface.level().header(stage, ada, "Create", input)
        });
        let answers = join_all(requests).await;
        let refused = answers
            .iter()
            .filter(|answer| answer.data()["errors"] == json!(["Key has already been taken"]));
        assert_eq!(refused.count(), 9);
        let headers = surface.level().listed_headers(stage, ada).await;
        assert_eq!(headers.as_array().map(Vec::len), Some(1));
        assert_eq!(stage.audited().await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limit_on_activation_is_never_exceeded_by_requests_at_the_same_time() {
    on_every_surface_with(
        &[("LIMITS__DESTINATIONS", "2")],
        async |stage, surface, ada| {
            let to = |active| Wanted {
                active: Some(active),
                ..Wanted::default()
            };
            let mut numbers = Vec::new();
            for path in 0..8 {
                let url = format!("https://1.1.1.1/{path}");
                let made = surface.created(stage, ada, &url).await;
                let id = made["id"].as_str().unwrap();
                surface.update(stage, ada, id, &to(false)).await;
                numbers.push(number(&made["id"]));
            }
            let requests = numbers.iter().map(async |&number| {
                // One limit for both generations.
                let surface = if number % 2 == 0 {
                    surface
                } else {
                    surface.sibling()
                };
                let id = surface.id(number);
                surface.update(stage, ada, &id, &to(true)).await
            });
            let outcomes = join_all(requests).await;
            let done = outcomes.iter().filter(|outcome| outcome.errors.is_empty());
            assert_eq!(done.count(), 2);
            let list = surface.list(stage, ada).await;
            let all = list.as_array().unwrap().iter();
            assert_eq!(all.filter(|one| one["active"] == true).count(), 2);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limit_of_namespace_filters_is_never_exceeded_by_requests_at_the_same_time() {
    on_every_surface(async |stage, surface, ada| {
        let limit = match surface {
            Surface::LegacyGroup => 1,
            Surface::LegacyInstance => return,
            _ => 5,
        };
        let made = surface.created(stage, ada, "https://1.1.1.1/logs").await;
        let paths: Vec<String> = (0..10).map(|number| format!("{GROUP}/g{number}")).collect();
        for path in &paths {
            stage.group(path).await;
        }
        let requests = paths
            .iter()
            .map(|path| surface.add_filter(stage, ada, &made["id"], path));
        let answers = join_all(requests).await;
        let done = answers
            .iter()
            .filter(|answer| answer.data()["errors"] == json!([]));
        assert_eq!(done.count(), limit);
        let filters = surface.listed_filters(stage, ada).await;
        assert_eq!(filters.as_array().map(Vec::len), Some(limit));
        assert_eq!(stage.audited().await.len(), 1 + limit);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_namespace_limits_one_legacy_destination_however_many_ask() {
    on_every_surface(async |stage, surface, ada| {
        if surface != Surface::LegacyGroup {
            return;
        }
        let mut destinations = Vec::new();
        for number in 0..5 {
            let url = format!("https://1.1.1.1/{number}");
            destinations.push(surface.created(stage, ada, &url).await);
        }
        let requests = destinations
            .iter()
            .map(|made| surface.add_filter(stage, ada, &made["id"], GROUP));
        let answers = join_all(requests).await;
        let taken = json!(["Namespace has already been taken"]);
        let refused = answers
            .iter()
            .filter(|answer| answer.data()["errors"] == taken);
        assert_eq!(refused.count(), 4);
        assert_eq!(stage.audited().await.len(), 6);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_type_is_added_once_however_many_ask() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, "https://1.1.1.1/logs").await;
        let id = made["id"].as_str().unwrap();
        let requests =
            (0..10).map(|_| surface.add_event_types(stage, ada, id, json!(["user_created"])));
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
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, "https://1.1.1.1/logs").await;
        let id = made["id"].as_str().unwrap();
        let answers = join_all((0..10).map(|_| surface.destroy(stage, ada, id))).await;
        let done = answers.iter().filter(|answer| answer.errors.is_empty());
        assert_eq!(done.count(), 1);
        assert_eq!(stage.audited().await.len(), 2);
    })
    .await;
}

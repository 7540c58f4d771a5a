//! How deliveries to a destination go, as every surface shows it.

use api_service::auth::Caller;
use sea_orm::{ActiveModelTrait as _, ActiveValue, EntityTrait as _};
use serde_json::{Value, json};
use shared::clock::Timestamp;
use shared::entities::destination_health::{self, CLOSED, OPEN};
use shared::entities::{delivery_stats, destinations, failed_attempts};
use shared::queue::{Message, Target};

use crate::lane::lane;
use crate::stage::Stage;
use crate::surface::{Surface, Wanted, number, on_every_surface, on_every_surface_with};

const URL: &str = "https://1.1.1.1/logs";
const MINUTE: i64 = 60_000;

/// What the health of each destination shows.
async fn of_each(stage: &Stage, surface: Surface, ada: &Caller, selection: &str) -> Vec<Value> {
    let nodes = format!("nodes {{ health {{ {selection} }} }}");
    let answer = surface.connection(stage, ada, "", &nodes).await;
    let nodes = answer.data()["nodes"].as_array().unwrap().iter();
    nodes.map(|node| node["health"].clone()).collect()
}

fn time(ms: i64) -> Value {
    json!(Timestamp(ms).to_datetime().to_rfc3339())
}

async fn figures(stage: &Stage, destination_id: i64, minute: i64, delivered: i64) {
    let row = delivery_stats::ActiveModel {
        destination_id: ActiveValue::Set(destination_id),
        minute: ActiveValue::Set(minute),
        delivered: ActiveValue::Set(delivered),
        failed: ActiveValue::Set(1),
        lag_ms: ActiveValue::Set(2 * delivered),
    };
    let writer = stage.foundation.database.writer();
    delivery_stats::Entity::insert(row)
        .exec_without_returning(writer)
        .await
        .unwrap();
}

async fn failed_attempt(stage: &Stage, destination_id: i64, name: &str) {
    let row = failed_attempts::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(destination_id),
        event_id: ActiveValue::Set(name.to_owned()),
        event_type: ActiveValue::Set("user_created".to_owned()),
        attempted_at: ActiveValue::Set(2_000),
        duration_ms: ActiveValue::Set(31),
        status: ActiveValue::Set(Some(503)),
        error: ActiveValue::Set("it answered with status 503".to_owned()),
        response: ActiveValue::Set(Some("busy".to_owned())),
    };
    let writer = stage.foundation.database.writer();
    row.insert(writer).await.unwrap();
}

#[tokio::test]
async fn a_destination_without_deliveries_is_healthy_since_it_was_made() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let row = destinations::Entity::find_by_id(number(&made["id"]))
            .one(stage.foundation.database.reader())
            .await
            .unwrap()
            .unwrap();
        let selection = "state since backlogSize backlogOldestAt nextAttemptAt lastSuccessAt lastFailure { at } stats { minute } failedAttempts { eventId }";
        let shown = of_each(stage, surface, ada, selection).await;
        let expected = json!({
            "state": "HEALTHY",
            "since": time(row.created_at),
            "backlogSize": 0,
            "backlogOldestAt": null,
            "nextAttemptAt": null,
            "lastSuccessAt": null,
            "lastFailure": null,
            "stats": [],
            "failedAttempts": []
        });
        assert_eq!(shown, [expected]);
    })
    .await;
}

#[tokio::test]
async fn a_destination_in_trouble_tells_what_waits_and_what_went_wrong() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let healthy = surface.created(stage, ada, "https://1.1.1.1/other").await;
        let row = destination_health::ActiveModel {
            destination_id: ActiveValue::Set(number(&made["id"])),
            lane_state: ActiveValue::Set(OPEN.to_owned()),
            changed_at: ActiveValue::Set(i64::MAX / 1_000_000),
            next_probe_at: ActiveValue::Set(9_000),
            oldest_at: ActiveValue::Set(Some(4_000)),
            last_success_at: ActiveValue::Set(Some(1_000)),
            last_failure_at: ActiveValue::Set(Some(6_000)),
            last_failure_status: ActiveValue::Set(Some(503)),
            last_failure_error: ActiveValue::Set(Some("it answered with status 503".to_owned())),
            last_failure_response: ActiveValue::Set(Some("busy".to_owned())),
            ..Default::default()
        };
        row.insert(stage.foundation.database.writer()).await.unwrap();
        lane(stage, number(&healthy["id"]), CLOSED).await;
        let selection = "state since backlogOldestAt nextAttemptAt lastSuccessAt lastFailure { at status error response }";
        let shown = of_each(stage, surface, ada, selection).await;
        let expected = json!({
            "state": "TROUBLED",
            "since": time(i64::MAX / 1_000_000),
            "backlogOldestAt": time(4_000),
            "nextAttemptAt": time(9_000),
            "lastSuccessAt": time(1_000),
            "lastFailure": {
                "at": time(6_000),
                "status": 503,
                "error": "it answered with status 503",
                "response": "busy"
            }
        });
        assert_eq!(shown[0], expected);
        assert_eq!(shown[1]["state"], "HEALTHY");
        assert_eq!(shown[1]["lastFailure"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_switched_off_destination_is_paused_since_then() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let id = made["id"].as_str().unwrap();
        lane(stage, number(&made["id"]), OPEN).await;
        let row = async || {
            destinations::Entity::find_by_id(number(&made["id"]))
                .one(stage.foundation.database.reader())
                .await
                .unwrap()
                .unwrap()
        };
        assert_eq!(row().await.active_changed_at, None);
        let set = async |active| {
            let wanted = Wanted {
                active: Some(active),
                ..Wanted::default()
            };
            surface.update(stage, ada, id, &wanted).await;
        };
        // It is so already.
        set(true).await;
        assert_eq!(row().await.active_changed_at, None);
        set(false).await;
        let at = row().await.active_changed_at.unwrap();
        assert!(at >= row().await.created_at);
        let shown = of_each(stage, surface, ada, "state since").await;
        assert_eq!(shown, [json!({"state": "PAUSED", "since": time(at)})]);
        set(true).await;
        let again = row().await.active_changed_at.unwrap();
        let shown = of_each(stage, surface, ada, "state since").await;
        assert_eq!(shown, [json!({"state": "TROUBLED", "since": time(again)})]);
    })
    .await;
}

#[tokio::test]
async fn what_waits_is_counted_by_the_queue_and_not_known_without_it() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let id = number(&made["id"]);
        lane(stage, id, OPEN).await;
        let queue = &stage.foundation.queue;
        let mut waiting = Value::Null;
        if queue.is_connected() {
            for _ in 0..3 {
                let message = Message::new("user_created", "{}");
                let _stored = queue.publish(Target::Lane(id), message).await.unwrap();
            }
            waiting = json!(3);
        }
        let shown = of_each(stage, surface, ada, "backlogSize").await;
        assert_eq!(shown, [json!({ "backlogSize": waiting })]);
    })
    .await;
}

#[tokio::test]
async fn figures_come_by_minute_in_order_and_as_far_back_as_is_asked() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let id = number(&made["id"]);
        // Two minutes on from the current one, so that the test may run across the end of a minute.
        let now = stage.foundation.clock.now().0.div_euclid(MINUTE) + 2;
        let at = |ago: i64| (now - ago) * MINUTE;
        for ago in [0, 57, 70, 20_200] {
            figures(stage, id, at(ago), ago).await;
        }
        let shown = |ago: i64| json!({"minute": time(at(ago)), "delivered": ago, "failed": 1, "lagMs": 2 * ago});
        for (arguments, expected) in [
            ("", vec![shown(57), shown(0)]),
            ("(minutes: 1)", vec![shown(0)]),
            ("(minutes: 20160)", vec![shown(70), shown(57), shown(0)]),
        ] {
            let selection = format!("stats{arguments} {{ minute delivered failed lagMs }}");
            let health = of_each(stage, surface, ada, &selection).await;
            assert_eq!(health, [json!({ "stats": expected })], "{arguments}");
        }
        for minutes in ["0", "-1", "20161", "2147483647"] {
            let nodes = format!("nodes {{ health {{ stats(minutes: {minutes}) {{ minute }} }} }}");
            let answer = surface.connection(stage, ada, "", &nodes).await;
            let expected = ("minutes must be from 1 to 20160", "BAD_USER_INPUT");
            assert_eq!(answer.refused(), expected);
        }
    })
    .await;
}

#[tokio::test]
async fn the_last_50_failed_attempts_are_shown_the_newest_first() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let other = surface.created(stage, ada, "https://1.1.1.1/other").await;
        for name in 0..52 {
            failed_attempt(stage, number(&made["id"]), &name.to_string()).await;
        }
        failed_attempt(stage, number(&other["id"]), "x").await;
        let selection =
            "failedAttempts { eventId eventType attemptedAt durationMs status error response }";
        let shown = of_each(stage, surface, ada, selection).await;
        let attempts = shown[0]["failedAttempts"].as_array().unwrap();
        let names = attempts
            .iter()
            .map(|attempt| attempt["eventId"].as_str().unwrap());
        let expected: Vec<String> = (2..52).rev().map(|name| name.to_string()).collect();
        assert_eq!(names.collect::<Vec<_>>(), expected);
        let only = json!([{
            "eventId": "x",
            "eventType": "user_created",
            "attemptedAt": time(2_000),
            "durationMs": 31,
            "status": 503,
            "error": "it answered with status 503",
            "response": "busy"
        }]);
        assert_eq!(shown[1]["failedAttempts"], only);
    })
    .await;
}

#[tokio::test]
async fn the_health_of_50_destinations_takes_as_many_statements_as_that_of_one() {
    let settings = [("LIMITS__DESTINATIONS", "0")];
    on_every_surface_with(&settings, async |stage, surface, ada| {
        let minute = stage.foundation.clock.now().0.div_euclid(MINUTE) * MINUTE;
        let mut counts = Vec::new();
        for (from, to) in [(0, 1), (1, 50)] {
            for at in from..to {
                let made = surface.created(stage, ada, &format!("{URL}/{at}")).await;
                let id = number(&made["id"]);
                lane(stage, id, OPEN).await;
                figures(stage, id, minute, 1).await;
                failed_attempt(stage, id, "a").await;
            }
            let before = stage.statements();
            let selection = "state stats { delivered } failedAttempts { eventId }";
            let shown = of_each(stage, surface, ada, selection).await;
            counts.push(stage.statements() - before);
            let expected = json!({
                "state": "TROUBLED",
                "stats": [{"delivered": 1}],
                "failedAttempts": [{"eventId": "a"}]
            });
            assert_eq!(shown, vec![expected; to]);
        }
        assert_eq!(counts[0], counts[1], "{surface:?}");
    })
    .await;
}

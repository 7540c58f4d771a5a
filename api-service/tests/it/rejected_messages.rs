//! Messages that are no valid events, as instance admins list, replay and purge them.

use api_service::auth::Caller;
use api_service::domain::AccessLevel;
use sea_orm::{ActiveModelTrait as _, ActiveValue, EntityTrait as _, QueryOrder as _};
use serde_json::{Value, json};
use shared::entities::rejected_messages::{self, Column, Entity};

use crate::databases::on_every_database;
use crate::level::{NO_ACCESS, NO_RESOURCE};
use crate::stage::{Answer, GROUP, Stage};
use crate::surface::mutate;

const REPLAY: &str = "auditEventStreamingRejectedMessagesReplay";
const PURGE: &str = "auditEventStreamingRejectedMessagesPurge";
/// The first moment of 2026.
const AT: i64 = 1_767_225_600_000;

/// A rejected message, of which so many bytes were not kept.
pub(crate) async fn reject(stage: &Stage, body: &[u8], lost: usize) -> i64 {
    let row = rejected_messages::ActiveModel {
        id: ActiveValue::NotSet,
        reason: ActiveValue::Set("event_type is missing".to_owned()),
        body: ActiveValue::Set(body.to_vec()),
        body_bytes: ActiveValue::Set((body.len() + lost).try_into().unwrap()),
        rejected_at: ActiveValue::Set(AT),
        replay_requested_at: ActiveValue::Set(None),
        claimed_until: ActiveValue::Set(0),
    };
    let row = row.insert(stage.foundation.database.writer()).await;
    row.unwrap().id
}

fn id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Streaming::RejectedMessage/{number}")
}

async fn list(stage: &Stage, caller: &Caller, arguments: &str, selection: &str) -> Answer {
    let list = format!("auditEventStreamingRejectedMessages{arguments}");
    let query = format!("{{ list: {list} {{ {selection} }} }}");
    let mut answer = stage.run(caller, &query, json!({})).await;
    answer.data = answer.data["list"].clone();
    answer
}

/// What an order was answered with, when it could be carried out or was refused in its payload.
async fn ordered(stage: &Stage, caller: &Caller, mutation: &str, input: Value) -> (Value, Value) {
    let answer = order(stage, caller, mutation, input).await;
    let payload = answer.data();
    (payload["count"].clone(), payload["errors"].clone())
}

async fn order(stage: &Stage, caller: &Caller, mutation: &str, input: Value) -> Answer {
    let count = if mutation == REPLAY {
        "accepted"
    } else {
        "purged"
    };
    mutate(
        stage,
        caller,
        mutation,
        &format!("errors count: {count}"),
        input,
    )
    .await
}

/// The bodies that are still there, with a star behind those that are to be replayed.
async fn left(stage: &Stage) -> String {
    let rows = Entity::find()
        .order_by_asc(Column::Id)
        .all(stage.foundation.database.reader())
        .await
        .unwrap();
    let shown = rows.iter().map(|row| {
        let star = row.replay_requested_at.map_or("", |_| "*");
        format!("{}{star}", String::from_utf8_lossy(&row.body))
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn an_admin_sees_why_a_message_was_rejected_and_how_it_begins() {
    on_every_database(async |stage| {
        let root = stage.known("root").await;
        let first = reject(stage, b"{\xff}", 0).await;
        let long = "ä".repeat(1_000);
        let second = reject(stage, long.as_bytes(), 7).await;
        let selection =
            "count nodes { id reason rejectedAt bodyBytes excerpt replayable replayRequestedAt }";
        let answer = list(stage, &root, "", selection).await;
        let message = |number, bytes: usize, excerpt: &str, replayable: bool| {
            json!({
                "id": id(number),
                "reason": "event_type is missing",
                "rejectedAt": "2026-01-01T00:00:00+00:00",
                "bodyBytes": bytes,
                "excerpt": excerpt,
                "replayable": replayable,
                "replayRequestedAt": null
            })
        };
        let nodes = json!([
            message(first, 3, "{\u{fffd}}", true),
            message(second, 2_007, &"ä".repeat(512), false)
        ]);
        assert_eq!(*answer.data(), json!({"count": 2, "nodes": nodes}));
    })
    .await;
}

#[tokio::test]
async fn rejected_messages_can_be_walked_from_either_end() {
    on_every_database(async |stage| {
        let root = stage.known("root").await;
        for body in ["a", "b", "c", "d"] {
            reject(stage, body.as_bytes(), 0).await;
        }
        let page = async |arguments: &str| {
            let selection =
                "nodes { excerpt } pageInfo { hasPreviousPage hasNextPage startCursor endCursor }";
            let answer = list(stage, &root, arguments, selection).await;
            let nodes = answer.data()["nodes"].as_array().unwrap().iter();
            let bodies: String = nodes
                .map(|node| node["excerpt"].as_str().unwrap())
                .collect();
            let info = answer.data["pageInfo"].clone();
            let more = (info["hasPreviousPage"] == true, info["hasNextPage"] == true);
            (bodies, more, info)
        };
        let (bodies, more, info) = page("(first: 2)").await;
        assert_eq!((bodies.as_str(), more), ("ab", (false, true)));
        let next = format!("(first: 2, after: {})", info["endCursor"]);
        let (bodies, more, info) = page(&next).await;
        assert_eq!((bodies.as_str(), more), ("cd", (true, false)));
        let back = format!("(last: 1, before: {})", info["startCursor"]);
        let (bodies, more, _) = page(&back).await;
        assert_eq!((bodies.as_str(), more), ("b", (true, true)));
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_whole_is_replayed_and_anything_can_be_purged() {
    on_every_database(async |stage| {
        let root = stage.known("root").await;
        let mut ids = Vec::new();
        for (body, lost) in [("a", 0), ("b", 0), ("part", 9), ("d", 0)] {
            ids.push(id(reject(stage, body.as_bytes(), lost).await));
        }
        let named = |at: &[usize]| {
            let named: Vec<&String> = at.iter().map(|at| &ids[*at]).collect();
            json!({ "ids": named })
        };
        let unknown = id(999_999);
        for (mutation, input, sentence) in [
            (
                REPLAY,
                named(&[0, 2]),
                format!(
                    "Cannot replay rejected messages that are kept in part: {}",
                    ids[2]
                ),
            ),
            (
                REPLAY,
                json!({"ids": [ids[0], unknown]}),
                format!("Couldn't find rejected messages: {unknown}"),
            ),
            (
                PURGE,
                json!({"ids": [ids[0], unknown]}),
                format!("Couldn't find rejected messages: {unknown}"),
            ),
        ] {
            let answer = ordered(stage, &root, mutation, input).await;
            assert_eq!(answer, (Value::Null, json!([sentence])));
        }
        assert_eq!(left(stage).await, "a b part d");
        let done = |count: u64| (json!(count), json!([]));
        assert_eq!(ordered(stage, &root, REPLAY, named(&[1])).await, done(1));
        assert_eq!(left(stage).await, "a b* part d");
        let answer = ordered(stage, &root, PURGE, named(&[1])).await;
        let sentence = format!(
            "Cannot purge rejected messages that are being replayed: {}",
            ids[1]
        );
        assert_eq!(answer, (Value::Null, json!([sentence])));
        assert_eq!(ordered(stage, &root, PURGE, named(&[3])).await, done(1));
        assert_eq!(ordered(stage, &root, REPLAY, json!({})).await, done(1));
        assert_eq!(left(stage).await, "a* b* part");
        assert_eq!(ordered(stage, &root, PURGE, json!({})).await, done(1));
        assert_eq!(left(stage).await, "a* b*");
        let answer = order(stage, &root, REPLAY, json!({"ids": []})).await;
        assert_eq!(answer.refused(), ("ids must be present", "BAD_USER_INPUT"));
    })
    .await;
}

#[tokio::test]
async fn rejected_messages_are_for_instance_admins_only() {
    on_every_database(async |stage| {
        reject(stage, b"a", 0).await;
        let owner = stage.member(GROUP, AccessLevel::Owner).await;
        for caller in [owner, Caller::anonymous()] {
            let answer = list(stage, &caller, "", "count").await;
            assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
            for mutation in [REPLAY, PURGE] {
                // Before anything that is wrong with the input.
                for input in [json!({}), json!({"ids": []})] {
                    let answer = order(stage, &caller, mutation, input).await;
                    assert_eq!(answer.refused(), (NO_ACCESS, "FORBIDDEN"));
                }
            }
        }
        assert_eq!(left(stage).await, "a");
    })
    .await;
}

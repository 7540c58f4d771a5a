//! What a destination never took: listing, replaying and purging it on every surface.

use api_service::auth::Caller;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait as _, ActiveValue, EntityTrait as _, QueryOrder as _};
use serde_json::{Value, json};
use shared::entities::dead_letters::{self, Column, Entity, Model};

use crate::databases::on_every_database;
use crate::level::NO_RESOURCE;
use crate::stage::{Answer, Stage};
use crate::surface::{Surface, mutate, number, on_every_surface, on_every_surface_with};

const REPLAY: &str = "auditEventStreamingDeadLettersReplay";
const PURGE: &str = "auditEventStreamingDeadLettersPurge";
/// The first moment of 2026.
const FIRST: i64 = 1_767_225_600_000;
const DAY: i64 = 24 * 60 * 60 * 1_000;
const URL: &str = "https://1.1.1.1/logs";
const FIELDS: &str = "id eventId eventType body attempts lastStatus lastError firstAttemptAt lastAttemptAt diedAt replayRequestedAt";

/// A dead letter of a destination; `name` is the event's id.
pub(crate) async fn bury(stage: &Stage, destination_id: i64, name: &str) -> i64 {
    let row = dead_letters::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(destination_id),
        event_id: ActiveValue::Set(name.to_owned()),
        event_type: ActiveValue::Set("user_created".to_owned()),
        body: ActiveValue::Set(json!({ "id": name }).to_string().into_bytes()),
        attempts: ActiveValue::Set(3),
        last_status: ActiveValue::Set(Some(503)),
        last_error: ActiveValue::Set("it answered with status 503".to_owned()),
        first_seen_at: ActiveValue::Set(FIRST),
        died_at: ActiveValue::Set(FIRST + 7 * DAY),
        last_attempt_at: ActiveValue::Set(Some(FIRST + 7 * DAY - 1_000)),
        replay_requested_at: ActiveValue::Set(None),
        claimed_until: ActiveValue::Set(0),
    };
    let row = row.insert(stage.foundation.database.writer()).await;
    row.unwrap().id
}

fn id(number: i64) -> String {
    format!("gid://gitlab/AuditEvents::Streaming::DeadLetter/{number}")
}

async fn rows(stage: &Stage) -> Vec<Model> {
    Entity::find()
        .order_by_asc(Column::Id)
        .all(stage.foundation.database.reader())
        .await
        .unwrap()
}

/// The ids of the events that are still there, with a star behind those that are to be replayed.
pub(crate) async fn left(stage: &Stage) -> String {
    let star = |row: &Model| {
        if row.replay_requested_at.is_some() {
            "*"
        } else {
            ""
        }
    };
    let rows = rows(stage).await;
    let names = rows
        .iter()
        .map(|row| format!("{}{}", row.event_id, star(row)));
    names.collect::<Vec<_>>().join(" ")
}

/// The connection of dead letters of each destination.
async fn of_each(
    stage: &Stage,
    surface: Surface,
    caller: &Caller,
    arguments: &str,
    selection: &str,
) -> Vec<Value> {
    let nodes = format!("nodes {{ deadLetters{arguments} {{ {selection} }} }}");
    let answer = surface.connection(stage, caller, "", &nodes).await;
    let nodes = answer.data()["nodes"].as_array().unwrap().iter();
    nodes.map(|node| node["deadLetters"].clone()).collect()
}

async fn order(stage: &Stage, caller: &Caller, mutation: &str, input: Value) -> Answer {
    let count = if mutation == REPLAY {
        "accepted"
    } else {
        "purged"
    };
    let selection = format!("errors clientMutationId count: {count}");
    mutate(stage, caller, mutation, &selection, input).await
}

/// What an order was answered with, when it could be carried out or was refused in its payload.
async fn ordered(stage: &Stage, caller: &Caller, mutation: &str, input: Value) -> (Value, Value) {
    let answer = order(stage, caller, mutation, input).await;
    let payload = answer.data();
    (payload["count"].clone(), payload["errors"].clone())
}

#[tokio::test]
async fn who_may_see_a_destination_sees_what_it_never_took() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let buried = bury(stage, number(&made["id"]), "a").await;
        let selection = format!("count nodes {{ {FIELDS} }}");
        let shown = of_each(stage, surface, ada, "", &selection).await;
        let expected = json!({
            "id": id(buried),
            "eventId": "a",
            "eventType": "user_created",
            "body": "{\"id\":\"a\"}",
            "attempts": 3,
            "lastStatus": 503,
            "lastError": "it answered with status 503",
            "firstAttemptAt": "2026-01-01T00:00:00+00:00",
            "lastAttemptAt": "2026-01-07T23:59:59+00:00",
            "diedAt": "2026-01-08T00:00:00+00:00",
            "replayRequestedAt": null
        });
        assert_eq!(shown, [json!({"count": 1, "nodes": [expected]})]);
    })
    .await;
}

#[tokio::test]
async fn the_dead_letters_of_each_destination_can_be_walked_from_either_end() {
    on_every_surface(async |stage, surface, ada| {
        let mut numbers = Vec::new();
        for at in 0..3 {
            let made = surface.created(stage, ada, &format!("{URL}/{at}")).await;
            numbers.push(number(&made["id"]));
        }
        // In turns, so that the numbers of one destination's are not in a row.
        let mut cursors = Vec::new();
        for name in ["a", "b", "c", "d"] {
            for of in &numbers[..2] {
                bury(stage, *of, name).await;
            }
            let selection = "pageInfo { endCursor }";
            let shown = of_each(stage, surface, ada, "", selection).await;
            cursors.push(
                shown[0]["pageInfo"]["endCursor"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        let page = async |arguments: &str| {
            let selection = "count nodes { eventId } pageInfo { hasPreviousPage hasNextPage }";
            let shown = of_each(stage, surface, ada, arguments, selection).await;
            let page = |list: &Value| {
                let nodes = list["nodes"].as_array().unwrap().iter();
                let names: String = nodes
                    .map(|node| node["eventId"].as_str().unwrap())
                    .collect();
                let info = &list["pageInfo"];
                let more = (info["hasPreviousPage"] == true, info["hasNextPage"] == true);
                (list["count"].as_i64().unwrap(), names, more)
            };
            shown.iter().map(page).collect::<Vec<_>>()
        };
        let [_, b, c, _] = &cursors[..] else {
            panic!("{cursors:?}")
        };
        let after = |cursor: &str| format!("(first: 2, after: \"{cursor}\")");
        let before = |cursor: &str| format!("(last: 1, before: \"{cursor}\")");
        for (arguments, first, second) in [
            ("(first: 2)", ("ab", (false, true)), ("ab", (false, true))),
            ("(last: 3)", ("bcd", (true, false)), ("bcd", (true, false))),
            // The second destination's stand one place behind those of the first.
            (&after(b), ("cd", (true, false)), ("bc", (true, true))),
            (&before(c), ("b", (true, true)), ("b", (true, true))),
            ("(first: 0)", ("", (false, true)), ("", (false, true))),
        ] {
            let list = |(names, more): (&str, _)| (4, names.to_owned(), more);
            let empty = (0, String::new(), (false, false));
            let expected = [list(first), list(second), empty];
            assert_eq!(page(arguments).await, expected, "{arguments}");
        }
    })
    .await;
}

#[tokio::test]
async fn arguments_that_make_no_page_are_refused() {
    on_every_surface(async |stage, surface, ada| {
        surface.created(stage, ada, URL).await;
        let nodes = "nodes { deadLetters(first: -1) { count } }";
        let answer = surface.connection(stage, ada, "", nodes).await;
        let expected = ("`first` and `last` must not be negative", "BAD_USER_INPUT");
        assert_eq!(answer.refused(), expected);
    })
    .await;
}

#[tokio::test]
async fn all_dead_letters_of_a_destination_are_marked_for_replay_and_counted_once() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let other = surface.created(stage, ada, "https://1.1.1.1/other").await;
        for name in ["a", "b", "c"] {
            bury(stage, number(&made["id"]), name).await;
        }
        bury(stage, number(&other["id"]), "x").await;
        let input = json!({"destinationId": made["id"], "clientMutationId": "m"});
        let answer = order(stage, ada, REPLAY, input.clone()).await;
        let expected = json!({"errors": [], "clientMutationId": "m", "count": 3});
        assert_eq!(*answer.data(), expected);
        assert_eq!(left(stage).await, "a* b* c* x");
        let input = json!({"destinationId": made["id"], "ids": null});
        assert_eq!(
            ordered(stage, ada, REPLAY, input).await,
            (json!(0), json!([]))
        );
        let selection = "nodes { replayRequestedAt }";
        let shown = of_each(stage, surface, ada, "", selection).await;
        assert!(
            shown[0]["nodes"][0]["replayRequestedAt"].is_string(),
            "{shown:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn those_that_are_named_are_replayed_or_purged_all_or_none() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let other = surface.created(stage, ada, "https://1.1.1.1/other").await;
        let mut ids = Vec::new();
        for name in ["a", "b", "c", "d"] {
            ids.push(id(bury(stage, number(&made["id"]), name).await));
        }
        let foreign = id(bury(stage, number(&other["id"]), "x").await);
        let unknown = id(999_999);
        let named = |ids: &[&String]| json!({"destinationId": made["id"], "ids": ids});
        for mutation in [REPLAY, PURGE] {
            for strange in [&foreign, &unknown] {
                let answer = ordered(stage, ada, mutation, named(&[&ids[0], strange])).await;
                let sentence = format!("Couldn't find dead letters: {strange}");
                assert_eq!(answer, (Value::Null, json!([sentence])));
            }
        }
        assert_eq!(left(stage).await, "a b c d x");
        let answer = ordered(stage, ada, REPLAY, named(&[&ids[0], &ids[1], &ids[0]])).await;
        assert_eq!(answer, (json!(2), json!([])));
        let answer = ordered(stage, ada, REPLAY, named(&[&ids[1], &ids[2]])).await;
        assert_eq!(answer, (json!(1), json!([])));
        assert_eq!(left(stage).await, "a* b* c* d x");
        let answer = ordered(stage, ada, PURGE, named(&[&ids[3]])).await;
        assert_eq!(answer, (json!(1), json!([])));
        assert_eq!(left(stage).await, "a* b* c* x");
    })
    .await;
}

#[tokio::test]
async fn what_is_being_replayed_is_not_purged() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let mut ids = Vec::new();
        for name in ["a", "b", "c"] {
            ids.push(id(bury(stage, number(&made["id"]), name).await));
        }
        let named = |ids: &[String]| json!({"destinationId": made["id"], "ids": ids});
        ordered(stage, ada, REPLAY, named(&ids[..1])).await;
        let answer = ordered(stage, ada, PURGE, named(&ids[..2])).await;
        let sentence = format!(
            "Cannot purge dead letters that are being replayed: {}",
            ids[0]
        );
        assert_eq!(answer, (Value::Null, json!([sentence])));
        assert_eq!(left(stage).await, "a* b c");
        let input = json!({"destinationId": made["id"]});
        assert_eq!(
            ordered(stage, ada, PURGE, input).await,
            (json!(2), json!([]))
        );
        assert_eq!(left(stage).await, "a*");
    })
    .await;
}

#[tokio::test]
async fn a_list_without_ids_or_with_too_many_is_refused() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        bury(stage, number(&made["id"]), "a").await;
        let many: Vec<String> = (1..=1_001).map(id).collect();
        let wrong = "gid://gitlab/User/1";
        for mutation in [REPLAY, PURGE] {
            for (ids, expected) in [
                (json!([]), "ids must be present"),
                (json!(many), "ids can have at most 1000 items"),
                (
                    json!([wrong]),
                    "does not represent an instance of AuditEvents::Streaming::DeadLetter",
                ),
            ] {
                let input = json!({"destinationId": made["id"], "ids": ids});
                let answer = order(stage, ada, mutation, input).await;
                let (message, code) = answer.refused();
                assert!(message.contains(expected), "{message}");
                assert_eq!(code, "BAD_USER_INPUT");
            }
        }
        assert_eq!(left(stage).await, "a");
    })
    .await;
}

#[tokio::test]
async fn an_unknown_destination_has_no_dead_letters() {
    on_every_surface(async |stage, surface, ada| {
        for mutation in [REPLAY, PURGE] {
            let input = json!({"destinationId": surface.id(999)});
            let answer = order(stage, ada, mutation, input).await;
            assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
        }
    })
    .await;
}

#[tokio::test]
async fn the_dead_letters_of_50_destinations_take_as_many_statements_as_those_of_one() {
    let settings = [("LIMITS__DESTINATIONS", "0")];
    on_every_surface_with(&settings, async |stage, surface, ada| {
        let arguments = "(first: 3, after: \"aWQ6MQ\", before: \"aWQ6OTk5OTk\")";
        let mut counts = Vec::new();
        for (from, to) in [(0, 1), (1, 50)] {
            for at in from..to {
                let made = surface.created(stage, ada, &format!("{URL}/{at}")).await;
                for name in ["a", "b"] {
                    bury(stage, number(&made["id"]), name).await;
                }
            }
            let before = stage.statements();
            let selection = "count nodes { eventId body } pageInfo { hasNextPage }";
            let shown = of_each(stage, surface, ada, arguments, selection).await;
            counts.push(stage.statements() - before);
            assert_eq!(shown.len(), to);
            assert!(shown.iter().all(|list| list["count"] == 2), "{shown:?}");
        }
        assert_eq!(counts[0], counts[1], "{surface:?}");
    })
    .await;
}

#[tokio::test]
async fn an_answer_holds_at_most_32_mib_of_events() {
    on_every_database(async |stage| {
        let (surface, ada) = (Surface::LegacyInstance, stage.user("ada", true).await);
        let made = surface.created(stage, &ada, URL).await;
        for name in 0..33 {
            bury(stage, number(&made["id"]), &name.to_string()).await;
        }
        Entity::update_many()
            .col_expr(Column::Body, Expr::value(vec![b' '; 1024 * 1024]))
            .exec(stage.foundation.database.writer())
            .await
            .unwrap();
        let nodes = "nodes { deadLetters { nodes { body } } }";
        let answer = surface.connection(stage, &ada, "", nodes).await;
        let (message, code) = answer.refused();
        assert_eq!(code, "ANSWER_TOO_LARGE");
        assert!(message.contains("33554432 bytes"), "{message}");
        let shown = &answer.data["nodes"][0]["deadLetters"]["nodes"];
        let whole = |node: &&Value| node["body"].is_string();
        assert_eq!(shown.as_array().unwrap().iter().filter(whole).count(), 32);
    })
    .await;
}

//! Test events, as owners send them, with a worker that is played here.

use serde_json::{Value, json};
use shared::queue::{Answer as Answered, Tried};

use crate::databases::on_every_database;
use crate::level::NO_RESOURCE;
use crate::stage::Stage;
use crate::surface::{Surface, mutate, number, on_every_surface};

const TEST: &str = "auditEventStreamingDestinationTest";
const SELECTION: &str =
    "errors clientMutationId delivered status durationMs error response eventId";
const URL: &str = "https://1.1.1.1/logs";

/// Whether there is a queue: only with SQLite.
fn has_queue(stage: &Stage) -> bool {
    stage.foundation.queue.is_connected()
}

#[tokio::test]
async fn the_worker_gets_a_valid_event_for_the_destination_and_its_answer_is_told() {
    on_every_surface(async |stage, surface, ada| {
        if !has_queue(stage) {
            return;
        }
        let mut questions = stage.foundation.queue.questions();
        let made = surface.created(stage, ada, URL).await;
        let version = stage.app().versions.current().await;
        for (answered, expected) in [
            (
                Tried {
                    status: Some(200),
                    duration_ms: 12,
                    error: None,
                    response: Some("thanks".to_owned()),
                },
                json!({"delivered": true, "status": 200, "durationMs": 12, "error": null, "response": "thanks"}),
            ),
            (
                Tried {
                    status: None,
                    duration_ms: u64::MAX,
                    error: Some("cannot connect".to_owned()),
                    response: None,
                },
                json!({"delivered": false, "status": null, "durationMs": i32::MAX, "error": "cannot connect", "response": null}),
            ),
        ] {
            let input = json!({"destinationId": made["id"], "clientMutationId": "m"});
            let worker = async {
                let question = questions.next().await.unwrap();
                let message = question.message.clone();
                question.answer(Answered::Tried(answered));
                message
            };
            let asked = mutate(stage, ada, TEST, SELECTION, input);
            let (answer, message) = tokio::join!(asked, worker);
            let event: Value = serde_json::from_slice(&message.body).unwrap();
            let mut expected = expected;
            expected["errors"] = json!([]);
            expected["clientMutationId"] = json!("m");
            expected["eventId"] = event["id"].clone();
            assert_eq!(*answer.data(), expected);
            assert_eq!(message.headers.destination_id, Some(number(&made["id"])));
            assert_eq!(message.headers.config_version, Some(version));
            assert_eq!(event["event_type"], "audit_event_streaming_destination_test");
            assert_eq!(event["target_id"], number(&made["id"]));
            assert_eq!(event["target_type"], surface.class());
        }
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_cannot_try_is_told_in_a_sentence() {
    on_every_surface(async |stage, surface, ada| {
        if !has_queue(stage) {
            return;
        }
        let mut questions = stage.foundation.queue.questions();
        let made = surface.created(stage, ada, URL).await;
        for (answered, sentence) in [
            (
                Some(Answered::NoDestination),
                "The destination does not exist any more",
            ),
            (
                Some(Answered::NoConfiguration),
                "The delivery worker cannot read the destination, try again later",
            ),
            (
                None,
                "The answer of the delivery worker was lost, try again",
            ),
        ] {
            let input = json!({"destinationId": made["id"]});
            let worker = async {
                let question = questions.next().await.unwrap();
                if let Some(answered) = answered {
                    question.answer(answered);
                }
            };
            let asked = mutate(stage, ada, TEST, SELECTION, input);
            let (answer, ()) = tokio::join!(asked, worker);
            assert_eq!(answer.data()["errors"], json!([sentence]));
            assert_eq!(answer.data["delivered"], Value::Null);
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_queue_or_a_worker_a_sentence_says_so() {
    on_every_database(async |stage| {
        let root = stage.known("root").await;
        for surface in Surface::ALL {
            let url = format!("{URL}?{surface:?}");
            let made = surface.created(stage, &root, &url).await;
            let input = json!({"destinationId": made["id"]});
            let answer = mutate(stage, &root, TEST, SELECTION, input).await;
            let sentence = if has_queue(stage) {
                "No delivery worker is running"
            } else {
                "The queue is not available, try again later"
            };
            assert_eq!(answer.data()["errors"], json!([sentence]));
            assert_eq!(answer.data["delivered"], Value::Null);
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_destination_or_what_is_none_is_refused() {
    on_every_surface(async |stage, surface, ada| {
        let unknown = surface.id(999);
        for (id, expected) in [
            (unknown.as_str(), (NO_RESOURCE, "FORBIDDEN")),
            ("7", ("\"7\" is not a valid Global ID", "BAD_USER_INPUT")),
        ] {
            let input = json!({"destinationId": id});
            let answer = mutate(stage, ada, TEST, SELECTION, input).await;
            assert_eq!(answer.refused(), expected);
            assert_eq!(answer.data, Value::Null);
        }
    })
    .await;
}

#[tokio::test]
async fn a_test_changes_and_tells_nothing() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let before = (stage.audited().await, stage.app().versions.current().await);
        let input = json!({"destinationId": made["id"]});
        mutate(stage, ada, TEST, SELECTION, input).await.data();
        let after = (stage.audited().await, stage.app().versions.current().await);
        assert_eq!(after, before);
    })
    .await;
}

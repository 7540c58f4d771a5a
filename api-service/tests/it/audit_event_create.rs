//! The mutation `auditEventCreate`.

use std::time::Duration;

use api_service::accounts::Account;
use api_service::auth::{AccessTokenScope, Caller};
use serde_json::{Value, json};
use shared::config::QueueBackend;
use shared::queue::{Settlement, Source};

use crate::databases::on_every_database;
use crate::level::NO_ACCESS;
use crate::stage::{Stage, caller};

pub(crate) const MUTATION: &str = "mutation($input: AuditEventCreateInput!) { auditEventCreate(input: $input) { clientMutationId errors auditEvent { id eventType } } }";

pub(crate) fn with_scopes(scopes: &[AccessTokenScope]) -> Caller {
    let account = Account {
        id: 7,
        username: "producer".to_owned(),
        name: "Producer".to_owned(),
        admin: false,
    };
    caller(account, scopes)
}

fn event() -> Value {
    json!({
        "eventType": "add_ssh_key",
        "authorId": 7, "authorName": "Ada",
        "entityId": 29, "entityType": "Project", "entityPath": "acme/web",
        "details": {"zebra": 1, "custom_message": "Added SSH key", "target_details": "laptop"},
    })
}

/// The event as it left: on the queue, or in the outbox where the broker is away.
pub(crate) async fn published(stage: &Stage) -> Value {
    if !matches!(
        stage.foundation.config.queue.backend,
        QueueBackend::Embedded
    ) {
        return stage.outbox().await.remove(0);
    }
    let mut deliveries = stage.foundation.queue.consume(Source::Events, 1);
    let delivery = tokio::time::timeout(Duration::from_secs(10), deliveries.next())
        .await
        .expect("the event is on the queue")
        .unwrap();
    let body = serde_json::from_slice(&delivery.message.body).unwrap();
    delivery.ack(Settlement::all([]));
    body
}

#[tokio::test]
async fn an_event_is_completed_and_published() {
    on_every_database(async |stage| {
        let producer = with_scopes(&[AccessTokenScope::Publish]);
        let mut input = event();
        input["clientMutationId"] = "m".into();
        let answer = stage
            .run(&producer, MUTATION, json!({ "input": input }))
            .await;
        let payload = &answer.data()["auditEventCreate"];
        assert_eq!(payload["errors"], json!([]));
        assert_eq!(payload["clientMutationId"], "m");
        assert_eq!(payload["auditEvent"]["eventType"], "add_ssh_key");
        let body = published(stage).await;
        assert_eq!(body["id"], payload["auditEvent"]["id"]);
        assert_eq!(body["author_name"], "Ada");
        assert_eq!(body["entity_path"], "acme/web");
        assert_eq!(body["target_details"], "laptop");
        assert_eq!(body["target_id"], Value::Null);
        assert_eq!(body["details"], event()["details"]);
        assert!(body.get("client_mutation_id").is_none());
    })
    .await;
}

#[tokio::test]
async fn every_argument_is_taken_over() {
    on_every_database(async |stage| {
        let producer = with_scopes(&AccessTokenScope::ALL);
        let mut input = event();
        let more = json!({
            "id": "evt_1", "ipAddress": "192.0.2.1", "targetId": 3, "targetType": "Key",
            "targetDetails": "desktop", "createdAt": "2022-07-26T05:43:53.662Z",
        });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = stage
            .run(&producer, MUTATION, json!({ "input": input }))
            .await;
        assert_eq!(
            answer.data()["auditEventCreate"]["auditEvent"]["id"],
            "evt_1"
        );
        let body = published(stage).await;
        for (field, value) in [
            ("id", json!("evt_1")),
            ("ip_address", json!("192.0.2.1")),
            ("target_id", json!(3)),
            ("target_type", json!("Key")),
            ("target_details", json!("desktop")),
            ("created_at", json!("2022-07-26T05:43:53.662Z")),
        ] {
            assert_eq!(body[field], value, "{field}");
        }
    })
    .await;
}

#[tokio::test]
async fn numbers_have_64_bits_and_come_as_numbers_or_strings() {
    on_every_database(async |stage| {
        let producer = with_scopes(&[AccessTokenScope::Publish]);
        let literal = r#"mutation { auditEventCreate(input: {eventType: "add_ssh_key", authorId: 9223372036854775807, authorName: "Ada", entityId: "-9223372036854775808", entityType: "Project", entityPath: "acme/web", targetId: "7", details: {}}) { errors } }"#;
        let mut input = event();
        input["authorId"] = json!(i64::MAX);
        input["entityId"] = json!(i64::MIN.to_string());
        input["targetId"] = json!("7");
        for (query, variables) in [(literal, json!({})), (MUTATION, json!({ "input": input }))] {
            let answer = stage.run(&producer, query, variables).await;
            assert_eq!(answer.data()["auditEventCreate"]["errors"], json!([]));
            let body = published(stage).await;
            assert_eq!(body["author_id"], i64::MAX);
            assert_eq!(body["entity_id"], i64::MIN);
            assert_eq!(body["target_id"], 7);
        }
        input["authorId"] = json!("seven");
        let answer = stage.run(&producer, MUTATION, json!({ "input": input })).await;
        let (told, code) = answer.refused();
        assert!(told.contains("must be an integer of 64 bits"), "{told}");
        assert_eq!(code, "BAD_USER_INPUT");
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_an_event_is_told_by_argument_and_nothing_is_stored() {
    on_every_database(async |stage| {
        let producer = with_scopes(&[AccessTokenScope::Publish]);
        let table = [
            (
                json!({}),
                json!([
                    "eventType is missing",
                    "authorId is missing",
                    "entityId is missing",
                    "entityType is missing",
                    "details is missing",
                    "authorName is missing",
                    "entityPath is missing"
                ]),
            ),
            (
                json!({"eventType": "no_such_type"}),
                json!("eventType is not a known event type: \"no_such_type\""),
            ),
            (json!({"details": []}), json!("details must be an object")),
            (
                json!({"entityPath": "/acme"}),
                json!("entityPath must be names parted by single slashes"),
            ),
            (
                json!({"createdAt": "2026-01-01 00:00:00Z"}),
                json!("createdAt must be a date and time"),
            ),
            (json!({"id": "with blank"}), json!("id must be an integer")),
            (
                json!({"createdAt": "yesterday"}),
                json!("createdAt must be a date and time"),
            ),
        ];
        for (change, expected) in table {
            let mut input = if expected.is_array() {
                json!({})
            } else {
                event()
            };
            let change = change.as_object().unwrap();
            input.as_object_mut().unwrap().extend(change.clone());
            let answer = stage
                .run(&producer, MUTATION, json!({ "input": input }))
                .await;
            let payload = &answer.data()["auditEventCreate"];
            assert_eq!(payload["auditEvent"], Value::Null);
            match expected {
                Value::String(start) => {
                    let told = payload["errors"][0].as_str().unwrap();
                    assert!(told.starts_with(&start), "{told}");
                }
                all => assert_eq!(payload["errors"], all),
            }
        }
        stage.assert_untouched().await;
    })
    .await;
}

#[tokio::test]
async fn it_needs_the_publish_scope() {
    on_every_database(async |stage| {
        let api_only = with_scopes(&[AccessTokenScope::Api]);
        for (caller, sentence) in [
            (Caller::anonymous(), NO_ACCESS),
            (api_only, "The token does not have the scope PUBLISH"),
        ] {
            let answer = stage
                .run(&caller, MUTATION, json!({ "input": event() }))
                .await;
            assert_eq!(answer.refused(), (sentence, "FORBIDDEN"));
            assert_eq!(answer.data, json!({"auditEventCreate": null}));
        }
        stage.assert_untouched().await;
    })
    .await;
}

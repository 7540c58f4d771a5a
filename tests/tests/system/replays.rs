//! What was set aside is brought to where it should have gone.

use sea_orm::{ActiveModelTrait as _, ActiveValue, EntityTrait as _, PaginatorTrait as _};
use serde_json::json;
use shared::entities::{dead_letters, rejected_messages};
use tests::backend::Backend;
use tests::database::connect;
use tests::events::complete_event;
use tests::rejected::reject;
use tests::scenario::{receiving, until_received, until_routed_by_version, willing};
use tests::system::{Administer as _, Setup};
use tests::wait::until;
use tests::{on_backend, on_every_backend};

on_every_backend!(replayed_dead_letters_reach_their_destination_and_are_gone);
on_backend!(
    over_amqp_with_postgres,
    RabbitPostgres,
    a_replayed_message_is_published_as_it_is
);

async fn replayed_dead_letters_reach_their_destination_and_are_gone(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let (receiver, other) = (willing(), willing());
    client.create_group("acme", None).await;
    let destination = client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    client
        .create_group_destination("acme", &other.url("/"))
        .await;
    let database = connect(&system.database_url()).await;
    let id = destination["id"].as_str().unwrap();
    let number = id.rsplit('/').next().unwrap().parse().unwrap();
    // More than a relay takes at once.
    let ids: Vec<String> = (0..100).map(|number| format!("dead-{number}")).collect();
    for event_id in &ids {
        let body = complete_event(event_id, "acme", "user_created").to_string();
        let row = dead_letters::ActiveModel {
            id: ActiveValue::NotSet,
            destination_id: ActiveValue::Set(number),
            event_id: ActiveValue::Set(event_id.clone()),
            event_type: ActiveValue::Set("user_created".to_owned()),
            body: ActiveValue::Set(body.into_bytes()),
            attempts: ActiveValue::Set(9),
            last_status: ActiveValue::Set(None),
            last_error: ActiveValue::Set("connection refused".to_owned()),
            first_seen_at: ActiveValue::Set(1),
            died_at: ActiveValue::Set(2),
            last_attempt_at: ActiveValue::Set(Some(2)),
            replay_requested_at: ActiveValue::Set(None),
            claimed_until: ActiveValue::Set(0),
        };
        row.insert(&database).await.unwrap();
    }
    let replay = "mutation($id: ID!) { auditEventStreamingDeadLettersReplay(input: {destinationId: $id}) { errors accepted } }";
    let answer = client
        .graphql_ok(replay, json!({ "id": id }))
        .await
        .unwrap();
    let payload = &answer["auditEventStreamingDeadLettersReplay"];
    assert_eq!(*payload, json!({"errors": [], "accepted": 100}));
    until_received("each dead letter", &receiver, |got| {
        let has = |id: &String| got.iter().any(|one| one.event_id == *id);
        ids.iter().all(has)
    })
    .await;
    until("a table without dead letters", async || {
        let left = dead_letters::Entity::find().count(&database).await.ok()?;
        (left == 0).then_some(())
    })
    .await;
    let elsewhere = other.received();
    let mut elsewhere = elsewhere.iter().map(|one| &one.event_id);
    assert!(!elsewhere.any(|id| ids.contains(id)));
    system.stop().await;
}

async fn a_replayed_message_is_published_as_it_is(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = receiving(&client).await;
    // A producer's message without a version is routed by what the worker knows.
    until_routed_by_version(system.workers[0].address(), 1).await;
    let database = connect(&system.database_url()).await;
    let valid = format!(" {}", complete_event("again", "acme", "a_type_of_our_own"));
    for body in [valid.as_str(), "not JSON"] {
        reject(&database, "before", body.as_bytes(), body.len()).await;
    }
    let replay =
        "mutation { auditEventStreamingRejectedMessagesReplay(input: {}) { errors accepted } }";
    let answer = client.graphql_ok(replay, json!({})).await.unwrap();
    let payload = &answer["auditEventStreamingRejectedMessagesReplay"];
    assert_eq!(*payload, json!({"errors": [], "accepted": 2}));
    until_received("the event", &receiver, |got| {
        got.iter().any(|one| one.event_id == "again")
    })
    .await;
    let got = receiver.received();
    let got = got.iter().find(|one| one.event_id == "again").unwrap();
    assert_eq!(got.body, valid.as_bytes());
    until("a new row of what is still no event", async || {
        let rows = rejected_messages::Entity::find()
            .all(&database)
            .await
            .ok()?;
        let [only] = &rows[..] else { return None };
        (only.body == b"not JSON" && only.reason != "before").then_some(())
    })
    .await;
    system.stop().await;
}

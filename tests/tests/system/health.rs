//! What an owner sees of a destination, and does about it.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use standalone::client::Client;
use tests::backend::Backend;
use tests::events::ids;
use tests::on_every_backend;
use tests::scenario::{all_arrived, moody, publish};
use tests::system::{Administer as _, Setup};
use tests::wait::until;

on_every_backend!(
    an_owner_sees_trouble_and_its_end,
    what_waits_can_be_moved_to_the_dead_letters_and_replayed,
);

const HEALTH: &str = "{ group(fullPath: \"acme\") { externalAuditEventDestinations { nodes {
    health {
        state since backlogSize backlogOldestAt nextAttemptAt lastSuccessAt
        lastFailure { at status error response }
        stats { delivered failed lagMs }
        failedAttempts { eventId eventType status error durationMs }
    }
    deadLetters { count nodes { eventId lastStatus lastError } }
} } } }";

async fn destination(client: &Client) -> Value {
    let mut data = client.graphql_ok(HEALTH, json!(null)).await.unwrap();
    data["group"]["externalAuditEventDestinations"]["nodes"][0].take()
}

/// Waits until the destination looks so.
async fn until_seen(what: &str, client: &Client, seen: impl Fn(&Value) -> bool) -> Value {
    until(what, async || {
        let destination = destination(client).await;
        seen(&destination).then_some(destination)
    })
    .await
}

async fn an_owner_sees_trouble_and_its_end(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let (receiver, well) = moody(false);
    client.create_group("acme", None).await;
    client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let ids = ids("event", 20);
    publish(&client, &ids).await;
    // The events, and the one of the creation.
    let seen = until_seen("trouble", &client, |destination| {
        let health = &destination["health"];
        health["state"] == "TROUBLED"
            && health["backlogSize"] == 21
            && health["lastFailure"]["status"] == 503
    })
    .await;
    let health = &seen["health"];
    for field in ["since", "backlogOldestAt", "nextAttemptAt"] {
        assert!(health[field].is_string(), "{field}: {health}");
    }
    assert!(health["lastSuccessAt"].is_null(), "{health}");
    let attempts = health["failedAttempts"].as_array().unwrap();
    assert!(!attempts.is_empty());
    assert!(attempts.iter().all(|one| one["status"] == 503), "{health}");
    well.store(true, Ordering::SeqCst);
    all_arrived(&receiver, &ids).await;
    let seen = until_seen("the end of it", &client, |destination| {
        let health = &destination["health"];
        let delivered: i64 = health["stats"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|minute| minute["delivered"].as_i64())
            .sum();
        health["state"] == "HEALTHY" && delivered == 21
    })
    .await;
    assert!(seen["health"]["lastSuccessAt"].is_string());
    let minutes = seen["health"]["stats"].as_array().unwrap();
    let waited = |minute: &Value| minute["lagMs"].as_i64().is_some_and(|lag| lag > 0);
    assert!(minutes.iter().any(waited), "{minutes:?}");
    system.stop().await;
}

async fn what_waits_can_be_moved_to_the_dead_letters_and_replayed(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let (receiver, well) = moody(false);
    client.create_group("acme", None).await;
    let made = client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let ids = ids("event", 20);
    publish(&client, &ids).await;
    until_seen("a backlog", &client, |destination| {
        destination["health"]["backlogSize"] == 21
    })
    .await;
    let purge = "mutation($input: AuditEventStreamingLanePurgeInput!) {
        auditEventStreamingLanePurge(input: $input) { errors }
    }";
    let input = json!({"input": {"destinationId": made["id"]}});
    client.graphql_ok(purge, input.clone()).await.unwrap();
    let seen = until_seen("dead letters", &client, |destination| {
        destination["deadLetters"]["count"] == 21
    })
    .await;
    let letters = seen["deadLetters"]["nodes"].as_array().unwrap();
    assert!(
        letters.iter().all(|letter| {
            let error = letter["lastError"].as_str().unwrap_or_default();
            error.starts_with("moved to the dead letters by its owner")
        }) && letters.iter().any(|letter| letter["lastStatus"] == 503),
        "{letters:?}"
    );
    well.store(true, Ordering::SeqCst);
    let replay = "mutation($input: AuditEventStreamingDeadLettersReplayInput!) {
        auditEventStreamingDeadLettersReplay(input: $input) { accepted errors }
    }";
    let replayed = client.graphql_ok(replay, input).await.unwrap();
    let answer = &replayed["auditEventStreamingDeadLettersReplay"];
    assert_eq!(answer, &json!({"accepted": 21, "errors": []}));
    all_arrived(&receiver, &ids).await;
    until_seen("no dead letters", &client, |destination| {
        destination["deadLetters"]["count"] == 0
    })
    .await;
    system.stop().await;
}

//! `auditstream tail`, and what it asks the API.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use standalone::client::Client;
use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::events::event;
use tests::scenario::willing;
use tests::system::{Administer as _, Setup, System};
use tests::wait::{until, within_deadline};
use tests::{on_backend, on_every_backend};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::ChildStderr;

use super::{Done, Running, auditstream};

on_every_backend!(
    deliveries_are_shown_as_they_are_tried,
    nobody_watches_what_is_administered_by_others,
);
on_backend!(
    embedded,
    EmbeddedSqlite,
    who_may_no_more_watches_no_more,
    new_destinations_are_watched_and_destroyed_ones_no_more,
    a_service_that_ends_does_not_wait_for_who_watches
);

/// How long one waits for a line before one more event is published.
const SHORTLY: Duration = Duration::from_millis(300);

/// Publishes until an event is told of: those before workers know that somebody watches are not.
async fn first_line(tail: &mut Running, client: &Client) -> String {
    let published = AtomicUsize::new(0);
    until("a line", async || {
        let number = published.fetch_add(1, Ordering::Relaxed);
        let id = format!("event-{number}");
        client
            .publish_all(vec![event(&id, "acme", "user_created")])
            .await;
        let line = tokio::time::timeout(SHORTLY, tail.lines.next_line()).await;
        // The creation of a destination is an event too.
        let line = line.ok()?.unwrap();
        line.filter(|line| line.contains("user_created"))
    })
    .await
}

async fn deliveries_are_shown_as_they_are_tried(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let (taking, other) = (willing(), willing());
    let refusing = Receiver::start(([127, 0, 0, 1], 0).into(), Arc::new(|_| 503)).unwrap();
    client.create_group("acme", None).await;
    let first = client
        .create_group_destination("acme", &taking.url("/"))
        .await;
    client
        .create_group_destination("acme", &other.url("/"))
        .await;
    client.create_instance_destination(&refusing.url("/")).await;

    let name = first["name"].as_str().unwrap();
    let command = ["tail", "--json", "--destination", name];
    let mut tail = Running::start(auditstream(&system, &command));
    let told: Value = serde_json::from_str(&first_line(&mut tail, &client).await).unwrap();
    let number = first["id"].as_str().unwrap().rsplit('/').next().unwrap();
    let id = format!("gid://gitlab/AuditEvents::Group::ExternalStreamingDestination/{number}");
    for (field, value) in [
        ("destinationId", json!(id)),
        ("eventType", json!("user_created")),
        ("outcome", json!("delivered")),
        ("status", json!(200)),
        ("error", Value::Null),
    ] {
        assert_eq!(told[field], value, "{told}");
    }
    // Nothing of the other destinations, which got the same events.
    let last = event("last", "acme", "user_created");
    client.publish_all(vec![last]).await;
    let mut ids = vec![told["eventId"].clone()];
    while ids.last().unwrap() != "last" {
        let told = tail.next_json().await;
        assert_eq!(told["destinationId"], id, "{told}");
        ids.push(told["eventId"].clone());
    }
    let count = ids.len();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), count, "each is told once");
    let done = tail.interrupt().await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(done.stderr, "watching 1 destination\n");

    let mut tail = Running::start(auditstream(&system, &["tail"]));
    first_line(&mut tail, &client).await;
    let failed = until("an attempt that failed", async || {
        let line = within_deadline("a line", tail.lines.next_line()).await;
        line.unwrap().filter(|line| line.contains("  503  "))
    })
    .await;
    assert!(failed.contains("troubled"), "{failed}");
    assert!(
        failed.ends_with("the receiver answered with status 503"),
        "{failed}"
    );
    // As `head` does.
    drop(tail.lines);
    client
        .publish_all(vec![event("unseen", "acme", "user_created")])
        .await;
    let done: Done = within_deadline("its end", tail.child.wait_with_output())
        .await
        .unwrap()
        .into();
    assert_eq!(done.code, Some(0), "{done:?}");
    system.stop().await;
}

async fn status(client: &Client, query: &str) -> u16 {
    let path = format!("/api/v1/deliveries{query}");
    let response = client.follow(&path).await.unwrap();
    response.status().as_u16()
}

async fn nobody_watches_what_is_administered_by_others(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    for group in ["acme", "other"] {
        client.create_group(group, None).await;
    }
    let own = client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let others = client
        .create_group_destination("other", &receiver.url("/"))
        .await;
    let instance = client.create_instance_destination(&receiver.url("/")).await;
    let owner = client.create_owner("grace", "acme").await;
    let owner = client.with_token(&owner);
    let anonymous = Client::new(system.api.as_ref().unwrap().address(), None);
    let [own, others, instance] =
        [own, others, instance].map(|one| one["id"].as_str().unwrap().to_owned());
    let of = |id: &str| format!("?destination_id={id}");
    let many = format!(
        "{}{}",
        of(&own),
        format!("&destination_id={own}").repeat(100)
    );
    for (who, query, expected) in [
        (&owner, of(&own), 200),
        (&owner, of(&others), 404),
        (&owner, of(&instance), 404),
        (&owner, format!("{}&destination_id={others}", of(&own)), 404),
        (&owner, of("gid://gitlab/User/1"), 400),
        (&owner, String::new(), 400),
        (&owner, many, 400),
        (&anonymous, of(&own), 401),
        (
            &client.with_token("a-token-that-nobody-made"),
            of(&own),
            401,
        ),
        (&client, of(&instance), 200),
    ] {
        assert_eq!(status(who, &query).await, expected, "{query}");
    }
    system.stop().await;
}

async fn watching(backend: Backend) -> (System, Client, Receiver) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    client.create_group("acme", None).await;
    client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    (system, client, receiver)
}

async fn who_may_no_more_watches_no_more(backend: Backend) {
    let (system, client, _receiver) = watching(backend).await;
    let token = client.create_owner("grace", "acme").await;
    let mut command = auditstream(&system, &["tail"]);
    command.env("AUDITSTREAM_TOKEN", &token);
    let mut tail = Running::start(command);
    first_line(&mut tail, &client).await;
    let revoke =
        "mutation($token: String) { accessTokenRevoke(input: {token: $token}) { errors } }";
    let revoked = client.graphql_ok(revoke, json!({ "token": token })).await;
    revoked.unwrap();
    let done = tail.end().await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.stderr.contains("the API refused (401): Invalid token"),
        "{done:?}"
    );
    system.stop().await;
}

async fn until_said(said: &mut Lines<BufReader<ChildStderr>>, text: &str) {
    until(text, async || {
        let line = within_deadline("a line", said.next_line()).await;
        line.unwrap().unwrap().contains(text).then_some(())
    })
    .await;
}

async fn new_destinations_are_watched_and_destroyed_ones_no_more(backend: Backend) {
    let (system, client, receiver) = watching(backend).await;
    let mut tail = Running::start(auditstream(&system, &["tail"]));
    let mut said = BufReader::new(tail.child.stderr.take().unwrap()).lines();
    until_said(&mut said, "watching 1 destination").await;
    let first = first_line(&mut tail, &client).await;
    let second = client
        .create_group_destination("acme", &receiver.url("/second"))
        .await;
    until_said(&mut said, "watching 2 destinations").await;
    until("a word on what was not shown", async || {
        let line = within_deadline("a line", tail.lines.next_line()).await;
        line.unwrap().unwrap().starts_with('…').then_some(())
    })
    .await;
    // A line has no room for all of it.
    let name = &second["name"].as_str().unwrap()[..24];
    until("a line of the second", async || {
        let line = first_line(&mut tail, &client).await;
        line.contains(name).then_some(())
    })
    .await;
    assert!(!first.contains(name), "{first}");
    for node in client.group_destinations("acme", "id").await {
        client.destroy_group_destination(&node["id"]).await;
    }
    until_said(&mut said, "there are no destinations").await;
    let done = tail.end().await;
    assert_eq!(done.code, Some(1), "{done:?}");
    system.stop().await;
}

async fn a_service_that_ends_does_not_wait_for_who_watches(backend: Backend) {
    let (mut system, client, _receiver) = watching(backend).await;
    let mut tail = Running::start(auditstream(&system, &["tail"]));
    first_line(&mut tail, &client).await;
    let ended = system.api.take().unwrap().terminate().await;
    assert!(ended.success(), "{ended}");
    let mut said = BufReader::new(tail.child.stderr.take().unwrap()).lines();
    until_said(&mut said, "the API ended the connection, trying again").await;
    system.stop().await;
}

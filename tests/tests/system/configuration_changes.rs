//! Changes of the configuration are in force for every event that is published after them.

use std::collections::HashSet;

use serde_json::{Value, json};
use standalone::receiver::Received;
use tests::backend::Backend;
use tests::events::{event, ids};
use tests::scenario::{until_received, willing};
use tests::system::{Administer as _, Setup, System};
use tests::{on_backend, on_every_backend};

on_every_backend!(
    a_destination_that_appears_is_changed_and_is_destroyed_while_events_flow,
    a_destination_created_just_before_an_event_receives_it,
    the_creation_of_a_destination_is_streamed_to_it,
);
on_backend!(
    rabbit_postgres_processes,
    RabbitPostgres,
    a_destination_created_just_before_an_event_receives_it_whichever_worker_routes,
    without_notices_a_destination_created_just_before_an_event_receives_it,
);

async fn a_destination_that_appears_is_changed_and_is_destroyed_while_events_flow(
    backend: Backend,
) {
    const EACH: usize = 40;
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    client.create_group("acme", None).await;
    // Stays throughout. Where an event goes is decided when it is routed, so a phase ends when all
    // its events have arrived here.
    client
        .create_group_destination("acme", &receiver.url("/always"))
        .await;
    let publish = async |phase: &str| {
        let ids = ids(phase, EACH);
        for id in &ids {
            client
                .publish_all(vec![event(id, "acme", "user_created")])
                .await;
        }
        let ids: HashSet<String> = ids.into_iter().collect();
        let what = format!("everything of phase {phase}");
        until_received(&what, &receiver, |got| {
            arrived(got, "/always").is_superset(&ids)
        })
        .await;
    };

    publish("before").await;
    let destination = client
        .create_group_destination("acme", &receiver.url("/passing"))
        .await;
    publish("present").await;
    let document = "mutation($id: AuditEventsExternalAuditEventDestinationID!) {
        auditEventsStreamingDestinationEventsAdd(input: {destinationId: $id, eventTypeFilters: [\"add_ssh_key\"]}) { errors }
    }";
    client
        .graphql_ok(document, json!({"id": destination["id"]}))
        .await
        .unwrap();
    publish("filtered").await;
    client
        .publish_all(vec![event("key", "acme", "add_ssh_key")])
        .await;
    let expected: HashSet<String> = ids("present", EACH)
        .into_iter()
        .chain(["key".to_owned()])
        .collect();
    let what = "what it must get while it is there";
    until_received(what, &receiver, |got| {
        arrived(got, "/passing").is_superset(&expected)
    })
    .await;
    client.destroy_group_destination(&destination["id"]).await;
    publish("after").await;

    let got = arrived(&receiver.received(), "/passing");
    for phase in ["before", "filtered", "after"] {
        assert!(
            got.is_disjoint(&ids(phase, EACH).into_iter().collect()),
            "{phase}: {got:?}"
        );
    }
    system.stop().await;
}

async fn a_destination_created_just_before_an_event_receives_it(backend: Backend) {
    let system = Setup::on(backend).start().await;
    create_publish_expect(&system).await;
    system.stop().await;
}

async fn a_destination_created_just_before_an_event_receives_it_whichever_worker_routes(
    backend: Backend,
) {
    let system = Setup::on(backend).workers(3).start().await;
    create_publish_expect(&system).await;
    system.stop().await;
}

/// A notice is quicker than most events. Without any, the worker compares versions twice a second, so
/// nearly every one of these events would be routed before it knew the destination, were it not for
/// the version that the event carries.
async fn without_notices_a_destination_created_just_before_an_event_receives_it(backend: Backend) {
    let system = Setup::on(backend).start().await;
    system.ready().await;
    system.notices().await.cut_off().await;
    create_publish_expect(&system).await;
    assert!(
        !system.notices().await.reach_somebody().await,
        "nobody was to hear a notice"
    );
    system.stop().await;
}

async fn create_publish_expect(system: &System) {
    const TIMES: usize = 200;
    let client = system.client();
    let receiver = willing();
    client.create_group("acme", None).await;
    for number in 0..TIMES {
        let path = format!("/new/{number}");
        let id = format!("event-{number}");
        let destination = client
            .create_group_destination("acme", &receiver.url(&path))
            .await;
        client
            .publish_all(vec![event(&id, "acme", "user_created")])
            .await;
        let what = format!("event {number} at the destination made just before it");
        until_received(&what, &receiver, |got| arrived(got, &path).contains(&id)).await;
        client.destroy_group_destination(&destination["id"]).await;
    }
}

fn arrived(got: &[Received], path: &str) -> HashSet<String> {
    got.iter()
        .filter(|one| one.path == path)
        .map(|one| one.event_id.clone())
        .collect()
}

async fn the_creation_of_a_destination_is_streamed_to_it(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    client.create_group("acme", None).await;
    client
        .create_group_destination("acme", &receiver.url("/group"))
        .await;
    client
        .create_instance_destination(&receiver.url("/instance"))
        .await;
    let types = [
        ("/group", "create_event_streaming_destination"),
        ("/instance", "create_instance_event_streaming_destination"),
    ];
    until_received("both creations", &receiver, |got| {
        types.iter().all(|(path, event_type)| {
            got.iter().any(|one| {
                one.path == *path && one.header("x-gitlab-audit-event-type") == Some(event_type)
            })
        })
    })
    .await;
    let group: Vec<Value> = receiver
        .received()
        .iter()
        .filter(|one| one.path == "/group")
        .map(Received::event)
        .collect();
    assert_eq!(group[0]["entity_path"], "acme");
    system.stop().await;
}

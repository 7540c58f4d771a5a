//! What owners and admins set over the GraphQL API is what receivers get.

use std::collections::HashSet;

use serde_json::{Value, json};
use standalone::client::Client;
use tests::backend::Backend;
use tests::events::event;
use tests::on_every_backend;
use tests::scenario::{until_received, willing};
use tests::system::{Administer as _, Setup};

on_every_backend!(
    headers_token_and_filters_of_the_instance_reach_the_receiver,
    a_destination_follows_what_both_generations_of_the_api_set,
);

async fn done(client: &Client, document: &str, variables: Value) -> Value {
    client.graphql_ok(document, variables).await.unwrap()
}

/// As GitLab's own end-to-end test has it: two headers and five event types.
async fn headers_token_and_filters_of_the_instance_reach_the_receiver(backend: Backend) {
    const TYPES: [&str; 5] = [
        "remove_ssh_key",
        "group_created",
        "project_created",
        "user_created",
        "repository_git_operation",
    ];
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    let destination = client
        .create_instance_destination(&receiver.url("/logs"))
        .await;
    let id = &destination["id"];
    for (key, value) in [("X-One", "first"), ("X-Two", "second")] {
        let document = "mutation($input: AuditEventsStreamingInstanceHeadersCreateInput!) { auditEventsStreamingInstanceHeadersCreate(input: $input) { errors } }";
        let input = json!({"destinationId": id, "key": key, "value": value});
        done(&client, document, json!({ "input": input })).await;
    }
    let document = "mutation($input: AuditEventsStreamingDestinationInstanceEventsAddInput!) { auditEventsStreamingDestinationInstanceEventsAdd(input: $input) { errors } }";
    let input = json!({"destinationId": id, "eventTypeFilters": TYPES});
    done(&client, document, json!({ "input": input })).await;
    let events: Vec<Value> = TYPES
        .iter()
        .chain(&["add_ssh_key"])
        .map(|name| event(name, "acme", name))
        .collect();
    client.publish_all(events).await;
    until_received("an event of each type", &receiver, |got| {
        let arrived: HashSet<&str> = got.iter().map(|one| one.event_id.as_str()).collect();
        TYPES.iter().all(|name| arrived.contains(name))
    })
    .await;
    for one in receiver.received() {
        if !TYPES.contains(&one.event_id.as_str()) {
            // Those about the changes themselves, from before the filters.
            assert_eq!(one.event()["entity_path"], "gitlab_instance", "{one:?}");
            continue;
        }
        assert_eq!(one.header("x-one"), Some("first"));
        assert_eq!(one.header("x-two"), Some("second"));
        assert_eq!(
            one.header("x-gitlab-event-streaming-token"),
            destination["verificationToken"].as_str()
        );
        let event = one.event();
        assert_eq!(one.header("webhook-id"), event["id"].as_str());
        assert_eq!(
            one.header("x-gitlab-audit-event-type"),
            event["event_type"].as_str()
        );
        assert_eq!(event["entity_type"], "Group");
        assert_eq!(event["entity_path"], "acme");
        assert_eq!(event["details"]["target_details"], "grace");
    }
    system.stop().await;
}

async fn a_destination_follows_what_both_generations_of_the_api_set(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    client.create_group("acme", None).await;
    client.create_group("web", Some("acme")).await;
    // It gets everything, and so tells when a step is over.
    client
        .create_group_destination("acme", &receiver.url("/always"))
        .await;
    let create = "mutation($input: GroupAuditEventStreamingDestinationsCreateInput!) { groupAuditEventStreamingDestinationsCreate(input: $input) { errors externalAuditEventDestination { id } } }";
    let config = json!({"url": receiver.url("/first"), "headers": {"X-Step": {"value": "1"}, "X-Off": {"value": "off", "active": false}}});
    let input = json!({"groupPath": "acme", "category": "http", "config": config});
    let made = done(&client, create, json!({ "input": input })).await;
    let id =
        made["groupAuditEventStreamingDestinationsCreate"]["externalAuditEventDestination"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
    let legacy_id = id.replace(
        "AuditEvents::Group::ExternalStreamingDestination",
        "AuditEvents::ExternalAuditEventDestination",
    );

    let limit = "mutation($input: AuditEventsGroupDestinationNamespaceFilterCreateInput!) { auditEventsGroupDestinationNamespaceFilterCreate(input: $input) { errors } }";
    let update = "mutation($input: GroupAuditEventStreamingDestinationsUpdateInput!) { groupAuditEventStreamingDestinationsUpdate(input: $input) { errors } }";
    let legacy_update = "mutation($input: ExternalAuditEventDestinationUpdateInput!) { externalAuditEventDestinationUpdate(input: $input) { errors } }";
    let moved = json!({"url": receiver.url("/second"), "headers": {"X-Step": {"value": "2"}}});
    let steps: [(&str, Option<(&str, Value)>); 5] = [
        ("made", None),
        (
            "limited",
            Some((
                limit,
                json!({"destinationId": id, "namespacePath": "acme/web"}),
            )),
        ),
        ("moved", Some((update, json!({"id": id, "config": moved})))),
        (
            "off",
            Some((legacy_update, json!({"id": legacy_id, "active": false}))),
        ),
        ("on", Some((update, json!({"id": id, "active": true})))),
    ];
    for (step, change) in steps {
        if let Some((document, input)) = change {
            done(&client, document, json!({ "input": input })).await;
        }
        let events = ["acme", "acme/web"].map(|path| {
            event(
                &format!("{step} {path}").replace([' ', '/'], ":"),
                path,
                "user_created",
            )
        });
        client.publish_all(events.to_vec()).await;
        let ids = [format!("{step}:acme"), format!("{step}:acme:web")];
        until_received(step, &receiver, |got| {
            let of_always = got.iter().filter(|one| one.path == "/always");
            let arrived: HashSet<&str> = of_always.map(|one| one.event_id.as_str()).collect();
            ids.iter().all(|id| arrived.contains(id.as_str()))
        })
        .await;
    }
    let of = |path: &'static str| {
        move |got: &[standalone::receiver::Received]| -> HashSet<String> {
            let here = got.iter().filter(|one| one.path == path);
            let published = here.filter(|one| one.event()["event_type"] == "user_created");
            published.map(|one| one.event_id.clone()).collect()
        }
    };
    let owned = |ids: &[&str]| -> HashSet<String> { ids.iter().map(|&id| id.to_owned()).collect() };
    let (first, second) = (
        owned(&["made:acme", "made:acme:web", "limited:acme:web"]),
        owned(&["moved:acme:web", "on:acme:web"]),
    );
    until_received("all that is for it", &receiver, |got| {
        of("/first")(got).is_superset(&first) && of("/second")(got).is_superset(&second)
    })
    .await;
    let got = receiver.received();
    assert_eq!(of("/first")(&got), first);
    assert_eq!(of("/second")(&got), second);
    for one in got.iter().filter(|one| one.path != "/always") {
        let step = if one.path == "/first" { "1" } else { "2" };
        assert_eq!(one.header("x-step"), Some(step));
        assert_eq!(one.header("x-off"), None);
    }
    system.stop().await;
}

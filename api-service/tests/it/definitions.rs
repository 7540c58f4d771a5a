//! The definitions of event types, built in and the operator's own.

use api_service::auth::{AccessTokenScope, Caller};
use serde_json::{Value, json};

use crate::audit_event_create::{MUTATION, published, with_scopes};
use crate::databases::{on_every_database, on_every_database_with};
use crate::level::NO_API_SCOPE;
use crate::stage::{Answer, Stage};
use crate::surface::on_every_surface_with;

/// A definition with nothing left out.
const INVOICE_PAID: &str = "name: invoice_paid
description: An invoice was paid.
introduced_by_issue: https://tracker.example/issues/7
introduced_by_mr: https://tracker.example/changes/8
feature_category: billing
milestone: '4.2'
saved_to_database: true
streamed: true
scope: [Group, User]
";

/// A definition with everything left out that may be.
const AAA_FIRST: &str = "name: aaa_first\ndescription: It came first.\nscope: [Instance]\n";

fn own_definitions() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("invoice_paid", INVOICE_PAID), ("aaa_first", AAA_FIRST)] {
        std::fs::write(folder.path().join(format!("{name}.yml")), text).unwrap();
    }
    folder
}

async fn list(stage: &Stage, caller: &Caller, arguments: &str) -> Answer {
    let query = format!(
        "{{ auditEventDefinitions{arguments} {{ nodes {{ name description introducedByIssue introducedByMr featureCategory milestone savedToDatabase streamed scopes }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let mut answer = stage.run(caller, &query, json!({})).await;
    answer.data = answer.data["auditEventDefinitions"].clone();
    answer
}

/// Walks the list by pages of 100, forwards or backwards, and gives the pages in the order in which
/// they came.
async fn pages(stage: &Stage, forwards: bool) -> Vec<Vec<Value>> {
    let (size, more, end, from) = if forwards {
        ("first", "hasNextPage", "endCursor", "after")
    } else {
        ("last", "hasPreviousPage", "startCursor", "before")
    };
    let mut arguments = format!("({size}: 100)");
    let mut pages = Vec::new();
    loop {
        let answer = list(stage, &Caller::default(), &arguments).await;
        let page = answer.data();
        pages.push(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"][more] == false {
            return pages;
        }
        let cursor = page["pageInfo"][end].as_str().unwrap();
        arguments = format!("({size}: 100, {from}: \"{cursor}\")");
    }
}

#[tokio::test]
async fn everybody_reaches_all_517_types_by_pages_of_100_in_the_order_of_their_names() {
    on_every_database(async |stage| {
        let forwards = pages(stage, true).await;
        let sizes: Vec<usize> = forwards.iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 100, 100, 100, 100, 17]);
        let mut backwards = pages(stage, false).await;
        backwards.reverse();
        assert_eq!(forwards.concat(), backwards.concat());
        let all = forwards.concat();
        let names: Vec<&str> = all
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        assert!(names.is_sorted_by(|one, next| one < next));
        let known = stage.foundation.catalogue.all().iter();
        assert!(known.map(|event_type| &event_type.name).eq(names));
    })
    .await;
}

#[tokio::test]
async fn a_built_in_type_is_told_with_all_that_is_known_of_it() {
    on_every_database(async |stage| {
        let all = pages(stage, true).await.concat();
        let one = all.iter().find(|one| one["name"] == "add_ssh_key");
        assert_eq!(
            one.unwrap(),
            &json!({
                "name": "add_ssh_key", "description": "An SSH key was added.",
                "introducedByIssue": null, "introducedByMr": null,
                "featureCategory": "user_profile", "milestone": "18.2",
                "savedToDatabase": true, "streamed": true, "scopes": ["User", "Group"],
            })
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_without_the_api_scope_and_a_cursor_of_another_list_are_refused() {
    on_every_database(async |stage| {
        let producer = with_scopes(&[AccessTokenScope::Publish]);
        let answer = list(stage, &producer, "").await;
        assert_eq!(answer.refused(), (NO_API_SCOPE, "FORBIDDEN"));
        // `id:7`, as in lists of destinations.
        let answer = list(stage, &Caller::default(), "(after: \"aWQ6Nw\")").await;
        let expected = ("Please provide a valid cursor", "BAD_USER_INPUT");
        assert_eq!(answer.refused(), expected);
    })
    .await;
}

#[tokio::test]
async fn own_types_are_listed_among_the_others() {
    let folder = own_definitions();
    let settings = [("CATALOGUE__DEFINITIONS", folder.path().to_str().unwrap())];
    on_every_database_with(&settings, async |stage| {
        let all = pages(stage, true).await.concat();
        assert_eq!(all.len(), 519);
        assert_eq!(
            all[0],
            json!({
                "name": "aaa_first", "description": "It came first.",
                "introducedByIssue": null, "introducedByMr": null,
                "featureCategory": "custom", "milestone": "0.0",
                "savedToDatabase": false, "streamed": true, "scopes": ["Instance"],
            })
        );
        let one = all.iter().find(|one| one["name"] == "invoice_paid");
        assert_eq!(
            one.unwrap(),
            &json!({
                "name": "invoice_paid", "description": "An invoice was paid.",
                "introducedByIssue": "https://tracker.example/issues/7",
                "introducedByMr": "https://tracker.example/changes/8",
                "featureCategory": "billing", "milestone": "4.2",
                "savedToDatabase": true, "streamed": true, "scopes": ["Group", "User"],
            })
        );
    })
    .await;
}

#[tokio::test]
async fn own_types_can_be_filtered_on() {
    let folder = own_definitions();
    let settings = [("CATALOGUE__DEFINITIONS", folder.path().to_str().unwrap())];
    on_every_surface_with(&settings, async |stage, surface, ada| {
        let url = "https://1.1.1.1/logs";
        let made = surface.created(stage, ada, url).await;
        let id = made["id"].as_str().unwrap();
        let wanted = json!(["invoice_paid", "user_created"]);
        let answer = surface
            .add_event_types(stage, ada, id, wanted.clone())
            .await;
        assert_eq!(answer.data()["errors"], json!([]));
        assert_eq!(answer.data()["eventTypeFilters"], wanted);
    })
    .await;
}

#[tokio::test]
async fn own_types_can_be_published() {
    let folder = own_definitions();
    let settings = [("CATALOGUE__DEFINITIONS", folder.path().to_str().unwrap())];
    on_every_database_with(&settings, async |stage| {
        let producer = with_scopes(&[AccessTokenScope::Publish]);
        let input = json!({
            "eventType": "invoice_paid", "authorId": 7, "authorName": "Ada",
            "entityId": 29, "entityType": "Group", "entityPath": "acme", "details": {},
        });
        let answer = stage
            .run(&producer, MUTATION, json!({ "input": input }))
            .await;
        let payload = &answer.data()["auditEventCreate"];
        assert_eq!(payload["errors"], json!([]));
        assert_eq!(published(stage).await["event_type"], "invoice_paid");
    })
    .await;
}

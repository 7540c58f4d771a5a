//! The definitions of event types.

use api_service::auth::{AccessTokenScope, Caller};
use serde_json::{Value, json};

use crate::audit_event_create::with_scopes;
use crate::databases::on_every_database;
use crate::level::NO_API_SCOPE;
use crate::stage::{Answer, Stage};

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

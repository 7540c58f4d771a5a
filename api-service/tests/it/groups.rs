//! Which groups somebody may administer the destinations of.

use api_service::auth::Caller;
use api_service::domain::AccessLevel;
use serde_json::{Value, json};

use crate::databases::{on_every_database, on_every_database_with};
use crate::level::Level;
use crate::stage::{GROUP, OTHER_GROUP, Stage};

async fn groups(stage: &Stage, caller: &Caller, arguments: &str) -> Value {
    let query = format!(
        "{{ auditEventStreamingGroups{arguments} {{ nodes {{ fullPath }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let answer = stage.run(caller, &query, json!({})).await;
    answer.data()["auditEventStreamingGroups"].clone()
}

fn paths(groups: &Value) -> Vec<&str> {
    let nodes = groups["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| node["fullPath"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_admin_is_told_all_top_level_groups_and_others_those_that_they_own() {
    on_every_database(async |stage| {
        stage.group(&format!("{GROUP}/inner")).await;
        stage.project(&format!("{GROUP}/web")).await;
        let admin = stage.user("root-of-all", true).await;
        assert_eq!(
            paths(&groups(stage, &admin, "").await),
            [GROUP, OTHER_GROUP]
        );
        for (group, level, expected) in [
            (GROUP, AccessLevel::Owner, &[GROUP][..]),
            (GROUP, AccessLevel::Maintainer, &[]),
            // Events go by the top-level group.
            ("acme/inner", AccessLevel::Owner, &[]),
        ] {
            let member = stage.member(group, level).await;
            let told = groups(stage, &member, "").await;
            assert_eq!(paths(&told), expected, "{group} {level:?}");
        }
        let anonymous = groups(stage, &Caller::anonymous(), "").await;
        assert_eq!(paths(&anonymous), Vec::<&str>::new());
    })
    .await;
}

#[tokio::test]
async fn only_those_with_a_destination_are_told_on_demand() {
    on_every_database(async |stage| {
        let admin = stage.user("root-of-all", true).await;
        let ada = stage.member(GROUP, AccessLevel::Owner).await;
        let with = "(withDestinations: true)";
        // One of the instance is of no group.
        let url = "https://1.1.1.1/all";
        Level::Instance.created(stage, &admin, url, json!({})).await;
        let told = groups(stage, &admin, with).await;
        assert_eq!(paths(&told), Vec::<&str>::new());
        for number in 0..2 {
            let url = format!("https://1.1.1.1/{number}");
            Level::Group.created(stage, &ada, &url, json!({})).await;
        }
        let grace = stage.member(OTHER_GROUP, AccessLevel::Owner).await;
        for (caller, arguments, expected) in [
            (&admin, with, &[GROUP][..]),
            (&admin, "(withDestinations: false)", &[GROUP, OTHER_GROUP]),
            (&ada, with, &[GROUP]),
            (&grace, with, &[]),
        ] {
            let told = groups(stage, caller, arguments).await;
            assert_eq!(paths(&told), expected, "{arguments}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_groups_come_in_pages() {
    on_every_database(async |stage| {
        let admin = stage.user("root-of-all", true).await;
        let first = groups(stage, &admin, "(first: 1)").await;
        assert_eq!(paths(&first), [GROUP]);
        assert_eq!(first["pageInfo"]["hasNextPage"], true);
        let after = format!("(first: 1, after: {})", first["pageInfo"]["endCursor"]);
        let second = groups(stage, &admin, &after).await;
        assert_eq!(paths(&second), [OTHER_GROUP]);
        assert_eq!(second["pageInfo"]["hasNextPage"], false);
    })
    .await;
}

#[tokio::test]
async fn without_a_licence_there_are_none() {
    on_every_database_with(&[("LICENSE__PLAN", "premium")], async |stage| {
        let admin = stage.user("root-of-all", true).await;
        assert_eq!(paths(&groups(stage, &admin, "").await), Vec::<&str>::new());
    })
    .await;
}

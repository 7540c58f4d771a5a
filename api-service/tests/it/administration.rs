//! Administration: who may, what is made, and what is refused.

use api_service::auth::Caller;
use api_service::domain::AccessLevel;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use shared::entities::access_tokens;
use shared::queue::Notice;
use shared::secrets::token_digest;

use crate::databases::on_every_database;
use crate::level::NO_ACCESS;
use crate::stage::{GROUP, Stage};

const MUTATIONS: [(&str, &str); 6] = [
    ("groupCreate", r#"path: "p", name: "n""#),
    (
        "projectCreate",
        r#"path: "p", name: "n", groupPath: "acme""#,
    ),
    ("userCreate", r#"username: "u", name: "n""#),
    (
        "groupMemberSet",
        r#"groupPath: "acme", username: "root", accessLevel: OWNER"#,
    ),
    (
        "accessTokenCreate",
        r#"username: "root", name: "n", scopes: [API]"#,
    ),
    ("accessTokenRevoke", r#"id: "gid://gitlab/AccessToken/1""#),
];

/// The payload of a mutation.
async fn payload(
    stage: &Stage,
    caller: &Caller,
    mutation: &str,
    input: &str,
    fields: &str,
) -> Value {
    let query = format!("mutation {{ {mutation}(input: {{{input}}}) {{ errors {fields} }} }}");
    let answer = stage.run(caller, &query, json!({})).await;
    answer.data()[mutation].clone()
}

#[tokio::test]
async fn only_an_instance_admin_may() {
    on_every_database(async |stage| {
        let owner = stage.member(GROUP, AccessLevel::Owner).await;
        for caller in [Caller::anonymous(), owner] {
            for (mutation, input) in MUTATIONS {
                let query = format!("mutation {{ {mutation}(input: {{{input}}}) {{ errors }} }}");
                let answer = stage.run(&caller, &query, json!({})).await;
                assert_eq!(answer.refused(), (NO_ACCESS, "FORBIDDEN"), "{mutation}");
                assert_eq!(answer.data, json!({ mutation: null }));
            }
        }
        let ada = stage.user("ada", true).await;
        for (mutation, input) in MUTATIONS {
            let made = payload(stage, &ada, mutation, input, "").await;
            assert_eq!(made, json!({"errors": []}), "{mutation}");
        }
    })
    .await;
}

#[tokio::test]
async fn groups_are_made_at_the_top_and_in_others_and_projects_in_groups() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let fields = "clientMutationId group { id name fullPath }";
        let input = r#"path: "Top", name: "The top", clientMutationId: "m""#;
        let made = payload(stage, &ada, "groupCreate", input, fields).await;
        assert_eq!(made["clientMutationId"], "m");
        assert_eq!(made["group"]["fullPath"], "Top");
        assert_eq!(made["group"]["name"], "The top");
        let id = made["group"]["id"].as_str().unwrap();
        assert!(id.starts_with("gid://gitlab/Group/"), "{id}");
        let input = r#"path: "sub", name: "Sub", parentPath: "top""#;
        let made = payload(stage, &ada, "groupCreate", input, fields).await;
        assert_eq!(made["group"]["fullPath"], "Top/sub");
        let input = r#"path: "web", name: "Web", groupPath: "top/SUB""#;
        let made = payload(
            stage,
            &ada,
            "projectCreate",
            input,
            "project { id name fullPath }",
        )
        .await;
        assert_eq!(made["project"]["fullPath"], "Top/sub/web");
        assert!(
            made["project"]["id"]
                .as_str()
                .unwrap()
                .starts_with("gid://gitlab/Project/")
        );
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_of_groups_and_projects_is_told_in_the_payload() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let project = r#"path: "web", name: "Web", groupPath: "acme""#;
        payload(stage, &ada, "projectCreate", project, "").await;
        let table = [
            (
                "groupCreate",
                r#"path: "", name: """#,
                json!(["Path can't be blank", "Name can't be blank"]),
            ),
            (
                "groupCreate",
                r#"path: "ACME", name: "n""#,
                json!(["Path has already been taken"]),
            ),
            (
                "groupCreate",
                r#"path: "web", name: "n", parentPath: "acme""#,
                json!(["Path has already been taken"]),
            ),
            (
                "groupCreate",
                r#"path: "p", name: "n", parentPath: "nothing""#,
                json!(["Parent path does not exist"]),
            ),
            (
                "groupCreate",
                r#"path: "p", name: "n", parentPath: "acme/web""#,
                json!(["Parent path does not exist"]),
            ),
            (
                "groupCreate",
                r#"path: "p", name: "a\u0000""#,
                json!(["Name contains invalid characters"]),
            ),
            (
                "projectCreate",
                r#"path: "p", name: "n", groupPath: "nothing""#,
                json!(["Group path does not exist"]),
            ),
            (
                "projectCreate",
                r#"path: "WEB", name: "n", groupPath: "acme""#,
                json!(["Path has already been taken"]),
            ),
        ];
        for (mutation, input, errors) in table {
            let refused = payload(stage, &ada, mutation, input, "").await;
            assert_eq!(refused["errors"], errors, "{mutation} {input}");
        }
        let malformed = payload(
            stage,
            &ada,
            "groupCreate",
            r#"path: "a/b", name: "n""#,
            "group { id }",
        )
        .await;
        assert_eq!(malformed["group"], Value::Null);
        assert!(
            malformed["errors"][0]
                .as_str()
                .unwrap()
                .starts_with("Path can contain only")
        );
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_of_people_and_tokens_is_told_in_the_payload() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let table = [
            (
                "userCreate",
                r#"username: "ROOT", name: "n""#,
                json!(["Username has already been taken"]),
            ),
            (
                "userCreate",
                r#"username: "", name: " ""#,
                json!(["Username can't be blank", "Name can't be blank"]),
            ),
            (
                "groupMemberSet",
                r#"groupPath: "nothing", username: "a\u0000", accessLevel: GUEST"#,
                json!(["Group path does not exist", "Username does not exist"]),
            ),
            (
                "accessTokenCreate",
                r#"username: "nobody", name: "", scopes: [], expiresAt: "2001-01-01T00:00:00Z""#,
                json!([
                    "Name can't be blank",
                    "Scopes can't be blank",
                    "Expires at must be in the future",
                    "Username does not exist"
                ]),
            ),
            (
                "accessTokenRevoke",
                r#"id: "gid://gitlab/AccessToken/999""#,
                json!(["Access token does not exist"]),
            ),
            (
                "accessTokenRevoke",
                r#"token: "nothing""#,
                json!(["Access token does not exist"]),
            ),
            (
                "accessTokenRevoke",
                "",
                json!(["One and only one of [id, token] arguments is required"]),
            ),
        ];
        for (mutation, input, errors) in table {
            let refused = payload(stage, &ada, mutation, input, "").await;
            assert_eq!(refused["errors"], errors, "{mutation} {input}");
        }
    })
    .await;
}

#[tokio::test]
async fn groups_are_nested_at_most_20_deep() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let mut path = GROUP.to_owned();
        for _ in 1..20 {
            path.push_str("/g");
            stage.group(&path).await;
        }
        let input = format!(r#"path: "g", name: "n", parentPath: "{path}""#);
        let refused = payload(stage, &ada, "groupCreate", &input, "").await;
        assert_eq!(
            refused["errors"],
            json!(["Groups can be nested at most 20 deep"])
        );
        let input = format!(r#"path: "p", name: "n", groupPath: "{path}""#);
        let made = payload(stage, &ada, "projectCreate", &input, "").await;
        assert_eq!(made["errors"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_membership_takes_effect_at_once_and_can_be_changed() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let bob = stage.user("bob", false).await;
        let list = "{ group(fullPath: \"acme\") { externalAuditEventDestinations { nodes { id } } } }";
        for (level, sees) in [("OWNER", json!({"nodes": []})), ("MAINTAINER", Value::Null)] {
            let input = format!(r#"groupPath: "acme", username: "BOB", accessLevel: {level}"#);
            let fields = "groupMember { accessLevel user { username } group { fullPath } }";
            let set = payload(stage, &ada, "groupMemberSet", &input, fields).await;
            assert_eq!(
                set["groupMember"],
                json!({"accessLevel": level, "user": {"username": "bob"}, "group": {"fullPath": "acme"}})
            );
            let seen = stage.run(&bob, list, json!({})).await;
            assert_eq!(seen.data()["group"]["externalAuditEventDestinations"], sees);
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_is_shown_once_stored_as_a_digest_and_can_be_revoked_by_id_or_by_itself() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        for by_id in [true, false] {
            let input = r#"username: "ada", name: "ci", scopes: [PUBLISH, API, PUBLISH], expiresAt: "2999-01-01T00:00:00Z""#;
            let made = payload(stage, &ada, "accessTokenCreate", input, "id token").await;
            let token = made["token"].as_str().unwrap();
            assert!(token.starts_with("ast-") && token.len() >= 24);
            let id = made["id"].as_str().unwrap();
            let number: i64 = id.rsplit('/').next().unwrap().parse().unwrap();
            let row = async || {
                let database = stage.foundation.database.reader();
                let found = access_tokens::Entity::find_by_id(number).one(database).await;
                found.unwrap().unwrap()
            };
            let stored = row().await;
            assert_eq!(stored.digest, token_digest(&token.into()));
            assert_eq!(stored.scopes, "api,publish");
            assert_eq!(stored.expires_at, Some(32_472_144_000_000));
            assert_eq!(stored.revoked_at, None);
            let mut notices = stage.foundation.queue.notices();
            let input = if by_id { format!("id: \"{id}\"") } else { format!("token: \"{token}\"") };
            let revoked = payload(stage, &ada, "accessTokenRevoke", &input, "").await;
            assert_eq!(revoked["errors"], json!([]));
            let at = row().await.revoked_at;
            assert!(at.is_some());
            assert_eq!(notices.recv().await.unwrap(), Notice::AccessChanged);
            payload(stage, &ada, "accessTokenRevoke", &input, "").await;
            assert_eq!(row().await.revoked_at, at, "the time of the first revocation stays");
        }
    })
    .await;
}

#[tokio::test]
async fn current_user_tells_who_is_calling() {
    on_every_database(async |stage| {
        let query = "{ currentUser { id username name admin } }";
        let ada = stage.user("ada", true).await;
        let me = stage.run(&ada, query, json!({})).await;
        let me = &me.data()["currentUser"];
        assert_eq!(me["username"], "ada");
        assert_eq!(me["name"], "ADA");
        assert_eq!(me["admin"], true);
        assert!(me["id"].as_str().unwrap().starts_with("gid://gitlab/User/"));
        let nobody = stage.run(&Caller::anonymous(), query, json!({})).await;
        assert_eq!(*nobody.data(), json!({"currentUser": null}));
    })
    .await;
}

//! Requests that no client should send: each is answered with an error that has a code.

use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::databases::on_every_database;
use crate::level::on_both_levels;

/// Documents that cannot be answered, and the code of their errors.
pub(crate) const BAD_QUERIES: [(&str, &str); 11] = [
    ("{", "GRAPHQL_PARSE_FAILED"),
    ("", "GRAPHQL_PARSE_FAILED"),
    ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ("{ group { id } }", "GRAPHQL_VALIDATION_FAILED"),
    (
        "query($a: Int) { currentUser { id } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    (
        "{ currentUser { id } } fragment A on CurrentUser { ...A }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    (
        "mutation { externalAuditEventDestinationCreate(input: {}) { errors } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    (
        "mutation { accessTokenCreate(input: {username: \"root\", name: \"n\", scopes: [ALL]}) { errors } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    (
        "mutation { accessTokenCreate(input: {username: \"root\", name: \"n\", scopes: [API], expiresAt: \"soon\"}) { errors } }",
        "BAD_USER_INPUT",
    ),
    (
        "mutation { accessTokenRevoke(input: {id: \"gid://gitlab/User/1\"}) { errors } }",
        "BAD_USER_INPUT",
    ),
    (
        "{ instanceExternalAuditEventDestinations(first: 99999999999) { nodes { id } } }",
        "BAD_USER_INPUT",
    ),
];

#[tokio::test]
async fn the_engines_own_errors_have_codes() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let deep_list = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for (query, code) in BAD_QUERIES {
            let answer = stage.run(&ada, query, json!({})).await;
            assert!(!answer.errors.is_empty(), "{query}");
            for error in &answer.errors {
                assert_eq!(error["extensions"]["code"], code, "{query}: {error}");
            }
        }
        let query = format!("{{ group(fullPath: {deep_list}) {{ id }} }}");
        let answer = stage.run(&ada, &query, json!({})).await;
        assert!(!answer.errors.is_empty());
        assert_ne!(answer.errors[0]["extensions"]["code"], "INTERNAL");
    })
    .await;
}

#[tokio::test]
async fn a_fault_of_ours_is_answered_without_telling_what_it_was() {
    on_both_levels(async |stage, level, ada| {
        let database = stage.foundation.database.writer();
        let url = "https://1.1.1.1/logs";
        level.created(stage, ada, url, json!({})).await;
        database
            .execute_unprepared("DROP TABLE destination_headers")
            .await
            .unwrap();
        let list = level.list(stage, ada, "").await;
        assert_eq!(list.refused(), ("Internal server error", "INTERNAL"));
        assert_eq!(list.data, json!(null));
        database
            .execute_unprepared("DROP TABLE outbox")
            .await
            .unwrap();
        let refused = level
            .create(stage, ada, "https://1.1.1.1/b", json!({}))
            .await;
        assert_eq!(refused.refused(), ("Internal server error", "INTERNAL"));
        assert_eq!(
            stage.destinations().await,
            1,
            "a change without its audit event"
        );
    })
    .await;
}

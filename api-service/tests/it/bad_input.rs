//! Requests that no client should send: each is answered with an error that has a code.

use api_service::auth::Caller;
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::databases::on_every_database;
use crate::level::on_both_levels;

#[tokio::test]
async fn the_engines_own_errors_have_codes() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let deep_list = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        let table = [
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("", "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ group { id } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query($a: Int) { currentUser { id } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ currentUser { id } } fragment A on CurrentUser { ...A }", "GRAPHQL_VALIDATION_FAILED"),
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
        for (query, code) in table {
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
async fn requests_that_ask_for_too_much_are_refused() {
    on_every_database(async |stage| {
        let anonymous = Caller::anonymous();
        let mut inner = "id".to_owned();
        for _ in 0..10 {
            inner = format!("externalAuditEventDestinations {{ nodes {{ group {{ {inner} }} }} }}");
        }
        let deep = format!("{{ group(fullPath: \"acme\") {{ {inner} }} }}");
        let answer = stage.run(&anonymous, &deep, json!({})).await;
        assert_eq!(
            answer.refused(),
            ("Query is nested too deep.", "GRAPHQL_VALIDATION_FAILED")
        );
        let many: Vec<String> = (0..151)
            .map(|n| format!("a{n}: currentUser {{ id }}"))
            .collect();
        let wide = format!("{{ {} }}", many.join(" "));
        let answer = stage.run(&anonymous, &wide, json!({})).await;
        assert_eq!(
            answer.refused(),
            ("Query is too complex.", "GRAPHQL_VALIDATION_FAILED")
        );
        let directives = "@include(if: true) ".repeat(50);
        let answer = stage
            .run(
                &anonymous,
                &format!("{{ currentUser {directives} {{ id }} }}"),
                json!({}),
            )
            .await;
        assert!(!answer.errors.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_introspection_that_clients_send_passes_the_limits() {
    on_every_database(async |stage| {
        let type_ref = (0..9).fold("kind name".to_owned(), |inner, _| {
            format!("kind name ofType {{ {inner} }}")
        });
        let query = format!(
            "query IntrospectionQuery {{ __schema {{ queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }} types {{ ...FullType }} directives {{ name description locations args {{ ...InputValue }} }} }} }}
             fragment FullType on __Type {{ kind name description fields(includeDeprecated: true) {{ name description args {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated deprecationReason }} inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }} enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} possibleTypes {{ ...TypeRef }} }}
             fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue }}
             fragment TypeRef on __Type {{ {type_ref} }}"
        );
        let ada = stage.user("ada", true).await;
        let answer = stage.run(&ada, &query, json!({})).await;
        assert_eq!(answer.data()["__schema"]["queryType"]["name"], "Query");
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

//! What one request may ask for: the limits to the unit, that clients' own queries are within them, and
//! documents that are short to send and would be long to answer.

use std::time::Duration;

use api_service::auth::Caller;
use api_service::graphql::limits;
use serde_json::{Value, json};

use crate::databases::{on_every_database, on_every_database_with};
use crate::stage::Stage;
use crate::surface::Surface;

/// A query of so many levels.
fn deep(levels: usize) -> String {
    let types = (0..levels - 3).fold("name".to_owned(), |inner, _| {
        format!("ofType {{ {inner} }}")
    });
    format!("{{ __schema {{ types {{ {types} }} }} }}")
}

/// A query with so many fields.
fn wide(fields: usize) -> String {
    let names = many(fields - 2, |n| format!("n{n}: name "));
    format!("{{ __schema {{ queryType {{ {names} }} }} }}")
}

/// So many parts of a document.
fn many(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().concat()
}

/// The introspection of GraphQL.js, which the explorer and the clients for GitLab send: with so many
/// levels of types, and with what came into it later.
fn introspection(levels: usize, of_field: &str, of_type: &str, of_directive: &str) -> String {
    let type_ref = (0..levels).fold("kind name".to_owned(), |inner, _| {
        format!("kind name ofType {{ {inner} }}")
    });
    format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }} types {{ ...FullType }} directives {{ name description {of_directive} locations args{of_field} {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind name description {of_type} fields(includeDeprecated: true) {{ name description args{of_field} {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated deprecationReason }} inputFields{of_field} {{ ...InputValue }} interfaces {{ ...TypeRef }} enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue }}
         fragment TypeRef on __Type {{ {type_ref} }}"
    )
}

/// Sentence and code of what must be refused, to anybody.
async fn refusal(stage: &Stage, query: &str, variables: Value) -> (String, String) {
    assert!(query.len() <= 10_000, "the HTTP layer refuses it already");
    let answer = stage.run(&Caller::anonymous(), query, variables).await;
    assert_eq!(answer.data, Value::Null);
    let (message, code) = answer.refused();
    (message.to_owned(), code.to_owned())
}

#[tokio::test]
async fn each_limit_is_kept_to_the_unit() {
    on_every_database(async |stage| {
        for query in [deep(limits::DEPTH), wide(limits::COMPLEXITY)] {
            stage
                .run(&Caller::anonymous(), &query, json!({}))
                .await
                .data();
        }
        let directives = "@include(if: true) ".repeat(limits::DIRECTIVES + 1);
        for (query, sentence) in [
            (deep(limits::DEPTH + 1), "Query is nested too deep."),
            (wide(limits::COMPLEXITY + 1), "Query is too complex."),
            (
                format!("{{ currentUser {directives} {{ id }} }}"),
                "The number of directives on the field `currentUser` cannot be greater than `10`",
            ),
        ] {
            let (message, code) = refusal(stage, &query, json!({})).await;
            assert_eq!(message, sentence);
            assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
        }
    })
    .await;
}

#[tokio::test]
async fn the_introspection_that_clients_send_passes_the_limits() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        for query in [
            introspection(7, "", "", ""),
            introspection(9, "", "", ""),
            introspection(9, "", "specifiedByURL", "isRepeatable"),
            introspection(
                9,
                "(includeDeprecated: true)",
                "specifiedByURL isOneOf",
                "isRepeatable",
            ),
        ] {
            for caller in [&ada, &Caller::anonymous()] {
                let answer = stage.run(caller, &query, json!({})).await;
                assert_eq!(answer.data()["__schema"]["queryType"]["name"], "Query");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_short_document_that_would_be_long_to_answer_is_refused_before_the_work() {
    on_every_database(async |stage| {
        let doubled = many(30, |n| {
                let next = format!("...F{} ", n + 1).repeat(20);
                format!("fragment F{n} on Query {{ {next} }} ")
            });
        let doubled = format!("{doubled} fragment F30 on Query {{ __typename }} {{ ...F0 }}");
        let conflicts = format!(
            "{{ {} }} fragment F on Query {{ {} }}",
            "b { ...F } ".repeat(400),
            "a: x a: y ".repeat(400)
        );
        let uses = format!("query($v: [Int]) {{ group(fullPath: [{}]) {{ id }} }}", "$v ".repeat(3_000));
        let numbers = json!({"v": vec![1; 100_000]});
        let mutations = many(140, |n| format!("a{n}: auditEventCreate(input: $v) {{ errors }} "));
        let mutations = format!("mutation($v: AuditEventCreateInput!) {{ {mutations} }}");
        for (query, variables, sentence) in [
            (
                "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ...A }",
                &json!({}),
                "The fragment \"A\" contains itself",
            ),
            (
                &*doubled,
                &json!({}),
                "The query has more than 5000 fields and fragments when its fragments are written out",
            ),
            (
                &*conflicts,
                &json!({}),
                "The query has more than 5000 fields and fragments when its fragments are written out",
            ),
            (
                &*uses,
                &numbers,
                "The variables have more than 2097152 bytes when each use of them counts",
            ),
            (
                &*mutations,
                &numbers,
                "The variables have more than 2097152 bytes when each use of them counts",
            ),
        ] {
            let (message, code) = refusal(stage, query, variables.clone()).await;
            assert_eq!(message, sentence);
            assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
        }
    })
    .await;
}

#[tokio::test]
async fn brackets_that_would_overflow_the_parsers_stack_are_refused() {
    on_every_database(async |stage| {
        for (open, close) in [("[", "]"), ("{a:", "}"), ("[{a:", "}]")] {
            let depth = 9_000 / (open.len() + close.len());
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            for query in [
                format!("{{ group(fullPath: {open}1{close}) {{ id }} }}"),
                format!("query($v: Int = {open}1{close}) {{ __typename }}"),
                format!("{{ group(fullPath: \"\"\"\\\"\"\" \" \"\"\" b: {open}"),
            ] {
                let (message, code) = refusal(stage, &query, json!({})).await;
                assert_eq!(
                    message,
                    "The query has brackets inside of each other deeper than 64"
                );
                assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
            }
        }
        let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
        let query = "query($v: ID!) { group(fullPath: $v) { id } }";
        let (_, code) = refusal(stage, query, json!({"v": deep})).await;
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_would_hold_too_much_is_given_up_with_one_error() {
    on_every_database(async |stage| {
        // Within all limits of a document, and as long as there are types.
        let query = wide(limits::COMPLEXITY).replace("queryType", "types");
        let (message, code) = refusal(stage, &query, json!({})).await;
        let sentence = "The answer would hold more than 20000 values. Ask for fewer fields, or for smaller pages.";
        assert_eq!(message, sentence);
        assert_eq!(code, "ANSWER_TOO_LARGE");
    })
    .await;
}

#[tokio::test]
async fn of_many_mistakes_a_hundred_are_told() {
    on_every_database(async |stage| {
        let query = many(200, |n| format!("nothing{n} "));
        let answer = stage
            .run(&Caller::anonymous(), &format!("{{ {query} }}"), json!({}))
            .await;
        assert_eq!(answer.errors.len(), limits::ERRORS);
    })
    .await;
}

/// Lists in lists that hold the cube of the number of destinations.
fn cubic() -> String {
    let list = |inner: &str| {
        format!("group {{ externalAuditEventDestinations {{ nodes {{ name {inner} }} }} }}")
    };
    list(&list(&list("id")))
}

#[tokio::test]
async fn what_a_mutation_did_is_told_though_there_is_no_room_for_the_rest() {
    on_every_database_with(&[("LIMITS__DESTINATIONS", "0")], async |stage| {
        let surface = Surface::LegacyGroup;
        let owner = surface.administrator(stage).await;
        for number in 0..24 {
            let url = format!("https://1.1.1.1/{number}");
            surface.created(stage, &owner, &url).await;
        }
        let cubic = cubic();
        let create = |alias: &str| {
            format!(
                "{alias}: externalAuditEventDestinationCreate(input: {{groupPath: \"acme\", destinationUrl: \"https://1.1.1.1/{alias}\"}}) {{ errors externalAuditEventDestination {{ id verificationToken {cubic} }} }}"
            )
        };
        let query = format!("mutation {{ {} }}", create("new"));
        let answer = stage.run(&owner, &query, json!({})).await;
        let made = &answer.data["new"]["externalAuditEventDestination"];
        assert_eq!(made["verificationToken"].as_str().unwrap().len(), 24);
        let (message, code) = answer.refused();
        assert!(message.starts_with("The answer would hold more than"), "{message}");
        assert_eq!(code, "ANSWER_TOO_LARGE");
        assert_eq!(stage.destinations().await, 25);
        // Of a query that is too large nothing is answered.
        let query = format!("{{ group(fullPath: \"acme\") {{ externalAuditEventDestinations {{ nodes {{ {cubic} }} }} }} }}");
        let answer = stage.run(&owner, &query, json!({})).await;
        assert_eq!(answer.refused().1, "ANSWER_TOO_LARGE");
        assert_eq!(answer.data, Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_list_of_plain_values_counts_as_one() {
    on_every_database_with(&[("LIMITS__DESTINATIONS", "0")], async |stage| {
        let surface = Surface::LegacyGroup;
        let owner = surface.administrator(stage).await;
        let catalogue = shared::event::catalogue::Catalogue::built_in();
        let types: Vec<&str> = catalogue.all().iter().map(|kind| &*kind.name).collect();
        for number in 0..40 {
            let url = format!("https://1.1.1.1/{number}");
            let made = surface.created(stage, &owner, &url).await;
            let id = made["id"].as_str().unwrap();
            let types = json!(types);
            surface
                .add_event_types(stage, &owner, id, types)
                .await
                .data();
        }
        let list = surface.list(stage, &owner).await;
        assert_eq!(list.as_array().unwrap().len(), 40);
        assert_eq!(
            list[39]["eventTypeFilters"].as_array().unwrap().len(),
            types.len()
        );
    })
    .await;
}

#[tokio::test]
async fn a_missing_variable_stops_the_document_before_anything_is_done() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let create = |alias: &str| {
            format!(
                "{alias}: instanceExternalAuditEventDestinationCreate(input: {{destinationUrl: ${alias}}}) {{ errors }}"
            )
        };
        let query = format!(
            "mutation($one: String!, $two: String!) {{ {} {} }}",
            create("one"),
            create("two")
        );
        let answer = stage
            .run(&ada, &query, json!({"one": "https://1.1.1.1/one"}))
            .await;
        let sentence = "Variable $two of type String! was provided invalid value (Expected value to not be null)";
        assert_eq!(answer.refused(), (sentence, "GRAPHQL_VALIDATION_FAILED"));
        stage.assert_untouched().await;
    })
    .await;
}

#[tokio::test]
async fn a_mutation_that_nobody_waits_for_any_longer_is_not_begun() {
    on_every_database_with(&[("LIMITS__GRAPHQL_TIMEOUT", "100ms")], async |stage| {
        let ada = stage.user("ada", true).await;
        let create = |alias: &str| {
            format!(
                "{alias}: instanceExternalAuditEventDestinationCreate(input: {{destinationUrl: \"https://1.1.1.1/{alias}\"}}) {{ errors }}"
            )
        };
        let query = format!("mutation {{ {} {} }}", create("one"), create("two"));
        // The first one waits for its turn behind this until the time is over.
        let held = stage.foundation.database.begin().await.unwrap();
        shared::entities::config_version::advance(&held).await.unwrap();
        let run = stage.run(&ada, &query, json!({}));
        let over = tokio::time::Instant::now() + Duration::from_millis(200);
        let release = async {
            tokio::time::sleep_until(over).await;
            held.rollback().await.unwrap();
        };
        let (answer, ()) = tokio::join!(run, release);
        assert_eq!(answer.data["one"]["errors"], json!([]));
        assert_eq!(answer.data["two"], Value::Null);
        let sentence = "The request took too long. This was not begun.";
        assert_eq!(answer.refused(), (sentence, "TIMEOUT"));
        assert_eq!(stage.destinations().await, 1);
    })
    .await;
}

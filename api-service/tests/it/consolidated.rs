//! What the consolidated generation has of its own: a category with its settings.

use api_service::auth::Caller;
use api_service::domain::AccessLevel;
use serde_json::{Map, Value, json};

use crate::databases::on_every_database;
use crate::level::{Level, NO_RESOURCE};
use crate::stage::{Answer, GROUP, Stage};
use crate::surface::{Surface, mutate, number};

const SURFACES: [Surface; 2] = [Surface::ConsolidatedGroup, Surface::ConsolidatedInstance];
const SELECTION: &str =
    "errors externalAuditEventDestination { id name category config secretToken active }";
const SCHEMA: &str = "Config must be a valid json schema";

async fn on_surfaces(test: impl AsyncFn(&Stage, Surface, &Caller)) {
    for surface in SURFACES {
        on_every_database(async |stage| {
            let ada = surface.administrator(stage).await;
            test(stage, surface, &ada).await;
        })
        .await;
    }
}

async fn create(stage: &Stage, surface: Surface, caller: &Caller, more: Value) -> Answer {
    let mut input = json!({"category": "http", "config": {"url": "https://1.1.1.1/logs"}});
    if surface.level() == Level::Group {
        input["groupPath"] = GROUP.into();
    }
    let Value::Object(more) = more else {
        panic!("{more}")
    };
    input.as_object_mut().unwrap().extend(more);
    mutate(stage, caller, &surface.create_mutation(), SELECTION, input).await
}

async fn created(stage: &Stage, surface: Surface, caller: &Caller, config: Value) -> Value {
    let answer = create(stage, surface, caller, json!({ "config": config })).await;
    assert_eq!(answer.data()["errors"], json!([]), "{answer:?}");
    answer.data["externalAuditEventDestination"].clone()
}

async fn update(
    stage: &Stage,
    surface: Surface,
    caller: &Caller,
    made: &Value,
    mut input: Value,
) -> Answer {
    input["id"] = made["id"].clone();
    mutate(stage, caller, &surface.update_mutation(), SELECTION, input).await
}

/// The legacy view of the headers of the first destination: number, key, value, whether it is sent.
async fn legacy_headers(
    stage: &Stage,
    surface: Surface,
    caller: &Caller,
) -> Vec<(i64, String, String, bool)> {
    let list = surface.level().list(stage, caller, "").await;
    let headers = list.data()["nodes"][0]["headers"]["nodes"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    headers
        .as_array()
        .unwrap()
        .iter()
        .map(|header| {
            (
                number(&header["id"]),
                text(&header["key"]),
                text(&header["value"]),
                header["active"].as_bool().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn one_is_active_at_once_unless_it_is_made_inactive() {
    on_surfaces(async |stage, surface, ada| {
        for (input, active) in [
            (json!({"config": {"url": "https://1.1.1.1/one"}}), true),
            (
                json!({"config": {"url": "https://1.1.1.1/two"}, "active": false}),
                false,
            ),
        ] {
            let answer = create(stage, surface, ada, input).await;
            let made = &answer.data()["externalAuditEventDestination"];
            assert_eq!(made["active"], active);
        }
    })
    .await;
}

#[tokio::test]
async fn a_destination_is_made_with_its_headers() {
    on_surfaces(async |stage, surface, ada| {
        let config = json!({
            "url": "https://1.1.1.1/logs",
            "headers": {
                "X-A": {"value": "a \"quoted\", value"},
                "X-B": {"value": "", "active": false},
            },
        });
        let made = created(stage, surface, ada, config).await;
        assert_eq!(made["category"], "http");
        assert_eq!(made["active"], true);
        assert_eq!(
            made["config"],
            json!({
                "url": "https://1.1.1.1/logs",
                "headers": {
                    "X-A": {"value": "a \"quoted\", value", "active": true},
                    "X-B": {"value": "", "active": false},
                },
            })
        );
        let token = made["secretToken"].as_str().unwrap();
        assert_eq!(token.len(), 24);
        assert_eq!(legacy_headers(stage, surface, ada).await.len(), 2);
        let event = &stage.outbox().await[0];
        assert_eq!(event["details"]["category"], "http");
        assert_eq!(event["details"]["id"], number(&made["id"]));
        assert!(!event.to_string().contains("quoted"), "{event}");
    })
    .await;
}

#[tokio::test]
async fn settings_may_come_as_a_string_and_no_headers_are_not_kept() {
    on_surfaces(async |stage, surface, ada| {
        let config = json!(r#"{"url": "https://1.1.1.1/logs", "headers": {}}"#);
        let made = created(stage, surface, ada, config).await;
        assert_eq!(made["config"], json!({"url": "https://1.1.1.1/logs"}));
    })
    .await;
}

#[tokio::test]
async fn of_a_key_that_stands_twice_in_a_string_the_last_value_counts() {
    on_surfaces(async |stage, surface, ada| {
        let config = json!(
            r#"{"url": "https://1.1.1.1/a", "headers": {"X": {"value": "a"}, "X": {"value": "b"}}, "url": "https://1.1.1.1/b"}"#
        );
        let made = created(stage, surface, ada, config).await;
        let headers = json!({"X": {"value": "b", "active": true}});
        let expected = json!({"url": "https://1.1.1.1/b", "headers": headers});
        assert_eq!(made["config"], expected);
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_in_the_payload_and_nothing_is_made() {
    on_surfaces(async |stage, surface, ada| {
        let config = |config: Value| json!({ "config": config });
        let url = |url: &str| config(json!({ "url": url }));
        let header = |key: &str, value: Value| {
            config(json!({"url": "https://1.1.1.1", "headers": {key: value}}))
        };
        let many: Map<String, Value> = (0..21)
            .map(|number| (format!("X-{number}"), json!({"value": "v"})))
            .collect();
        let length = "Secret token should have length between 16 to 24 characters.";
        let reserved = "Config headers cannot contain X-Gitlab-Event-Streaming-Token";
        for (more, sentence) in [
            (config(json!(5)), "Config must be a hash"),
            (config(json!([])), "Config must be a hash"),
            (config(json!("nonsense")), "Config must be a hash"),
            (config(json!({})), SCHEMA),
            (config(json!({"url": null})), SCHEMA),
            (config(json!({"url": "https://1.1.1.1", "more": 1})), SCHEMA),
            (url("ftp://1.1.1.1"), SCHEMA),
            (url(""), SCHEMA),
            (url("https:1.1.1.1"), SCHEMA),
            (url("$SIEM_URL"), SCHEMA),
            (url("https://1.1.1.1/\r\nX: y"), SCHEMA),
            (url(&format!("https://1.1.1.1/{}", "a".repeat(240))), SCHEMA),
            (
                url("http://127.0.0.1"),
                "Config url is blocked: Requests to loopback addresses are not allowed",
            ),
            (header("X", json!("plain")), SCHEMA),
            (header("X", json!({"value": "a".repeat(2_001)})), SCHEMA),
            (header("X", json!({"value": " a"})), SCHEMA),
            (header("X", json!({"value": "a\r\nb"})), SCHEMA),
            (header("a b", json!({"value": "v"})), SCHEMA),
            (
                config(json!({"url": "https://1.1.1.1", "headers": many})),
                SCHEMA,
            ),
            (
                header("x-gitlab-EVENT-streaming-token", json!({"value": "v"})),
                reserved,
            ),
            (json!({"category": ""}), "Category can't be blank"),
            (
                json!({"category": "nonsense"}),
                "Category is not included in the list",
            ),
            (
                json!({"category": "aws"}),
                "Category aws is not supported yet. Use http.",
            ),
            (
                json!({"category": "gcp"}),
                "Category gcp is not supported yet. Use http.",
            ),
            (json!({"secretToken": "a"}), length),
            (json!({"secretToken": "a".repeat(25)}), length),
            (
                json!({"name": "a".repeat(73)}),
                "Name is too long (maximum is 72 characters)",
            ),
        ] {
            let answer = create(stage, surface, ada, more.clone()).await;
            let errors = answer.data()["errors"].as_array().unwrap().clone();
            assert_eq!(errors, [json!(sentence)], "{more}");
            assert_eq!(answer.data["externalAuditEventDestination"], Value::Null);
        }
        stage.assert_untouched().await;
    })
    .await;
}

#[tokio::test]
async fn a_missing_argument_is_refused_by_the_schema() {
    on_surfaces(async |stage, surface, ada| {
        for missing in ["category", "config"] {
            let mut input = json!({"category": "http", "config": {"url": "https://1.1.1.1"}});
            if surface.level() == Level::Group {
                input["groupPath"] = GROUP.into();
            }
            input.as_object_mut().unwrap().remove(missing);
            let answer = mutate(stage, ada, &surface.create_mutation(), "errors", input).await;
            assert_eq!(answer.refused().1, "GRAPHQL_VALIDATION_FAILED", "{missing}");
        }
        stage.assert_untouched().await;
    })
    .await;
}

#[tokio::test]
async fn the_settings_are_replaced_whole_and_a_header_whose_key_stays_keeps_its_id() {
    on_surfaces(async |stage, surface, ada| {
        let url = "https://1.1.1.1/logs";
        let headers =
            json!({"X-Keep": {"value": "k"}, "X-Gone": {"value": "g"}, "X-Other": {"value": "o"}});
        let made = created(stage, surface, ada, json!({"url": url, "headers": headers})).await;
        let before = legacy_headers(stage, surface, ada).await;
        let id_of = |headers: &[(i64, String, String, bool)], key: &str| {
            headers
                .iter()
                .find(|header| header.1 == key)
                .map(|header| header.0)
        };
        let headers = json!({
            "X-Keep": {"value": "k"},
            "x-other": {"value": "changed", "active": false},
            "X-New": {"value": "n"},
        });
        let config = json!({"url": url, "headers": headers});
        let answer = update(stage, surface, ada, &made, json!({ "config": config })).await;
        assert_eq!(answer.data()["errors"], json!([]));
        let after = legacy_headers(stage, surface, ada).await;
        assert_eq!(after.len(), 3);
        assert_eq!(id_of(&after, "X-Keep"), id_of(&before, "X-Keep"));
        assert_eq!(id_of(&after, "x-other"), id_of(&before, "X-Other"));
        assert!(id_of(&after, "X-New").is_some() && id_of(&after, "X-Gone").is_none());
        let changed = after.iter().find(|header| header.1 == "x-other").unwrap();
        assert_eq!((changed.2.as_str(), changed.3), ("changed", false));
        assert_eq!(stage.audited().await.len(), 2);
        // Without headers there are none.
        let config = json!({ "url": url });
        update(stage, surface, ada, &made, json!({ "config": config }))
            .await
            .data();
        assert_eq!(legacy_headers(stage, surface, ada).await, []);
    })
    .await;
}

#[tokio::test]
async fn new_headers_of_an_update_are_numbered_and_listed_in_the_order_of_their_keys() {
    on_surfaces(async |stage, surface, ada| {
        let url = "https://1.1.1.1/logs";
        let made = created(stage, surface, ada, json!({ "url": url })).await;
        for (headers, expected) in [
            (
                r#"{"X-B": {"value": "b"}, "X-D": {"value": "d"}, "X-A": {"value": "a"}}"#,
                ["X-A", "X-B", "X-D"],
            ),
            // What is new comes behind what is there.
            (
                r#"{"X-C": {"value": "c"}, "X-B": {"value": "b"}, "X-0": {"value": "0"}}"#,
                ["X-B", "X-0", "X-C"],
            ),
        ] {
            let config = format!(r#"{{"url": "{url}", "headers": {headers}}}"#);
            let answer = update(stage, surface, ada, &made, json!({ "config": config })).await;
            assert_eq!(answer.data()["errors"], json!([]));
            let headers = legacy_headers(stage, surface, ada).await;
            let keys: Vec<_> = headers.iter().map(|header| header.1.as_str()).collect();
            assert_eq!(keys, expected);
            assert!(headers.is_sorted_by_key(|header| header.0), "{headers:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_changed_value_of_a_header_is_told_but_never_said() {
    on_surfaces(async |stage, surface, ada| {
        let config =
            |value: &str| json!({"url": "https://1.1.1.1", "headers": {"X-A": {"value": value}}});
        let made = created(stage, surface, ada, config("old secret")).await;
        let same = json!({"config": config("old secret")});
        update(stage, surface, ada, &made, same).await.data();
        assert_eq!(stage.audited().await.len(), 1);
        let new = json!({"config": config("new secret")});
        update(stage, surface, ada, &made, new).await.data();
        let event = stage.outbox().await.pop().unwrap().to_string();
        assert!(event.contains("[hidden, changed]"), "{event}");
        assert!(!event.contains("secret\""), "{event}");
    })
    .await;
}

#[tokio::test]
async fn all_columns_are_told_in_gitlabs_order() {
    on_surfaces(async |stage, surface, ada| {
        let made = created(stage, surface, ada, json!({"url": "https://1.1.1.1/a"})).await;
        let input = json!({
            "active": false,
            "secretToken": "a-token-of-24-characters",
            "name": "New",
            "category": "http",
            "config": {"url": "https://1.1.1.1/b"},
        });
        let answer = update(stage, surface, ada, &made, input).await;
        assert_eq!(answer.data()["errors"], json!([]));
        let name = made["name"].as_str().unwrap();
        assert_eq!(
            stage.audited().await[1..],
            [
                r#"Changed config from {"url":"https://1.1.1.1/a"} to {"url":"https://1.1.1.1/b"}"#
                    .to_owned(),
                format!("Changed name from {name} to New"),
                "Changed secret_token".to_owned(),
                "Changed active from true to false".to_owned(),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn a_category_can_be_no_other_one_yet() {
    on_surfaces(async |stage, surface, ada| {
        let made = created(stage, surface, ada, json!({"url": "https://1.1.1.1"})).await;
        for (category, sentence) in [
            ("aws", "Category aws is not supported yet. Use http."),
            ("", "Category can't be blank"),
        ] {
            for input in [
                json!({"category": category}),
                json!({"category": category, "config": {"bucketName": "b"}}),
            ] {
                let answer = update(stage, surface, ada, &made, input).await;
                assert_eq!(answer.data()["errors"], json!([sentence]));
                assert_eq!(answer.data["externalAuditEventDestination"], Value::Null);
            }
        }
        assert_eq!(stage.audited().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_subgroup_is_told_to_use_the_top_level_group() {
    on_every_database(async |stage| {
        stage.group("acme/web").await;
        let ada = stage.member(GROUP, AccessLevel::Owner).await;
        let surface = Surface::ConsolidatedGroup;
        let answer = create(stage, surface, &ada, json!({"groupPath": "acme/web"})).await;
        let sentence = "Group must not be a subgroup. Use a top-level group.";
        assert_eq!(answer.data()["errors"], json!([sentence]));
        let answer = create(stage, surface, &ada, json!({"groupPath": "nothing"})).await;
        assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
        stage.assert_untouched().await;
    })
    .await;
}

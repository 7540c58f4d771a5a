//! Limiting destinations to groups and projects, on the three surfaces that can.

use api_service::auth::Caller;
use api_service::domain::AccessLevel;
use serde_json::{Value, json};
use shared::entities::config_version;
use shared::snapshot::changes_since;

use crate::databases::{on_every_database, on_every_database_with};
use crate::level::NO_RESOURCE;
use crate::stage::{GROUP, OTHER_GROUP, Stage};
use crate::surface::{Surface, mutate, number};

const SURFACES: [Surface; 3] = [
    Surface::LegacyGroup,
    Surface::ConsolidatedGroup,
    Surface::ConsolidatedInstance,
];
const URL: &str = "https://1.1.1.1/logs";
const NO_PATH: &str = "namespace_path should be of group or project only.";

/// Runs a test on the three surfaces, with `acme/web` and the project `acme/web/site`.
async fn on_surfaces(test: impl AsyncFn(&Stage, Surface, &Caller)) {
    for surface in SURFACES {
        on_every_database(async |stage| {
            let ada = surface.administrator(stage).await;
            stage.group("acme/web").await;
            stage.project("acme/web/site").await;
            test(stage, surface, &ada).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_destination_is_limited_to_a_group_or_a_project() {
    on_surfaces(async |stage, surface, ada| {
        for (path, class, name, full_name) in [
            ("acme/web", "Group", "WEB", "ACME / WEB"),
            (
                "acme/web/site",
                "Namespaces::ProjectNamespace",
                "SITE",
                "ACME / WEB / SITE",
            ),
        ] {
            let made = surface.created(stage, ada, URL).await;
            let answer = surface.add_filter(stage, ada, &made["id"], path).await;
            let filter = &answer.data()["namespaceFilter"];
            assert_eq!(answer.data["errors"], json!([]));
            assert_eq!(answer.data["clientMutationId"], "m");
            assert_eq!(filter["id"], surface.filter_id(number(&filter["id"])));
            assert_eq!(filter["destination"]["id"], made["id"]);
            let namespace = &filter["namespace"];
            let id = format!("gid://gitlab/{class}/{}", number(&namespace["id"]));
            assert_eq!(namespace["id"], id);
            assert_eq!(namespace["name"], name);
            assert_eq!(namespace["fullName"], full_name);
            assert_eq!(namespace["fullPath"], path);
            assert_eq!(surface.listed_filters(stage, ada).await, json!([path]));
            let id = made["id"].as_str().unwrap();
            surface.destroy(stage, ada, id).await.data();
        }
    })
    .await;
}

#[tokio::test]
async fn the_change_is_audited_and_loaded_by_workers() {
    on_surfaces(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let foundation = &stage.foundation;
        let before = config_version::current(foundation.database.reader())
            .await
            .unwrap();
        let filter = surface.filtered(stage, ada, &made["id"], "acme/web").await;
        let changes = changes_since(&foundation.database, &foundation.keyring, before)
            .await
            .unwrap();
        assert_eq!(changes.changed[0].namespaces, ["acme/web"]);
        let id = filter["id"].as_str().unwrap();
        let answer = surface.delete_filter(stage, ada, id).await;
        assert_eq!(*answer.data(), json!({"errors": [], "clientMutationId": "m"}));
        let changes = changes_since(&foundation.database, &foundation.keyring, changes.version)
            .await
            .unwrap();
        assert_eq!(changes.changed[0].namespaces, Vec::<String>::new());
        assert_eq!(surface.listed_filters(stage, ada).await, json!([]));
        let name = made["name"].as_str().unwrap();
        let expected = match surface {
            Surface::ConsolidatedGroup => ["Created", "Deleted"].map(|done| {
                format!("{done} namespace filter for group audit event streaming destination.")
            }),
            Surface::ConsolidatedInstance => ["Created", "Deleted"].map(|done| {
                format!("{done} namespace filter for instance audit event streaming destination.")
            }),
            _ => ["Create", "Delete"].map(|verb| {
                format!("{verb} namespace filter for http audit event streaming destination {name} and namespace acme/web")
            }),
        };
        assert_eq!(stage.audited().await[1..], expected);
    })
    .await;
}

#[tokio::test]
async fn the_audit_event_of_a_project_names_destination_and_project() {
    on_surfaces(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let filter = surface
            .filtered(stage, ada, &made["id"], "acme/web/site")
            .await;
        let id = filter["id"].as_str().unwrap();
        surface.delete_filter(stage, ada, id).await.data();
        let name = made["name"].as_str().unwrap();
        let (types, texts, path) = match surface {
            Surface::ConsolidatedGroup => (
                ["created_group_namespace_filter", "deleted_group_namespace_filter"],
                ["Created", "Deleted"].map(|done| {
                    format!("{done} namespace filter for group audit event streaming destination.")
                }),
                "acme",
            ),
            Surface::ConsolidatedInstance => (
                ["created_instance_namespace_filter", "deleted_instance_namespace_filter"],
                ["Created", "Deleted"].map(|done| {
                    format!("{done} namespace filter for instance audit event streaming destination.")
                }),
                "gitlab_instance",
            ),
            _ => (
                ["create_http_namespace_filter", "delete_http_namespace_filter"],
                ["Create", "Delete"].map(|verb| {
                    format!("{verb} namespace filter for http audit event streaming destination {name} and namespace acme/web/site")
                }),
                "acme",
            ),
        };
        let events = stage.outbox().await.split_off(1);
        assert_eq!(events.len(), 2);
        for ((event, event_type), text) in events.iter().zip(types).zip(texts) {
            assert_eq!(event["event_type"], event_type);
            assert_eq!(event["entity_path"], path);
            assert_eq!(event["target_type"], surface.class());
            assert_eq!(event["target_id"], number(&made["id"]));
            assert_eq!(event["target_details"], name);
            let details = &event["details"];
            assert_eq!(details["custom_message"], text);
            if !surface.is_legacy() {
                assert_eq!(details["destination_name"], name);
                assert_eq!(details["namespace"], "acme/web/site");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_a_filter_is_told_and_changes_nothing() {
    on_surfaces(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let other = surface.created(stage, ada, "https://1.1.1.1/other").await;
        surface.filtered(stage, ada, &made["id"], "acme/web").await;
        let audited = stage.audited().await;
        let outside = if surface.is_legacy() {
            "External audit event destination does not belong to the top-level group of the namespace."
        } else {
            "External streaming destination does not belong to the top-level group of the namespace."
        };
        let taken = "Namespace has already been taken";
        let has_one = "External audit event destination has already been taken";
        let table: &[(&Value, &str, &[&str])] = match surface {
            Surface::LegacyGroup => &[
                (&made["id"], "acme/web", &[has_one, taken]),
                (&made["id"], "acme/web/site", &[has_one]),
                (&other["id"], "ACME/WEB", &[taken]),
                (&other["id"], OTHER_GROUP, &[outside]),
                (&made["id"], OTHER_GROUP, &[outside]),
            ],
            Surface::ConsolidatedGroup => &[
                (&made["id"], "Acme/Web", &[taken]),
                (&other["id"], OTHER_GROUP, &[outside]),
                (&made["id"], OTHER_GROUP, &[outside]),
            ],
            _ => &[(&made["id"], "acme/web", &[taken])],
        };
        for (id, path, sentences) in table {
            let answer = surface.add_filter(stage, ada, id, path).await;
            assert_eq!(answer.data()["errors"], json!(sentences), "{path}");
            assert_eq!(answer.data["namespaceFilter"], Value::Null);
        }
        assert_eq!(stage.audited().await, audited);
        assert_eq!(surface.listed_filters(stage, ada).await, json!(["acme/web"]));
    })
    .await;
}

#[tokio::test]
async fn a_path_without_a_group_or_project_is_told_at_the_top() {
    on_surfaces(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        for path in ["nothing", "", "acme/nothing", "a\u{0}b", "ä"] {
            let answer = surface.add_filter(stage, ada, &made["id"], path).await;
            let sentence = if surface.is_legacy() {
                "group_path is invalid"
            } else {
                NO_PATH
            };
            assert_eq!(answer.refused(), (sentence, "BAD_USER_INPUT"), "{path:?}");
        }
        assert_eq!(stage.audited().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_newer_generation_needs_a_path_though_the_schema_does_not() {
    on_surfaces(async |stage, surface, ada| {
        if surface.is_legacy() {
            return;
        }
        let made = surface.created(stage, ada, URL).await;
        for input in [
            json!({"destinationId": made["id"]}),
            json!({"destinationId": made["id"], "namespacePath": null}),
        ] {
            let mutation = surface.filter_mutations()[0];
            let answer = mutate(stage, ada, mutation, "errors", input).await;
            assert_eq!(answer.refused(), (NO_PATH, "BAD_USER_INPUT"));
        }
    })
    .await;
}

#[tokio::test]
async fn the_legacy_call_takes_exactly_one_path_of_its_kind() {
    on_surfaces(async |stage, surface, ada| {
        if !surface.is_legacy() {
            return;
        }
        let made = surface.created(stage, ada, URL).await;
        let one = "One and only one of [groupPath, projectPath] arguments is required.";
        for (mut input, sentence) in [
            (json!({}), one),
            (json!({"groupPath": null, "projectPath": null}), one),
            (
                json!({"groupPath": "acme", "projectPath": "acme/web/site"}),
                one,
            ),
            (
                json!({"groupPath": "acme/web/site"}),
                "group_path is invalid",
            ),
            (
                json!({"projectPath": "acme/web"}),
                "project_path is invalid",
            ),
            (json!({"projectPath": "nothing"}), "project_path is invalid"),
        ] {
            input["destinationId"] = made["id"].clone();
            let mutation = surface.filter_mutations()[0];
            let answer = mutate(stage, ada, mutation, "errors", input).await;
            assert_eq!(answer.refused(), (sentence, "BAD_USER_INPUT"));
        }
    })
    .await;
}

#[tokio::test]
async fn the_newer_generation_has_five_filters_or_as_many_as_is_set() {
    for (settings, limit) in [(&[][..], 5), (&[("LIMITS__NAMESPACE_FILTERS", "1")], 1)] {
        for surface in [Surface::ConsolidatedGroup, Surface::ConsolidatedInstance] {
            on_every_database_with(settings, async |stage| {
                let ada = surface.administrator(stage).await;
                let made = surface.created(stage, &ada, URL).await;
                let mut paths = Vec::new();
                for number in 0..=limit {
                    let path = format!("{GROUP}/g{number}");
                    stage.group(&path).await;
                    paths.push(path);
                }
                for path in &paths[..limit] {
                    surface.filtered(stage, &ada, &made["id"], path).await;
                }
                let answer = surface
                    .add_filter(stage, &ada, &made["id"], &paths[limit])
                    .await;
                let sentence = format!("Namespace filters are limited to {limit} per destination");
                assert_eq!(answer.data()["errors"], json!([sentence]));
                assert_eq!(
                    surface.listed_filters(stage, &ada).await,
                    json!(paths[..limit])
                );
            })
            .await;
        }
    }
}

#[tokio::test]
async fn the_legacy_generation_shows_a_filter_when_there_is_one_and_none_when_there_are_several() {
    on_surfaces(async |stage, surface, ada| {
        if surface != Surface::ConsolidatedGroup {
            return;
        }
        let made = surface.created(stage, ada, URL).await;
        surface.filtered(stage, ada, &made["id"], "acme/web").await;
        let legacy = surface.sibling();
        assert_eq!(legacy.listed_filters(stage, ada).await, json!(["acme/web"]));
        surface
            .filtered(stage, ada, &made["id"], "acme/web/site")
            .await;
        assert_eq!(legacy.listed_filters(stage, ada).await, json!([]));
    })
    .await;
}

#[tokio::test]
async fn an_unknown_filter_and_one_that_is_not_ones_own_are_resource_errors() {
    on_surfaces(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        let filter = surface.filtered(stage, ada, &made["id"], "acme/web").await;
        let id = filter["id"].as_str().unwrap();
        let answer = surface
            .delete_filter(stage, ada, &surface.filter_id(999))
            .await;
        assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
        let strangers = [
            Caller::anonymous(),
            stage.member(GROUP, AccessLevel::Maintainer).await,
            stage.member(OTHER_GROUP, AccessLevel::Owner).await,
        ];
        for stranger in &strangers {
            for id in [id, &surface.filter_id(999)] {
                let answer = surface.delete_filter(stage, stranger, id).await;
                assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
            }
            // Whether there is such a namespace is not told to who may not ask.
            for path in ["acme/web/site", "acme/nothing"] {
                let answer = surface.add_filter(stage, stranger, &made["id"], path).await;
                assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
            }
        }
        assert_eq!(
            surface.listed_filters(stage, ada).await,
            json!(["acme/web"])
        );
        assert_eq!(stage.audited().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_destination_is_a_resource_error_also_for_who_may() {
    on_surfaces(async |stage, surface, ada| {
        for number in [999, i64::MAX] {
            for path in ["acme/web", "acme/nothing"] {
                let id = json!(surface.id(number));
                let answer = surface.add_filter(stage, ada, &id, path).await;
                assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
            }
        }
        stage.assert_untouched().await;
    })
    .await;
}

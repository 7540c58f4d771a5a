//! The event types that destinations are limited to, on every surface.

use api_service::auth::Caller;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _};
use serde_json::{Value, json};
use shared::entities::{config_version, destination_event_type_filters, destinations, outbox};
use shared::queue::Notice;
use shared::snapshot::changes_since;

use crate::level::{Level, NO_RESOURCE};
use crate::stage::Stage;
use crate::surface::{Surface, on_every_surface};

const UNKNOWN: &str = "Validation failed: Audit event type with value nothing is undefined.";
const TAKEN: &str = "Validation failed: Audit event type has already been taken";

/// Makes a destination and gives its id.
async fn destination(stage: &Stage, surface: Surface, ada: &Caller) -> String {
    let url = "https://1.1.1.1/logs";
    let made = surface.created(stage, ada, url).await;
    made["id"].as_str().unwrap().to_owned()
}

/// What a change of filters can leave behind: the version, how many filters, the audit messages.
async fn traces(stage: &Stage) -> (i64, u64, Vec<String>) {
    let database = stage.foundation.database.reader();
    let filters = destination_event_type_filters::Entity::find();
    (
        config_version::current(database).await.unwrap(),
        filters.count(database).await.unwrap(),
        stage.audited().await,
    )
}

#[tokio::test]
async fn all_filters_are_answered_listed_and_audited() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let steps = [
            (
                json!(["user_created", "group_created", "add_ssh_key"]),
                json!(["user_created", "group_created", "add_ssh_key"]),
                "user_created, group_created, and add_ssh_key",
            ),
            (
                json!(["project_created"]),
                json!([
                    "user_created",
                    "group_created",
                    "add_ssh_key",
                    "project_created"
                ]),
                "project_created",
            ),
        ];
        for (wanted, all, sentence) in steps {
            let answer = surface.add_event_types(stage, ada, &id, wanted).await;
            assert_eq!(
                *answer.data(),
                json!({"errors": [], "clientMutationId": "m", "eventTypeFilters": all})
            );
            let list = surface.list(stage, ada).await;
            assert_eq!(list[0]["eventTypeFilters"], all);
            let message = format!("Created audit event type filter(s): {sentence}");
            assert_eq!(stage.audited().await.pop(), Some(message));
        }
        assert_eq!(stage.audited().await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn the_audit_event_has_the_destination_as_target() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let answer = surface
            .add_event_types(stage, ada, &id, json!(["user_created"]))
            .await;
        answer.data();
        let event = stage.outbox().await.pop().unwrap();
        assert_eq!(event["event_type"], "event_type_filters_created");
        assert_eq!(event["target_type"], surface.class());
        let number = event["target_id"].as_i64().unwrap();
        assert_eq!(id, format!("gid://gitlab/{}/{number}", surface.class()));
        let path = match surface.level() {
            Level::Group => "acme",
            Level::Instance => "gitlab_instance",
        };
        assert_eq!(event["entity_path"], path);
    })
    .await;
}

#[tokio::test]
async fn workers_load_the_filters_with_the_next_version_and_are_told_of_it() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let foundation = &stage.foundation;
        let database = foundation.database.reader();
        let before = config_version::current(database).await.unwrap();
        let mut notices = foundation.queue.notices();
        let answer = surface
            .add_event_types(stage, ada, &id, json!(["user_created"]))
            .await;
        answer.data();
        let told = notices.try_recv().unwrap();
        assert_eq!(told, Notice::ConfigVersion(before + 1));
        let changes = changes_since(&foundation.database, &foundation.keyring, before)
            .await
            .unwrap();
        assert_eq!(changes.version, before + 1);
        assert_eq!(changes.changed.len(), 1);
        assert_eq!(changes.changed[0].event_types, ["user_created"]);
        // The event itself may not be routed by a configuration without the filter.
        let rows = outbox::Entity::find().all(database).await.unwrap();
        assert_eq!(rows.last().unwrap().config_version, before + 1);
    })
    .await;
}

#[tokio::test]
async fn other_destinations_are_left_alone() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let other = surface.created(stage, ada, "https://1.1.1.1/other").await;
        let versions = async || {
            let database = stage.foundation.database.reader();
            let rows = destinations::Entity::find().all(database).await.unwrap();
            let mut versions: Vec<i64> = rows.iter().map(|row| row.config_version).collect();
            versions.sort_unstable();
            versions
        };
        assert_eq!(versions().await, [1, 2]);
        let types = json!(["user_created"]);
        for (id, changed) in [
            (id.as_str(), [2, 3]),
            (other["id"].as_str().unwrap(), [3, 4]),
        ] {
            let answer = surface.add_event_types(stage, ada, id, types.clone()).await;
            assert_eq!(answer.data()["eventTypeFilters"], types);
            assert_eq!(versions().await, changed);
        }
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_in_the_payload_and_nothing_is_added_or_audited() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let there = json!(["user_created"]);
        surface
            .add_event_types(stage, ada, &id, there.clone())
            .await
            .data();
        let before = traces(stage).await;
        let long = "a".repeat(256);
        let long_and_unknown = [
            "Validation failed: Audit event type is too long (maximum is 255 characters)"
                .to_owned(),
            format!("Validation failed: Audit event type with value {long} is undefined."),
        ];
        let table = [
            (json!(["nothing"]), json!([UNKNOWN])),
            (json!(["add_ssh_key", "nothing"]), json!([UNKNOWN])),
            (json!(["user_created"]), json!([TAKEN])),
            (json!(["add_ssh_key", "user_created"]), json!([TAKEN])),
            (json!(["nothing", "user_created"]), json!([UNKNOWN, TAKEN])),
            (
                json!([""]),
                json!(["Validation failed: Audit event type with value  is undefined."]),
            ),
            (
                json!(["a\u{0}"]),
                json!(["Validation failed: Audit event type with value a\u{0} is undefined."]),
            ),
            (json!([long]), json!(long_and_unknown)),
        ];
        for (wanted, errors) in table {
            let answer = surface.add_event_types(stage, ada, &id, wanted).await;
            assert_eq!(
                *answer.data(),
                json!({"errors": errors, "clientMutationId": "m", "eventTypeFilters": there})
            );
        }
        assert_eq!(traces(stage).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_name_given_twice_in_one_call_counts_as_already_there() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let before = traces(stage).await;
        let twice = json!(["user_created", "add_ssh_key", "user_created"]);
        let answer = surface.add_event_types(stage, ada, &id, twice).await;
        assert_eq!(answer.data()["errors"], json!([TAKEN]));
        assert_eq!(answer.data()["eventTypeFilters"], json!([]));
        assert_eq!(traces(stage).await, before);
    })
    .await;
}

#[tokio::test]
async fn an_empty_list_is_refused_at_the_top() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let before = traces(stage).await;
        let answer = surface.add_event_types(stage, ada, &id, json!([])).await;
        assert_eq!(
            answer.refused(),
            ("event type filters must be present", "BAD_USER_INPUT")
        );
        assert_eq!(answer.errors[0]["path"], json!([surface.events_add()]));
        assert_eq!(answer.data, Value::Null);
        assert_eq!(traces(stage).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_lone_name_stands_for_a_list_of_it() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let answer = surface
            .add_event_types(stage, ada, &id, json!("user_created"))
            .await;
        assert_eq!(answer.data()["eventTypeFilters"], json!(["user_created"]));
        let field = surface.events_add();
        let query = format!(
            "mutation {{ {field}(input: {{destinationId: \"{id}\", eventTypeFilters: \"add_ssh_key\"}}) {{ eventTypeFilters }} }}"
        );
        let answer = stage.run(ada, &query, json!({})).await;
        assert_eq!(
            answer.data()[field]["eventTypeFilters"],
            json!(["user_created", "add_ssh_key"])
        );
    })
    .await;
}

#[tokio::test]
async fn a_missing_argument_is_refused_by_the_schema() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        for input in [
            "eventTypeFilters: [\"user_created\"]".to_owned(),
            format!("destinationId: \"{id}\""),
            format!("destinationId: \"{id}\", eventTypeFilters: null"),
            format!("destinationId: \"{id}\", eventTypeFilters: [null]"),
        ] {
            for field in [surface.events_add(), surface.events_remove()] {
                let query = format!("mutation {{ {field}(input: {{{input}}}) {{ errors }} }}");
                let answer = stage.run(ada, &query, json!({})).await;
                assert_eq!(answer.refused().1, "GRAPHQL_VALIDATION_FAILED", "{input}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_id_is_a_resource_error_also_for_who_may() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        surface.destroy(stage, ada, &id).await.data();
        let before = traces(stage).await;
        let largest = format!("gid://gitlab/{}/{}", surface.class(), i64::MAX);
        for id in [id, largest] {
            let types = json!(["user_created"]);
            let added = surface.add_event_types(stage, ada, &id, types.clone());
            assert_eq!(added.await.refused(), (NO_RESOURCE, "FORBIDDEN"));
            let removed = surface.remove_event_types(stage, ada, &id, types);
            assert_eq!(removed.await.refused(), (NO_RESOURCE, "FORBIDDEN"));
        }
        assert_eq!(traces(stage).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_number_of_the_other_level_is_not_found() {
    on_every_surface(async |stage, here, _| {
        let root = stage.user("root-of-both", true).await;
        let there = match here {
            Surface::LegacyGroup => Surface::LegacyInstance,
            Surface::LegacyInstance => Surface::LegacyGroup,
            Surface::ConsolidatedGroup => Surface::ConsolidatedInstance,
            Surface::ConsolidatedInstance => Surface::ConsolidatedGroup,
        };
        let id = destination(stage, here, &root).await;
        let id = id.replace(here.class(), there.class());
        let types = json!(["user_created"]);
        let answer = there.add_event_types(stage, &root, &id, types).await;
        assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
    })
    .await;
}

#[tokio::test]
async fn removed_filters_are_gone_and_audited() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let types = json!(["user_created", "group_created", "add_ssh_key"]);
        surface.add_event_types(stage, ada, &id, types).await.data();
        for (unwanted, left, sentence) in [
            (
                // The same name twice is one name.
                json!(["user_created", "add_ssh_key", "user_created"]),
                json!(["group_created"]),
                "user_created and add_ssh_key",
            ),
            // A lone name stands for a list of it.
            (json!("group_created"), json!([]), "group_created"),
        ] {
            let answer = surface.remove_event_types(stage, ada, &id, unwanted).await;
            assert_eq!(
                *answer.data(),
                json!({"errors": [], "clientMutationId": "m"})
            );
            assert_eq!(surface.list(stage, ada).await[0]["eventTypeFilters"], left);
            let event = stage.outbox().await.pop().unwrap();
            assert_eq!(event["event_type"], "event_type_filters_deleted");
            let message = format!("Deleted audit event type filter(s): {sentence}");
            assert_eq!(event["details"]["custom_message"], message);
            let foundation = &stage.foundation;
            let version = config_version::current(foundation.database.reader())
                .await
                .unwrap();
            let changes = changes_since(&foundation.database, &foundation.keyring, version - 1)
                .await
                .unwrap();
            assert_eq!(json!(changes.changed[0].event_types), left);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_told_and_nothing_is_removed() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let there = json!(["user_created", "group_created"]);
        surface
            .add_event_types(stage, ada, &id, there.clone())
            .await
            .data();
        let before = traces(stage).await;
        for (unwanted, names) in [
            (json!(["add_ssh_key"]), "add_ssh_key"),
            (
                json!(["user_created", "nothing", "add_ssh_key"]),
                "nothing, add_ssh_key",
            ),
            (json!(["a\u{0}"]), "a\u{0}"),
        ] {
            let answer = surface.remove_event_types(stage, ada, &id, unwanted).await;
            let sentence =
                format!("Couldn't find event type filters where audit event type(s): {names}");
            assert_eq!(answer.data()["errors"], json!([sentence]));
        }
        let answer = surface.remove_event_types(stage, ada, &id, json!([])).await;
        let refused = ("event type filters must be present", "BAD_USER_INPUT");
        assert_eq!(answer.refused(), refused);
        assert_eq!(traces(stage).await, before);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_added_without_its_audit_event() {
    on_every_surface(async |stage, surface, ada| {
        let id = destination(stage, surface, ada).await;
        let database = &stage.foundation.database;
        let version = config_version::current(database.reader()).await.unwrap();
        database
            .writer()
            .execute_unprepared("DROP TABLE outbox")
            .await
            .unwrap();
        let types = json!(["user_created"]);
        let answer = surface.add_event_types(stage, ada, &id, types).await;
        assert_eq!(answer.refused(), ("Internal server error", "INTERNAL"));
        let list = surface.list(stage, ada).await;
        assert_eq!(list[0]["eventTypeFilters"], json!([]));
        let now = config_version::current(database.reader()).await.unwrap();
        assert_eq!(now, version);
    })
    .await;
}

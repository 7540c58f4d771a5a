//! Who may do what, on every surface.

use api_service::accounts::Account;
use api_service::auth::{AccessTokenScope, Caller};
use api_service::domain::AccessLevel;
use serde_json::{Value, json};

use crate::databases::{Settings, on_every_database, on_every_database_with};
use crate::level::{Level, NO_ACCESS, NO_API_SCOPE, NO_RESOURCE, on_both_levels};
use crate::stage::{GROUP, OTHER_GROUP, Stage, caller};
use crate::surface::{Surface, Wanted, mutate};

const URL: &str = "https://1.1.1.1/logs";
/// The mutations that take the id of a destination of any class.
const OF_ANY_CLASS: [&str; 5] = [
    "auditEventStreamingSigningSecretRotate",
    "auditEventStreamingDeadLettersReplay",
    "auditEventStreamingDeadLettersPurge",
    "auditEventStreamingLanePurge",
    "auditEventStreamingDestinationTest",
];

/// Holds that somebody can neither make, see, change nor remove destinations of a surface, whether
/// there are any or not.
async fn assert_refused(stage: &Stage, surface: Surface, caller: &Caller) {
    let before = (stage.destinations().await, stage.audited().await);
    let wanted = Wanted {
        url: Some("https://1.1.1.1/new"),
        ..Wanted::default()
    };
    let refused = surface.create(stage, caller, &wanted).await;
    assert_eq!(refused.errors, [surface.refusal()]);
    for number in 1..=3 {
        let id = surface.id(number);
        let refused = surface.update(stage, caller, &id, &wanted).await;
        assert_eq!(refused.errors, [surface.refusal()]);
        let answer = surface.destroy(stage, caller, &id).await;
        assert_eq!(answer.refused(), (surface.refusal(), "FORBIDDEN"));
        let types = json!(["user_created"]);
        for answer in [
            surface
                .add_event_types(stage, caller, &id, types.clone())
                .await,
            surface.remove_event_types(stage, caller, &id, types).await,
        ] {
            // On every surface the same as for an id that does not exist.
            assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
        }
        for mutation in OF_ANY_CLASS {
            let input = json!({ "destinationId": id });
            let answer = mutate(stage, caller, mutation, "errors", input).await;
            assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"), "{mutation}");
        }
    }
    for (mutation, input, refusal) in parts(surface) {
        let answer = mutate(stage, caller, mutation, "errors", input).await;
        assert_eq!(answer.refused(), (refusal, "FORBIDDEN"), "{mutation}");
    }
    let list = surface.list(stage, caller).await;
    match surface.level() {
        // A group that one may not know of has no list either.
        Level::Group => assert_eq!(list, Value::Null),
        Level::Instance => assert_eq!(list, json!([])),
    }
    assert_eq!((stage.destinations().await, stage.audited().await), before);
}

/// The mutations of headers and namespace filters, and those under the names of the plan, that belong to
/// a surface, with what is answered to who may not use them.
fn parts(surface: Surface) -> Vec<(&'static str, Value, &'static str)> {
    let id = surface.id(1);
    let header = json!({"destinationId": id, "key": "X", "value": "v"});
    match surface {
        Surface::LegacyGroup => {
            let header_id = json!({"headerId": "gid://gitlab/AuditEvents::Streaming::Header/1"});
            let filter = "gid://gitlab/AuditEvents::Streaming::HTTP::NamespaceFilter/1";
            vec![
                ("auditEventsStreamingHeadersCreate", header, NO_RESOURCE),
                (
                    "auditEventsStreamingHeadersUpdate",
                    header_id.clone(),
                    NO_RESOURCE,
                ),
                ("auditEventsStreamingHeadersDestroy", header_id, NO_RESOURCE),
                (
                    "auditEventsStreamingHttpNamespaceFiltersAdd",
                    json!({"destinationId": id, "groupPath": GROUP}),
                    NO_RESOURCE,
                ),
                (
                    "auditEventsStreamingHttpNamespaceFiltersDelete",
                    json!({"namespaceFilterId": filter}),
                    NO_RESOURCE,
                ),
            ]
        }
        Surface::LegacyInstance => {
            let header_id =
                json!({"headerId": "gid://gitlab/AuditEvents::Streaming::InstanceHeader/1"});
            vec![
                (
                    "auditEventsStreamingInstanceHeadersCreate",
                    header,
                    NO_ACCESS,
                ),
                (
                    "auditEventsStreamingInstanceHeadersUpdate",
                    header_id.clone(),
                    NO_ACCESS,
                ),
                (
                    "auditEventsStreamingInstanceHeadersDestroy",
                    header_id,
                    NO_ACCESS,
                ),
                (
                    "instanceAuditEventExternalDestinationCreate",
                    json!({"destinationUrl": URL}),
                    NO_ACCESS,
                ),
                (
                    "instanceAuditEventExternalDestinationUpdate",
                    json!({"id": id, "name": "Mine"}),
                    NO_ACCESS,
                ),
                (
                    "instanceAuditEventExternalDestinationDestroy",
                    json!({"id": id}),
                    NO_ACCESS,
                ),
            ]
        }
        Surface::ConsolidatedGroup => vec![
            (
                "auditEventsGroupDestinationNamespaceFilterCreate",
                json!({"destinationId": id, "namespacePath": GROUP}),
                NO_RESOURCE,
            ),
            (
                "auditEventsGroupDestinationNamespaceFilterDelete",
                json!({"namespaceFilterId": "gid://gitlab/AuditEvents::Group::NamespaceFilter/1"}),
                NO_RESOURCE,
            ),
        ],
        Surface::ConsolidatedInstance => vec![
            (
                "auditEventsInstanceDestinationNamespaceFilterCreate",
                json!({"destinationId": id, "namespacePath": GROUP}),
                NO_RESOURCE,
            ),
            (
                "auditEventsInstanceDestinationNamespaceFilterDelete",
                json!({"namespaceFilterId": "gid://gitlab/AuditEvents::Instance::NamespaceFilter/1"}),
                NO_RESOURCE,
            ),
        ],
    }
}

#[tokio::test]
async fn lower_roles_other_owners_and_strangers_are_refused() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let mut callers = vec![
            Caller::anonymous(),
            stage.user("stranger", false).await,
            stage.member(OTHER_GROUP, AccessLevel::Owner).await,
        ];
        for level in [
            AccessLevel::Guest,
            AccessLevel::Developer,
            AccessLevel::Maintainer,
        ] {
            callers.push(stage.member(GROUP, level).await);
        }
        for surface in [Surface::LegacyGroup, Surface::ConsolidatedInstance] {
            surface.created(stage, &ada, URL).await;
        }
        for surface in Surface::ALL {
            for caller in &callers {
                assert_refused(stage, surface, caller).await;
            }
        }
        let owner = stage.member(GROUP, AccessLevel::Owner).await;
        assert_refused(stage, Surface::LegacyInstance, &owner).await;
        assert_refused(stage, Surface::ConsolidatedInstance, &owner).await;
    })
    .await;
}

#[tokio::test]
async fn an_instance_admin_counts_as_owner_of_every_group() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let made = Level::Group.created(stage, &ada, URL, json!({})).await;
        let id = made["id"].as_str().unwrap();
        Level::Group.destroy(stage, &ada, id).await.data();
    })
    .await;
}

#[tokio::test]
async fn a_token_without_the_api_scope_is_told_so_whatever_there_is() {
    on_every_database(async |stage| {
        let account = Account {
            id: 1,
            username: "root".to_owned(),
            name: "Administrator".to_owned(),
            admin: true,
        };
        let publisher = caller(account, &[AccessTokenScope::Publish]);
        let refused = (NO_API_SCOPE, "FORBIDDEN");
        for surface in Surface::ALL {
            let wanted = Wanted {
                url: Some(URL),
                ..Wanted::default()
            };
            let errors = surface.create(stage, &publisher, &wanted).await.errors;
            assert_eq!(errors, [NO_API_SCOPE]);
            let id = surface.id(1);
            let errors = surface.update(stage, &publisher, &id, &wanted).await.errors;
            assert_eq!(errors, [NO_API_SCOPE]);
            let types = json!(["user_created"]);
            for answer in [
                surface.destroy(stage, &publisher, &id).await,
                surface
                    .add_event_types(stage, &publisher, &id, types.clone())
                    .await,
                surface
                    .remove_event_types(stage, &publisher, &id, types)
                    .await,
            ] {
                assert_eq!(answer.refused(), refused);
            }
        }
        for mutation in OF_ANY_CLASS {
            let input = json!({ "destinationId": Surface::LegacyGroup.id(1) });
            let answer = mutate(stage, &publisher, mutation, "errors", input).await;
            assert_eq!(answer.refused(), refused, "{mutation}");
        }
        for surface in Surface::ALL {
            for (mutation, input, _) in parts(surface) {
                let answer = mutate(stage, &publisher, mutation, "errors", input).await;
                assert_eq!(answer.refused(), refused, "{mutation}");
            }
            // Before anything that is wrong with the input.
            let none = json!([]);
            let id = surface.id(1);
            let answer = surface.add_event_types(stage, &publisher, &id, none).await;
            assert_eq!(answer.refused(), refused);
        }
        let elsewhere = json!({"groupPath": "nothing"});
        let answer = Level::Group.create(stage, &publisher, URL, elsewhere).await;
        assert_eq!(answer.refused(), refused);
        for query in [
            "{ currentUser { id } }",
            "{ instanceExternalAuditEventDestinations { nodes { id } } }",
            "{ instanceExternalAuditEventDestinations(first: -1) { nodes { id } } }",
            "{ auditEventsInstanceStreamingDestinations { nodes { id } } }",
            "{ group(fullPath: \"acme\") { id } }",
            "{ group(fullPath: \"nothing\") { id } }",
            "mutation { userCreate(input: {username: \"u\", name: \"n\"}) { errors } }",
        ] {
            let answer = stage.run(&publisher, query, json!({})).await;
            assert_eq!(answer.refused(), refused, "{query}");
        }
        let open = "{ __typename __schema { queryType { name } } }";
        stage.run(&publisher, open, json!({})).await.data();
        stage.assert_untouched().await;
    })
    .await;
}

#[tokio::test]
async fn ownership_is_inherited_by_subgroups_and_not_the_other_way() {
    on_every_database(async |stage| {
        stage.group("acme/web").await;
        let above = stage.member(GROUP, AccessLevel::Owner).await;
        let below = stage.member("acme/web", AccessLevel::Owner).await;
        assert_refused(stage, Surface::LegacyGroup, &below).await;
        assert_refused(stage, Surface::ConsolidatedGroup, &below).await;
        // The rule about subgroups is told only to who passes the permission check.
        let subgroup = json!({"groupPath": "acme/web"});
        let answer = Level::Group.create(stage, &above, URL, subgroup).await;
        assert_eq!(answer.refused().0, "Validation failed: Group must not be a subgroup");
        let query = "{ group(fullPath: \"acme/web\") { fullPath externalAuditEventDestinations { nodes { id } } } }";
        let seen = stage.run(&above, query, json!({})).await;
        assert_eq!(
            seen.data()["group"],
            json!({"fullPath": "acme/web", "externalAuditEventDestinations": {"nodes": []}})
        );
    })
    .await;
}

#[tokio::test]
async fn a_group_is_known_to_its_members_and_admins_only() {
    on_every_database(async |stage| {
        let query = "{ group(fullPath: \"acme\") { name externalAuditEventDestinations { nodes { id } } } }";
        let guest = stage.member(GROUP, AccessLevel::Guest).await;
        let seen = stage.run(&guest, query, json!({})).await;
        assert_eq!(
            seen.data()["group"],
            json!({"name": "ACME", "externalAuditEventDestinations": null})
        );
        let stranger = stage.member(OTHER_GROUP, AccessLevel::Owner).await;
        for nobody in [Caller::anonymous(), stranger] {
            let seen = stage.run(&nobody, query, json!({})).await;
            assert_eq!(*seen.data(), json!({"group": null}));
        }
    })
    .await;
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_a_resource_error() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        for path in ["nothing", "", "acme/nothing", "a\u{0}b", "ä", "%"] {
            let answer = Level::Group
                .create(stage, &ada, URL, json!({ "groupPath": path }))
                .await;
            assert_eq!(
                answer.refused(),
                (Level::Group.refusal(), "FORBIDDEN"),
                "{path:?}"
            );
            let query = "query($path: ID!) { group(fullPath: $path) { id } }";
            let seen = stage.run(&ada, query, json!({ "path": path })).await;
            assert_eq!(*seen.data(), json!({"group": null}));
        }
        stage.assert_untouched().await;
    })
    .await;
}

async fn assert_nobody_may(settings: Settings<'_>, surfaces: &[Surface]) {
    on_every_database_with(settings, async |stage| {
        let admin = stage.user("ada", true).await;
        let owner = stage.member(GROUP, AccessLevel::Owner).await;
        for surface in surfaces {
            for caller in [&admin, &owner] {
                assert_refused(stage, *surface, caller).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_licence_nobody_may_not_even_an_admin() {
    for plan in ["free", "premium"] {
        assert_nobody_may(&[("LICENSE__PLAN", plan)], &Surface::ALL).await;
    }
}

#[tokio::test]
async fn with_the_flag_off_the_instance_level_is_closed_and_groups_stay_open() {
    let settings = [("FEATURES__FF_EXTERNAL_AUDIT_EVENTS", "false")];
    let instance = [Surface::LegacyInstance, Surface::ConsolidatedInstance];
    assert_nobody_may(&settings, &instance).await;
    on_every_database_with(&settings, async |stage| {
        let owner = stage.member(GROUP, AccessLevel::Owner).await;
        Level::Group.created(stage, &owner, URL, json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn one_refused_mutation_leaves_the_others_in_place() {
    on_both_levels(async |stage, level, ada| {
        let object = level.object();
        let group = if level == Level::Group { ", groupPath: \"acme\"" } else { "" };
        let query = format!(
            "mutation {{ bad: {object}Create(input: {{destinationUrl: \"ftp://1.1.1.1\"{group}}}) {{ errors }} good: {object}Create(input: {{destinationUrl: \"{URL}\"{group}}}) {{ errors }} }}"
        );
        let answer = stage.run(ada, &query, json!({})).await;
        assert_eq!(answer.data, json!({"bad": null, "good": {"errors": []}}));
        assert_eq!(answer.errors[0]["path"], json!(["bad"]));
    })
    .await;
}
